//! What the owner can do with a schedule: set it, change it, stop it. It starts with what comes from then on.

use super::super::settings::SavedSearchSettings;
use super::super::{Kind, SavedSearch, service, store};
use super::{State, StopReason};
use crate::settings::Bounds;
use kit::clock::{MINUTE, Micros};
use kit::page::Severity;
use kit::scope::Agencies;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Scope, Tx};
use organisation::audit;
use sea_orm::Value;
use serde::Deserialize;
use serde_json::json;

/// What a form or the API gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ScheduleInput {
    pub every_minutes: String,
    pub threshold: String,
    pub group_by: String,
    pub severity: String,
    pub window_minutes: String,
    pub quiet_minutes: String,
    pub longest_delay_minutes: String,
}

const LONGEST_FIELD: usize = 100;

struct Checked {
    every_minutes: i64,
    threshold: i64,
    group_by: Option<String>,
    severity: Severity,
    window_minutes: i64,
    quiet_minutes: i64,
    longest_delay_minutes: Option<i64>,
}

impl ScheduleInput {
    fn checked(&self, settings: &SavedSearchSettings) -> Result<Checked, Error> {
        let mut faults = FieldFaults::default();
        let mut number = |field: &str, text: &str, bounds: Bounds| {
            let given = text.trim();
            let number = if given.is_empty() { Some(bounds.default) } else { given.parse().ok() };
            let number = number.filter(|number| bounds.holds(*number));
            if number.is_none() {
                faults.add(field, "saved-search-out-of-bounds");
            }
            number.unwrap_or(bounds.default)
        };
        let every_minutes = number("every_minutes", &self.every_minutes, settings.every_minutes);
        let threshold = number("threshold", &self.threshold, settings.threshold);
        let window_minutes = number("window_minutes", &self.window_minutes, settings.window_minutes);
        let quiet_minutes = number("quiet_minutes", &self.quiet_minutes, settings.quiet_minutes);
        let delay = Some(self.longest_delay_minutes.trim()).filter(|text| !text.is_empty());
        let longest_delay_minutes =
            delay.map(|text| number("longest_delay_minutes", text, settings.longest_delay_minutes));
        let group_by = faults.line("group_by", &self.group_by, LONGEST_FIELD);
        if group_by.contains(['"', '\\']) {
            faults.add("group_by", "field-invalid");
        }
        let group_by = Some(group_by).filter(|field| !field.is_empty());
        let severity = self.severity.parse().unwrap_or_else(|_| {
            faults.add("severity", "field-required");
            Severity::default()
        });
        faults.into_result()?;
        Ok(Checked {
            every_minutes,
            threshold,
            group_by: group_by.map(column_name),
            severity,
            window_minutes,
            quiet_minutes,
            longest_delay_minutes,
        })
    }
}

/// `user.name` is the column `user_name`, as in a search.
fn column_name(field: String) -> String {
    let name = field.replace('.', "_");
    if event_store::Store::event_columns().iter().any(|column| column.name == name) { name } else { field }
}

/// Whether a scope may have something run that reads events and raises alerts.
pub(super) fn may_run(scope: &Scope) -> bool {
    scope.may(Capability::ViewEvents) && scope.may(Capability::HandleAlerts)
}

