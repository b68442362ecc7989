//! What can be done with planned maintenance: enter it before it begins, end it before its time. What was silent before it was
//! entered stays silent. Alerts of what is worked on are held back where that is asked for, by who may hold back alerts.

use super::{Maintenance, store};
use crate::rules::exceptions::service::reach;
use crate::rules::states::service::{LONGEST_REASON, reason_of};
use crate::settings::Settings;
use crate::sources::settings::MaintenanceSettings;
use crate::suppressions::service::{self as suppressions, SuppressionInput, read_window};
use crate::suppressions::{Kind, Phase};
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Deserialize;
use serde_json::json;

/// What a form gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MaintenanceInput {
    /// `centre`, or `agency:`, `system:`, `source:` and an identifier.
    pub reach: String,
    /// As `kit::civil` reads a moment.
    pub starts_at: String,
    pub ends_at: String,
    pub reason: String,
    /// `true` where alerts are to be held back in the same time.
    pub hold_alerts: String,
}

impl MaintenanceInput {
    fn holds_alerts(&self) -> bool {
        matches!(self.hold_alerts.as_str(), "true" | "on")
    }
}

/// Enters a window; returns its id.
pub async fn plan(tx: &Tx<'_>, settings: &Settings, input: &MaintenanceInput, now: Micros) -> Result<String, Error> {
    let tuning = &settings.tuning;
    let settings = &settings.sources.maintenance;
    tx.scope().require(Capability::ManageSources)?;
    let mut faults = FieldFaults::default();
    let (reach, agency_id) = reach(tx, &input.reach, &mut faults).await?.unwrap_or_default();
    let (starts_at, ends_at) = window(input, settings, now, &mut faults);
    let reason = faults.required_lines("reason", &input.reason, LONGEST_REASON);
    faults.into_result()?;
    if store::count_not_over(tx, now).await? >= settings.most {
        return Err(Error::Conflict("maintenance-too-many"));
    }
    let suppression_id = match input.holds_alerts() {
        true => {
            let held = SuppressionInput {
                kind: Kind::Maintenance.code().to_owned(),
                reach: input.reach.clone(),
                starts_at: input.starts_at.clone(),
                ends_at: input.ends_at.clone(),
                reason: input.reason.clone(),
                ..SuppressionInput::default()
            };
            Some(suppressions::create(tx, tuning, &held, now).await?)
        }
        false => None,
    };
    let maintenance = Maintenance {
        id: kit::id::new_id(now),
        reach,
        agency_id,
        reason,
        starts_at,
        ends_at,
        created_by: tx.scope().actor().id(),
        created_at: now,
        suppression_id,
        ..Maintenance::default()
    };
    store::insert(tx, &maintenance).await?;
    note(tx, "maintenance.plan", &maintenance, &maintenance.reason, now).await?;
    Ok(maintenance.id)
}

fn window(
    input: &MaintenanceInput,
    settings: &MaintenanceSettings,
    now: Micros,
    faults: &mut FieldFaults,
) -> (Micros, Micros) {
    let most = (settings.most_days_ahead, settings.most_hours);
    read_window((&input.starts_at, &input.ends_at), most, now, faults)
}

/// Ends a window before its time, or calls it off before it began.
pub async fn end(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<Maintenance, Error> {
    tx.scope().require(Capability::ManageSources)?;
    let maintenance = store::find(tx, id).await?;
    let reason = reason_of(reason)?;
    if maintenance.phase(now) == Phase::Over || !store::end(tx, id, &reason, now).await? {
        return Err(Error::Conflict("maintenance-is-over"));
    }
    if let Some(id) = &maintenance.suppression_id {
        suppressions::end_with_maintenance(tx, id, &reason, now).await?;
    }
    note(tx, "maintenance.end", &maintenance, &reason, now).await?;
    Ok(maintenance)
}

async fn note(tx: &Tx<'_>, action: &str, one: &Maintenance, reason: &str, now: Micros) -> Result<(), Error> {
    let details = json!({
        "reach": one.reach.code(),
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "reason": reason,
        "suppression_id": one.suppression_id,
    });
    audit::record(tx, now, action, "maintenance", &one.id, one.agency_id.as_deref(), details).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 21 November 2026, 12:00 in Vietnam.
    const NOW: Micros = 1_795_237_200_000_000;

    fn read(starts_at: &str, ends_at: &str) -> Result<(Micros, Micros), Error> {
        let input = MaintenanceInput { starts_at: starts_at.into(), ends_at: ends_at.into(), ..Default::default() };
        let settings = MaintenanceSettings { default_hours: 4, most_hours: 24, most_days_ahead: 30, most: 10 };
        let mut faults = FieldFaults::default();
        let window = window(&input, &settings, NOW, &mut faults);
        faults.into_result().map(|()| window)
    }

    #[test]
    fn silence_is_not_forgiven_afterwards() {
        assert_eq!(read("2026-11-20T00:00", "2026-11-21T13:00").expect("from now on").0, NOW);
        assert!(read("2026-11-20T00:00", "2026-11-21T11:00").is_err());
        assert!(read("2026-11-21T22:00", "2026-11-22T22:01").is_err(), "longer than one may be");
        assert!(read("2027-11-21T22:00", "2027-11-21T23:00").is_err(), "too far ahead");
        assert!(read("", "2026-11-21T13:00").is_err() && read("soon", "2026-11-21T13:00").is_err());
    }
}
