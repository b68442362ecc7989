//! What can be done with suppressions: make one, end one before its time. Every one ends by itself, soon.

use super::{Kind, Phase, Suppression, store};
use crate::rules::exceptions::service::{condition, reach};
use crate::rules::exceptions::{Condition, Reach};
use crate::rules::settings::{ExceptionSettings, SuppressionSettings, TuningSettings};
use crate::rules::states::service::{LONGEST_REASON, reason_of};
use kit::civil::{MOMENT_WRONG, moment};
use kit::clock::{DAY, HOUR, Micros};
use kit::error::unfit;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Deserialize;
use serde_json::json;

/// What a form gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SuppressionInput {
    pub kind: String,
    /// Empty for every rule.
    pub rule_id: String,
    pub reach: String,
    /// A common column and its value; both empty where it does not matter what alerts are about.
    pub field: String,
    pub value: String,
    /// As `kit::civil` reads a moment.
    pub starts_at: String,
    pub ends_at: String,
    pub reason: String,
    /// Alert that it is made from.
    pub alert: String,
}

/// Longest identifier of a rule.
const LONGEST_ID: usize = 200;

/// Makes a suppression; returns its id. It holds within seconds, for what arrives from then on.
pub async fn create(
    tx: &Tx<'_>,
    settings: &TuningSettings,
    input: &SuppressionInput,
    now: Micros,
) -> Result<String, Error> {
    tx.scope().require(Capability::TuneRules)?;
    let mut faults = FieldFaults::default();
    let kind = Kind::from_code(&input.kind);
    if kind.is_none() {
        faults.add("kind", unfit(&input.kind));
    }
    let rule_id = faults.line("rule_id", &input.rule_id, LONGEST_ID);
    let conditions: Vec<Condition> = about(&settings.exceptions, input, &mut faults).into_iter().collect();
    let (reach, agency_id) = reach(tx, &input.reach, &mut faults).await?.unwrap_or_default();
    if reach == Reach::Centre && rule_id.is_empty() && conditions.is_empty() && faults.is_empty() {
        faults.add("reach", "suppression-too-wide");
    }
    let (starts_at, ends_at) = window(input, &settings.suppressions, now, &mut faults);
    let reason = faults.required_lines("reason", &input.reason, LONGEST_REASON);
    faults.into_result()?;
    // Every alert is held against all of them, whoever made them: the bound is one for all.
    if store::count_not_over(tx, now).await? >= settings.suppressions.most {
        return Err(Error::Conflict("suppression-too-many"));
    }
    let alert_id = match input.alert.as_str() {
        "" => None,
        id => Some(crate::alerts::store::get(tx, id).await?.id),
    };
    let suppression = Suppression {
        id: kit::id::new_id(now),
        kind: kind.unwrap_or_default(),
        rule_id: Some(rule_id).filter(|id| !id.is_empty()),
        reach,
        agency_id,
        conditions,
        reason,
        starts_at,
        ends_at,
        alert_id,
        created_by: tx.scope().actor().id(),
        created_at: now,
        ..Suppression::default()
    };
    store::insert(tx, &suppression).await?;
    note(tx, "suppression.create", &suppression, &suppression.reason, now).await?;
    Ok(suppression.id)
}

/// What the alerts must be about, where it matters.
fn about(settings: &ExceptionSettings, input: &SuppressionInput, faults: &mut FieldFaults) -> Option<Condition> {
    if input.field.trim().is_empty() && !input.value.trim().is_empty() {
        faults.add("field", "field-required");
        return None;
    }
    match condition(settings, &input.field, &input.value) {
        Ok(Some(condition)) => Some(condition),
        Ok(None) => {
            if !input.field.trim().is_empty() {
                faults.add("value", "field-required");
            }
            None
        }
        Err(key) => {
            faults.add("value", key);
            None
        }
    }
}

fn window(
    input: &SuppressionInput,
    settings: &SuppressionSettings,
    now: Micros,
    faults: &mut FieldFaults,
) -> (Micros, Micros) {
    let most = (settings.most_days_ahead, settings.most_hours);
    read_window((&input.starts_at, &input.ends_at), most, now, faults)
}