/// Sets or changes the schedule of one's own search. `inserted` is the last sequence that can be searched now: a
/// schedule that begins, or begins again, starts behind it.
pub async fn set(
    tx: &Tx<'_>,
    settings: &SavedSearchSettings,
    id: &str,
    input: &ScheduleInput,
    inserted: u64,
    now: Micros,
) -> Result<(), Error> {
    let saved = service::own(tx, id).await?;
    if !may_run(tx.scope()) {
        return Err(Error::Forbidden(Capability::HandleAlerts.name()));
    }
    if saved.kind != Kind::Search {
        return Err(Error::Conflict("saved-search-not-for-sql"));
    }
    let checked = input.checked(settings)?;
    let reach = match tx.scope().agencies() {
        Agencies::All => None,
        Agencies::Under(roots) => {
            Some(roots.first().filter(|_| roots.len() == 1).ok_or(Error::Forbidden("person"))?.clone())
        }
    };
    if saved.schedule.is_none() {
        let (_, scheduled) = store::kept_by(tx, &saved.owner_id).await?;
        if i64::try_from(scheduled).unwrap_or(i64::MAX) >= settings.schedules_per_person {
            return Err(Error::Conflict("saved-search-too-many-schedules"));
        }
    }
    let goes_on = saved.schedule.as_ref().filter(|schedule| schedule.is_active());
    let from = goes_on.map_or(inserted, |schedule| schedule.last_sequence);
    let sql = "INSERT INTO search_schedules (saved_search_id, state, stop_reason, every_minutes, threshold, group_by, \
        severity, window_minutes, quiet_minutes, longest_delay_minutes, reach_agency_id, revision, last_sequence, \
        next_run_at, quiet_matches) VALUES ($1, 'active', NULL, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, 0) \
        ON CONFLICT (saved_search_id) DO UPDATE SET state = excluded.state, stop_reason = NULL, \
        every_minutes = excluded.every_minutes, threshold = excluded.threshold, group_by = excluded.group_by, \
        severity = excluded.severity, window_minutes = excluded.window_minutes, \
        quiet_minutes = excluded.quiet_minutes, longest_delay_minutes = excluded.longest_delay_minutes, \
        reach_agency_id = excluded.reach_agency_id, revision = search_schedules.revision + 1, \
        last_sequence = excluded.last_sequence, next_run_at = excluded.next_run_at, error_key = NULL, \
        error_words = NULL, error_at = NULL";
    let values: [Value; 11] = [
        id.into(),
        checked.every_minutes.into(),
        checked.threshold.into(),
        checked.group_by.clone().into(),
        checked.severity.code().into(),
        checked.window_minutes.into(),
        checked.quiet_minutes.into(),
        checked.longest_delay_minutes.into(),
        reach.into(),
        i64::try_from(from).unwrap_or(i64::MAX).into(),
        now.saturating_add(checked.every_minutes.saturating_mul(MINUTE)).into(),
    ];
    store::execute(tx, sql, values).await?;
    let details = json!({
        "name": saved.name, "every_minutes": checked.every_minutes, "threshold": checked.threshold,
        "group_by": checked.group_by, "severity": checked.severity, "from_sequence": from,
    });
    note(tx, "saved-search.schedule", &saved, now, details).await
}

/// Stops one's own schedule. What it is set to stays, for when it begins again.
pub async fn stop(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let saved = service::own(tx, id).await?;
    if !saved.schedule.as_ref().is_some_and(super::Schedule::is_active) {
        return Err(Error::Conflict("saved-search-not-running"));
    }
    halt(tx, &saved, StopReason::Owner, now).await
}

/// The same by whoever has found a reason.
pub(in crate::saved_searches) async fn halt(
    tx: &Tx<'_>,
    saved: &SavedSearch,
    reason: StopReason,
    now: Micros,
) -> Result<(), Error> {
    let sql = "UPDATE search_schedules SET state = $2, stop_reason = $3, revision = revision + 1 \
               WHERE saved_search_id = $1";
    let values = [saved.id.as_str().into(), State::Stopped.code().into(), reason.code().into()];
    store::execute(tx, sql, values).await?;
    note(tx, "saved-search.stop", saved, now, json!({ "name": saved.name, "reason": reason })).await
}

async fn note(
    tx: &Tx<'_>,
    action: &str,
    saved: &SavedSearch,
    now: Micros,
    details: serde_json::Value,
) -> Result<(), Error> {
    audit::record(tx, now, action, "saved-search", &saved.id, saved.agency_id.as_deref(), details).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_bounds_and_a_missing_severity_are_refused() {
        let settings = crate::settings::Settings::embedded().expect("sound").saved_searches;
        let sound = ScheduleInput { severity: "high".into(), ..ScheduleInput::default() };
        let checked = sound.checked(&settings).expect("sound");
        assert_eq!((checked.every_minutes, checked.longest_delay_minutes), (5, None));
        for wrong in [
            ScheduleInput { every_minutes: "0".into(), ..sound.clone() },
            ScheduleInput { every_minutes: "0.5".into(), ..sound.clone() },
            ScheduleInput { threshold: "-1".into(), ..sound.clone() },
            ScheduleInput { longest_delay_minutes: "x".into(), ..sound.clone() },
            ScheduleInput { group_by: "a\"b".into(), ..sound.clone() },
            ScheduleInput { severity: String::new(), ..sound.clone() },
        ] {
            assert!(matches!(wrong.checked(&settings), Err(Error::Invalid(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_field_of_the_common_schema_may_be_written_with_dots() {
        assert_eq!(column_name("user.name".into()), "user_name");
        assert_eq!(column_name("Event.System.Id".into()), "Event.System.Id");
    }
}
