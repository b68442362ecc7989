//! What can be done with exceptions: make one, end one before its time.

use super::store::{self, Filter};
use super::{Condition, Extent, Reach, RuleException};
use crate::rules::hits::tally::LONGEST_VALUE;
use crate::rules::settings::SETTINGS;
use crate::rules::states::service::reason_of;
use jiff::civil::Date;
use kit::calendar::end_of_day;
use kit::clock::{DAY, Micros};
use kit::error::FieldError;
use kit::scope::Agencies;
use kit::text::one_line;
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
pub async fn extent(connection: &impl Connection, input: &ExceptionInput) -> Result<(Extent, Option<String>), Error> {
    let conditions = conditions(input)?;
    let unknown = || Error::invalid("reach", "rule-exception-reach-unknown");
    let reach = Reach::from_code(&input.reach).ok_or_else(|| Error::invalid("reach", "field-required"))?;
    let scope = connection.scope();
    let agency_id = match &reach {
        Reach::Centre if !matches!(scope.agencies(), Agencies::All) => return Err(unknown()),
        Reach::Centre if conditions.is_empty() => return Err(Error::invalid("values", "rule-exception-too-wide")),
        Reach::Centre => None,
        Reach::Agency(id) => match agencies::in_reach(connection, id).await? {
            true => Some(id.clone()),
            false => return Err(unknown()),
        },
        Reach::System(id) => {
            let condition = scope.agency_condition("agency_id");
            let sql = format!("SELECT agency_id FROM systems WHERE id = $1 AND {condition}");
            owner(connection, sql, id).await?.ok_or_else(unknown)?
        }
        Reach::Source(id) => match crate::sources::store::get(connection, id).await {
            Ok(listed) => listed.agency_id,
            Err(Error::NotFound) => return Err(unknown()),
            Err(error) => return Err(error),
        },
    };
    let agencies = match &reach {
        Reach::Agency(id) => store::below(connection, id).await?,
        _ => Default::default(),
    };
    Ok((Extent { reach, agencies, conditions }, agency_id))
}

/// The agency in the row of this id, if there is one.
async fn owner(connection: &impl Connection, sql: String, id: &str) -> Result<Option<Option<String>>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "agency_id")).transpose()?)
}

fn conditions(input: &ExceptionInput) -> Result<Vec<Condition>, Error> {
    let mut conditions: Vec<Condition> = Vec::new();
    for (field, values) in input.field.iter().zip(&input.values) {
        let mut kept: Vec<String> = Vec::new();
        for value in values.lines() {
            let value = one_line(value).map_err(|key| Error::invalid("values", key))?;
            if value.is_empty() {
                continue;
            }
            if value.len() > LONGEST_VALUE {
                return Err(Error::invalid("values", "field-too-long"));
            }
            if !kept.contains(&value) {
                kept.push(value);
            }
        }
        let field = one_line(field).map_err(|key| Error::invalid("values", key))?;
        if kept.is_empty() {
            continue;
        }
        let is_name = !field.is_empty() && field.chars().count() <= LONGEST_FIELD && !field.contains(char::is_control);
        if !is_name || conditions.iter().any(|condition| condition.field == field) {
            return Err(Error::invalid("values", "rule-exception-field-wrong"));
        }
        if kept.len() > SETTINGS.exceptions.most_values {
            return Err(Error::invalid("values", "rule-exception-many-values"));
        }
        conditions.push(Condition { field, values: kept });
    }
    Ok(conditions)
}

/// The end of the last day on which it holds.
fn expiry(text: &str, now: Micros) -> Result<Micros, Error> {
    let text = text.trim();
    let wrong = |key| Error::invalid("expires_on", key);
    if text.is_empty() {
        return Err(wrong("field-required"));
    }
    let date: Date = text.parse().map_err(|_| wrong("field-invalid"))?;
    let end = end_of_day(date);
    if end <= now {
        return Err(wrong("rule-exception-in-the-past"));
    }
    if end > now + (SETTINGS.exceptions.most_days + 1) * DAY {
        return Err(wrong("rule-exception-too-long"));
    }
    Ok(end)
}

/// All three, or everything that is wrong with them.
fn together<A, B, C>(
    one: Result<A, Error>,
    two: Result<B, Error>,
    three: Result<C, Error>,
) -> Result<(A, B, C), Error> {
    match (one, two, three) {
        (Ok(one), Ok(two), Ok(three)) => Ok((one, two, three)),
        (one, two, three) => {
            let mut fields: Vec<FieldError> = Vec::new();
            for error in [one.err(), two.err(), three.err()].into_iter().flatten() {
                match error {
                    Error::Invalid(wrong) => fields.extend(wrong),
                    error => return Err(error),
                }
            }
            Err(Error::Invalid(fields))
        }
    }
}

/// Makes an exception for a rule; returns its id. It holds within seconds.
pub async fn create(tx: &Tx<'_>, rule_id: &str, input: &ExceptionInput, now: Micros) -> Result<String, Error> {
    tx.scope().require(Capability::TuneRules)?;
    let ((extent, agency_id), reason, expires_at) =
        together(extent(tx, input).await, reason_of(&input.reason), expiry(&input.expires_on, now))?;
    let filter = Filter { rule_id: Some(rule_id.to_owned()), in_force: Some((true, now)) };
    if store::count(tx, &filter).await? >= SETTINGS.exceptions.most_per_rule {
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

    fn input(pairs: &[(&str, &str)]) -> ExceptionInput {
        ExceptionInput {
            field: pairs.iter().map(|(field, _)| (*field).to_owned()).collect(),
            values: pairs.iter().map(|(_, values)| (*values).to_owned()).collect(),
            ..ExceptionInput::default()
        }
    }

    #[test]
    fn a_field_without_values_asks_nothing_and_values_are_kept_once() {
        let read = conditions(&input(&[("host_name", " \n"), ("user_name", "root\n backup \nroot")])).expect("sound");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].values, vec!["root", "backup"]);
        assert!(conditions(&input(&[("", "root")])).is_err());
        assert!(conditions(&input(&[("user_name", "a"), ("user_name", "b")])).is_err(), "one field, one list");
        let many: String = (0..200).map(|number| format!("{number}\n")).collect();
        assert!(conditions(&input(&[("user_name", &many)])).is_err());
    }

    #[test]
    fn every_exception_ends() {
        assert_eq!(expiry("2026-11-21", NOW).expect("today"), end_of_day(jiff::civil::date(2026, 11, 21)));
        let key = |text: &str| match expiry(text, NOW) {
            Err(Error::Invalid(fields)) => fields[0].key,
            other => panic!("{other:?}"),
        };
        assert_eq!(key(""), "field-required");
        assert_eq!(key("soon"), "field-invalid");
        assert_eq!(key("2026-11-20"), "rule-exception-in-the-past");
        assert_eq!(key("2030-01-01"), "rule-exception-too-long");
    }
}
