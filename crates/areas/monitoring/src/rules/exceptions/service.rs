//! What can be done with exceptions: make one, end one before its time.

use super::store;
use super::{Condition, Extent, Reach, RuleException};
use crate::rules::hits::tally::LONGEST_VALUE;
use crate::rules::settings::ExceptionSettings;
use crate::rules::states::service::{LONGEST_REASON, reason_of};
use kit::calendar::end_of_day;
use kit::civil;
use kit::clock::{DAY, Micros};
use kit::scope::Agencies;
use kit::text::{FieldFaults, one_line};
use kit::{Capability, Connection, Error, Tx};
use organisation::{agencies, audit};
use sea_orm::Statement;
use serde::Deserialize;
use serde_json::json;

/// What a form gives. `field` and `values` go in pairs; a pair without values asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ExceptionInput {
    pub reach: String,
    pub field: Vec<String>,
    /// One value a line.
    pub values: Vec<String>,
    pub reason: String,
    /// `2026-12-31`: the last day on which it holds.
    pub expires_on: String,
    /// Alert that it is made from.
    pub alert: String,
}

const LONGEST_FIELD: usize = 100;

/// What an input would leave out, and whose record that is. Only what the asker reaches can be named.
pub async fn extent(
    connection: &impl Connection,
    settings: &ExceptionSettings,
    input: &ExceptionInput,
) -> Result<(Extent, Option<String>), Error> {
    let mut faults = FieldFaults::default();
    let read = read_extent(connection, settings, input, &mut faults).await?;
    faults.into_result()?;
    Ok(read)
}

/// The same among the other fields of a form; what comes back counts only while nothing is wrong.
async fn read_extent(
    connection: &impl Connection,
    settings: &ExceptionSettings,
    input: &ExceptionInput,
    faults: &mut FieldFaults,
) -> Result<(Extent, Option<String>), Error> {
    let conditions = conditions(settings, input, faults);
    let Some((reach, agency_id)) = reach(connection, &input.reach, faults).await? else {
        return Ok(Default::default());
    };
    if reach == Reach::Centre && conditions.is_empty() && faults.is_empty() {
        faults.add("values", "rule-exception-too-wide");
    }
    Ok((extent_of(connection, reach, conditions).await?, agency_id))
}

/// Where something holds, and whose record that is; nothing, and a fault, where it is not within the asker's reach.
pub(crate) async fn reach(
    connection: &impl Connection,
    code: &str,
    faults: &mut FieldFaults,
) -> Result<Option<(Reach, Option<String>)>, Error> {
    let Some(reach) = Reach::from_code(code) else {
        faults.add("reach", "field-required");
        return Ok(None);
    };
    let scope = connection.scope();
    let agency_id = match &reach {
        Reach::Centre => matches!(scope.agencies(), Agencies::All).then_some(None),
        Reach::Agency(id) => agencies::in_reach(connection, id).await?.then(|| Some(id.clone())),
        Reach::System(id) => {
            let condition = scope.agency_condition("agency_id");
            let sql = format!("SELECT agency_id FROM systems WHERE id = $1 AND {condition}");
            owner(connection, sql, id).await?
        }
        Reach::Source(id) => match crate::sources::store::get(connection, id).await {
            Ok(listed) => Some(listed.agency_id),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        },
    };
    if agency_id.is_none() {
        faults.add("reach", "rule-exception-reach-unknown");
    }
    Ok(agency_id.map(|agency_id| (reach, agency_id)))
}

/// With everything below it, where it holds in an agency.
pub(crate) async fn extent_of(
    connection: &impl Connection,
    reach: Reach,
    conditions: Vec<Condition>,
) -> Result<Extent, Error> {
    let agencies = match &reach {
        Reach::Agency(id) => store::below(connection, id).await?,
        _ => Default::default(),
    };
    Ok(Extent { reach, agencies, conditions })
}

/// The agency in the row of this id, if there is one.
async fn owner(connection: &impl Connection, sql: String, id: &str) -> Result<Option<Option<String>>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "agency_id")).transpose()?)
}

fn conditions(settings: &ExceptionSettings, input: &ExceptionInput, faults: &mut FieldFaults) -> Vec<Condition> {
    let mut read: Vec<Condition> = Vec::new();
    for (field, values) in input.field.iter().zip(&input.values) {
        match condition(settings, field, values) {
            Ok(Some(condition)) if read.iter().any(|other| other.field == condition.field) => {
                faults.add("values", "rule-exception-field-wrong");
            }
            Ok(condition) => read.extend(condition),
            Err(key) => faults.add("values", key),
        }
    }
    read
}

/// A field and its values, one a line; nothing where no value stands there. Else the key of what is wrong.
pub(crate) fn condition(
    settings: &ExceptionSettings,
    field: &str,
    values: &str,
) -> Result<Option<Condition>, &'static str> {
    let mut kept: Vec<String> = Vec::new();
    for value in values.lines() {
        let value = one_line(value)?;
        if value.len() > LONGEST_VALUE {
            return Err("field-too-long");
        }
        if !value.is_empty() && !kept.contains(&value) {
            kept.push(value);
        }
    }
    let field = one_line(field)?;
    if kept.is_empty() {
        return Ok(None);
    }
    if field.is_empty() || field.chars().count() > LONGEST_FIELD || field.contains(char::is_control) {
        return Err("rule-exception-field-wrong");
    }
    if kept.len() > settings.most_values {
        return Err("rule-exception-many-values");
    }
    Ok(Some(Condition { field, values: kept }))
}