/// From when to when, as a form gives it in `starts_at` and `ends_at`, so many days ahead and so many hours long at most. What was before
/// stays: a beginning in the past is now.
pub(crate) fn read_window(
    (starts_at, ends_at): (&str, &str),
    (most_days_ahead, most_hours): (i64, i64),
    now: Micros,
    faults: &mut FieldFaults,
) -> (Micros, Micros) {
    let mut read = |field: &str, text: &str| {
        let at = moment(text);
        if at.is_none() {
            faults.add(field, if text.trim().is_empty() { unfit(text) } else { MOMENT_WRONG });
        }
        at
    };
    let (Some(starts_at), Some(ends_at)) = (read("starts_at", starts_at), read("ends_at", ends_at)) else {
        return (now, now);
    };
    let starts_at = starts_at.max(now);
    if starts_at > now.saturating_add(most_days_ahead * DAY) {
        faults.add("starts_at", "suppression-too-far");
    }
    if ends_at <= starts_at {
        faults.add("ends_at", "suppression-ends-first");
    } else if ends_at - starts_at > most_hours * HOUR {
        faults.add("ends_at", "suppression-too-long");
    }
    (starts_at, ends_at)
}

/// Ends a suppression before its time, or calls it off before it began.
pub async fn end(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<Suppression, Error> {
    if !tx.scope().may(Capability::ManageRules) {
        tx.scope().require(Capability::TuneRules)?;
    }
    let suppression = store::find(tx, id).await?;
    let reason = reason_of(reason)?;
    if suppression.phase(now) == Phase::Over || !store::end(tx, id, &reason, now).await? {
        return Err(Error::Conflict("suppression-is-over"));
    }
    note(tx, "suppression.end", &suppression, &reason, now).await?;
    Ok(suppression)
}

/// Ends what planned maintenance held back, with it: whoever may end that may let its alerts through. One that is over stays so.
pub(crate) async fn end_with_maintenance(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let suppression = store::find(tx, id).await?;
    if store::end(tx, id, reason, now).await? {
        note(tx, "suppression.end", &suppression, reason, now).await?;
    }
    Ok(())
}

async fn note(tx: &Tx<'_>, action: &str, one: &Suppression, reason: &str, now: Micros) -> Result<(), Error> {
    let details = json!({
        "kind": one.kind.code(),
        "rule_id": one.rule_id,
        "reach": one.reach.code(),
        "conditions": one.conditions,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "alert_id": one.alert_id,
        "reason": reason,
    });
    audit::record(tx, now, action, "suppression", &one.id, one.agency_id.as_deref(), details).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 21 November 2026, 12:00 in Vietnam.
    const NOW: Micros = 1_795_237_200_000_000;

    fn read(starts_at: &str, ends_at: &str) -> Result<(Micros, Micros), Error> {
        let input =
            SuppressionInput { starts_at: starts_at.into(), ends_at: ends_at.into(), ..SuppressionInput::default() };
        let settings = SuppressionSettings { default_hours: 4, most_hours: 24, most_days_ahead: 30, most: 10 };
        let mut faults = FieldFaults::default();
        let window = window(&input, &settings, NOW, &mut faults);
        faults.into_result().map(|()| window)
    }

    fn key(starts_at: &str, ends_at: &str) -> &'static str {
        match read(starts_at, ends_at) {
            Err(Error::Invalid(fields)) => fields[0].key,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_always_ends_and_soon() {
        let read = read("2026-11-21T22:00", "2026-11-22T02:00").expect("a night");
        assert_eq!(read, (NOW + 10 * HOUR, NOW + 14 * HOUR));
        assert_eq!(key("2026-11-21T22:00", ""), "field-required");
        assert_eq!(key("2026-11-21T22:00", "soon"), MOMENT_WRONG);
        assert_eq!(key("2026-11-21T22:00", "2026-11-21T21:00"), "suppression-ends-first");
        assert_eq!(key("2026-11-21T22:00", "2026-11-22T22:01"), "suppression-too-long");
        assert_eq!(key("2027-11-21T22:00", "2027-11-21T23:00"), "suppression-too-far");
    }

    #[test]
    fn what_has_alerted_is_not_held_back_afterwards() {
        assert_eq!(read("2026-11-20T00:00", "2026-11-21T13:00").expect("from now on").0, NOW);
        assert_eq!(key("2026-11-20T00:00", "2026-11-21T11:00"), "suppression-ends-first");
    }

    #[test]
    fn a_field_and_its_value_go_together() {
        let settings = crate::settings::Settings::embedded().expect("sound").tuning.exceptions;
        let about = |field: &str, value: &str| {
            let input = SuppressionInput { field: field.into(), value: value.into(), ..SuppressionInput::default() };
            let mut faults = FieldFaults::default();
            let about = about(&settings, &input, &mut faults);
            faults.into_result().map(|()| about.is_some())
        };
        assert!(about("host_name", "web01").expect("both") && !about("", " ").expect("neither"));
        assert!(about("host_name", "").is_err() && about("", "web01").is_err());
    }
}