/// The end of the last day on which it holds; else the key of what is wrong.
fn expiry(settings: &ExceptionSettings, text: &str, now: Micros) -> Result<Micros, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("field-required");
    }
    let date = civil::day(text).ok_or(civil::DAY_WRONG)?;
    let end = end_of_day(date);
    if end <= now {
        return Err("rule-exception-in-the-past");
    }
    if end > now + (settings.most_days + 1) * DAY {
        return Err("rule-exception-too-long");
    }
    Ok(end)
}

/// Makes an exception for a rule; returns its id. It holds within seconds.
pub async fn create(
    tx: &Tx<'_>,
    settings: &ExceptionSettings,
    rule_id: &str,
    input: &ExceptionInput,
    now: Micros,
) -> Result<String, Error> {
    tx.scope().require(Capability::TuneRules)?;
    let mut faults = FieldFaults::default();
    let (extent, agency_id) = read_extent(tx, settings, input, &mut faults).await?;
    let reason = faults.required_lines("reason", &input.reason, LONGEST_REASON);
    let expires_at = expiry(settings, &input.expires_on, now).unwrap_or_else(|key| {
        faults.add("expires_on", key);
        now
    });
    faults.into_result()?;
    // Every match of the rule is held against all of them, whoever made them: the bound is one for all.
    if store::count_in_force(tx, rule_id, now).await? >= settings.most_per_rule {
        return Err(Error::Conflict("rule-exception-too-many"));
    }
    let alert_id = match input.alert.as_str() {
        "" => None,
        id => Some(crate::alerts::store::get(tx, id).await?.id),
    };
    let exception = RuleException {
        id: kit::id::new_id(now),
        rule_id: rule_id.to_owned(),
        reach: extent.reach,
        reach_name: String::new(),
        agency_id,
        conditions: extent.conditions,
        reason,
        expires_at,
        alert_id,
        created_by: tx.scope().actor().id(),
        created_by_name: String::new(),
        created_at: now,
        removed_at: None,
        removed_by_name: None,
        removed_reason: None,
    };
    store::insert(tx, &exception).await?;
    note(tx, "rule-exception.create", &exception, &exception.reason, now).await?;
    Ok(exception.id)
}

/// Ends an exception before its time.
pub async fn remove(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<RuleException, Error> {
    if !tx.scope().may(Capability::ManageRules) {
        tx.scope().require(Capability::TuneRules)?;
    }
    let exception = store::find(tx, id).await?;
    let reason = reason_of(reason)?;
    if !store::remove(tx, id, &reason, now).await? {
        return Err(Error::Conflict("rule-exception-over"));
    }
    note(tx, "rule-exception.remove", &exception, &reason, now).await?;
    Ok(exception)
}

async fn note(tx: &Tx<'_>, action: &str, exception: &RuleException, reason: &str, now: Micros) -> Result<(), Error> {
    let details = json!({
        "rule_id": exception.rule_id,
        "reach": exception.reach.code(),
        "conditions": exception.conditions,
        "expires_at": exception.expires_at,
        "alert_id": exception.alert_id,
        "reason": reason,
    });
    audit::record(tx, now, action, "rule-exception", &exception.id, exception.agency_id.as_deref(), details).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_795_237_200_000_000;

    fn settings() -> ExceptionSettings {
        crate::settings::Settings::embedded().expect("sound").tuning.exceptions
    }

    fn input(pairs: &[(&str, &str)]) -> ExceptionInput {
        ExceptionInput {
            field: pairs.iter().map(|(field, _)| (*field).to_owned()).collect(),
            values: pairs.iter().map(|(_, values)| (*values).to_owned()).collect(),
            ..ExceptionInput::default()
        }
    }

    #[test]
    fn a_field_without_values_asks_nothing_and_values_are_kept_once() {
        let read = |pairs: &[(&str, &str)]| {
            let mut faults = FieldFaults::default();
            let read = conditions(&settings(), &input(pairs), &mut faults);
            faults.into_result().map(|()| read)
        };
        let kept = read(&[("host_name", " \n"), ("user_name", "root\n backup \nroot")]).expect("sound");
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].values, vec!["root", "backup"]);
        assert!(read(&[("", "root")]).is_err());
        assert!(read(&[("user_name", "a"), ("user_name", "b")]).is_err(), "one field, one list");
        let many: String = (0..200).map(|number| format!("{number}\n")).collect();
        assert!(read(&[("user_name", &many)]).is_err());
    }

    #[test]
    fn every_exception_ends() {
        assert_eq!(expiry(&settings(), "2026-11-21", NOW).expect("today"), end_of_day(jiff::civil::date(2026, 11, 21)));
        let key = |text: &str| expiry(&settings(), text, NOW).expect_err("wrong");
        assert_eq!(key(""), "field-required");
        assert_eq!(key("soon"), civil::DAY_WRONG);
        assert_eq!(key("20/11/2026"), "rule-exception-in-the-past");
        assert_eq!(key("2026-11-20"), "rule-exception-in-the-past");
        assert_eq!(key("2030-01-01"), "rule-exception-too-long");
    }
}
