//! What a person can do with alerts: look, acknowledge, assign, close with a reason, reopen, escalate. Every act is
//! audited and told to open pages; a change that the state does not allow is a conflict, not a silence.

use super::notices::{alert_link, story_link};
use super::store::severity_rank;
use super::{Alert, AlertEscalated, AlertState, CloseReason, store};
use kit::clock::Micros;
use kit::live::Live;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::{audit, inbox};
use sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::json;

/// Longest note kept with a closed alert, in characters.
pub const LONGEST_NOTE: usize = 2_000;
/// Alerts that one act may touch.
pub const MOST_AT_ONCE: usize = 500;

/// Notes that a person opened the alert; the first look of anybody is kept. Returns the alert as it is now.
pub async fn see(tx: &Tx<'_>, live: &Live, id: &str, now: Micros) -> Result<Alert, Error> {
    tx.scope().require(Capability::ViewAlerts)?;
    let mut alert = store::get(tx, id).await?;
    let Some(person) = tx.scope().person_id().map(ToOwned::to_owned) else { return Ok(alert) };
    // Who only reads has not seen it for the duty.
    if alert.seen_at.is_some() || !tx.scope().may(Capability::HandleAlerts) {
        return Ok(alert);
    }
    set(tx, id, "seen_at = $2, seen_by = $3", [now.into(), person.as_str().into()]).await?;
    alert.seen_at = Some(now);
    alert.seen_by = Some(person);
    note(tx, live, &alert, "alert.see", now, json!({})).await?;
    Ok(alert)
}

/// Takes notice: somebody is looking at it.
pub async fn acknowledge(tx: &Tx<'_>, live: &Live, ids: &[String], now: Micros) -> Result<u64, Error> {
    let by = tx.scope().actor().id();
    let mut changed = 0;
    for mut alert in untaken(tx, ids).await? {
        let sql = "state = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3, \
            seen_at = COALESCE(seen_at, $2), seen_by = COALESCE(seen_by, $3)";
        set(tx, &alert.id, sql, [now.into(), by.as_str().into()]).await?;
        alert.state = AlertState::Acknowledged;
        note(tx, live, &alert, "alert.acknowledge", now, json!({})).await?;
        taken_on(tx, live, &alert, now).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Gives alerts to a person. `person_id` must be somebody who may see the agency's alerts; the caller's page offers
/// only such people, and a person of another agency is refused here.
pub async fn assign(tx: &Tx<'_>, live: &Live, ids: &[String], person_id: &str, now: Micros) -> Result<u64, Error> {
    if !person_reachable(tx, person_id).await? {
        return Err(Error::invalid("assigned_to", "alert-assign-unknown-person"));
    }
    let by = tx.scope().actor().id();
    let mut changed = 0;
    for mut alert in allowed(tx, ids, AlertState::Assigned).await? {
        let sql = "state = 'assigned', assigned_to = $2, assigned_at = $3, \
            acknowledged_at = COALESCE(acknowledged_at, $3), acknowledged_by = COALESCE(acknowledged_by, $4), \
            seen_at = COALESCE(seen_at, $3), seen_by = COALESCE(seen_by, $4)";
        set(tx, &alert.id, sql, [person_id.into(), now.into(), by.as_str().into()]).await?;
        alert.state = AlertState::Assigned;
        note(tx, live, &alert, "alert.assign", now, json!({ "assigned_to": person_id })).await?;
        taken_on(tx, live, &alert, now).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Closes alerts, with the reason and what was found.
pub async fn close(
    tx: &Tx<'_>,
    live: &Live,
    ids: &[String],
    reason: CloseReason,
    comment: &str,
    now: Micros,
) -> Result<u64, Error> {
    let mut faults = FieldFaults::default();
    let comment = faults.lines("note", comment, LONGEST_NOTE);
    faults.into_result()?;
    let by = tx.scope().actor().id();
    let mut changed = 0;
    for mut alert in allowed(tx, ids, AlertState::Closed).await? {
        let sql = "state = 'closed', closed_at = $2, closed_by = $3, close_reason = $4, close_note = $5, \
            seen_at = COALESCE(seen_at, $2), seen_by = COALESCE(seen_by, $3)";
        let values = [now.into(), by.as_str().into(), reason.code().into(), comment.as_str().into()];
        set(tx, &alert.id, sql, values).await?;
        alert.state = AlertState::Closed;
        note(tx, live, &alert, "alert.close", now, json!({ "reason": reason.code(), "note": comment })).await?;
        taken_on(tx, live, &alert, now).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Opens closed alerts again.
pub async fn reopen(tx: &Tx<'_>, live: &Live, ids: &[String], now: Micros) -> Result<u64, Error> {
    let mut changed = 0;
    for mut alert in allowed(tx, ids, AlertState::New).await? {
        let sql = "state = 'new', closed_at = NULL, closed_by = NULL, close_reason = NULL, close_note = NULL";
        set(tx, &alert.id, sql, []).await?;
        alert.state = AlertState::New;
        note(tx, live, &alert, "alert.reopen", now, json!({})).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Escalates alerts: `response` opens an incident with them (or adds them to `incident_id`) in this transaction.
/// All must belong to one agency; the incident has one owner.
pub async fn escalate(
    tx: &Tx<'_>,
    live: &Live,
    ids: &[String],
    incident_id: Option<String>,
    now: Micros,
) -> Result<AlertEscalated, Error> {
    let alerts = allowed(tx, ids, AlertState::Escalated).await?;
    let first = alerts.first().ok_or(Error::NotFound)?;
    if alerts.iter().any(|alert| alert.agency_id != first.agency_id) {
        return Err(Error::Conflict("alert-escalate-one-agency"));
    }
    let actor = tx.scope().actor();
    let (by, by_name) = (actor.id(), actor.name().to_owned());
    let event = escalation(&alerts, first, (&by, &by_name), incident_id, now);
    for alert in &alerts {
        let sql = "state = 'escalated', escalated_at = $2, escalated_by = $3, \
            acknowledged_at = COALESCE(acknowledged_at, $2), acknowledged_by = COALESCE(acknowledged_by, $3), \
            seen_at = COALESCE(seen_at, $2), seen_by = COALESCE(seen_by, $3)";
        set(tx, &alert.id, sql, [now.into(), by.as_str().into()]).await?;
    }
    tx.publish(&event).await?;
    for mut alert in alerts {
        alert.state = AlertState::Escalated;
        note(tx, live, &alert, "alert.escalate", now, json!({ "incident_id": event.incident_id })).await?;
        taken_on(tx, live, &alert, now).await?;
    }
    Ok(event)
}

fn escalation(
    alerts: &[Alert],
    first: &Alert,
    (by, by_name): (&str, &str),
    incident_id: Option<String>,
    now: Micros,
) -> AlertEscalated {
    let earliest = alerts.iter().min_by_key(|alert| alert.first_event_time).unwrap_or(first);
    let mut rule_ids: Vec<String> = alerts.iter().map(|alert| alert.rule_id.clone()).collect();
    rule_ids.sort();
    rule_ids.dedup();
    AlertEscalated {
        alert_ids: alerts.iter().map(|alert| alert.id.clone()).collect(),
        agency_id: first.agency_id.clone(),
        system_id: alerts.iter().find_map(|alert| alert.system_id.clone()),
        title: first.title(kit::Lang::Vi).to_owned(),
        severity: alerts.iter().map(|alert| alert.severity).max().unwrap_or(first.severity),
        first_event_time: earliest.first_event_time,
        first_event_recorded: earliest.first_event_recorded,
        detected_at: alerts.iter().map(|alert| alert.detected_at).min().unwrap_or(first.detected_at),
        seen_at: alerts.iter().filter_map(|alert| alert.seen_at).min().unwrap_or(now),
        rule_ids,
        entity: first.entity.clone(),
        by: by.to_owned(),
        by_name: by_name.to_owned(),
        at: now,
        incident_id,
    }
}

/// The alerts of an act, all of which must be reachable.
async fn chosen(tx: &Tx<'_>, ids: &[String]) -> Result<Vec<Alert>, Error> {
    tx.scope().require(Capability::HandleAlerts)?;
    if ids.len() > MOST_AT_ONCE {
        return Err(Error::invalid("ids", "alert-too-many-at-once"));
    }
    let mut alerts = Vec::with_capacity(ids.len());
    for id in ids {
        alerts.push(store::get(tx, id).await?);
    }
    Ok(alerts)
}

/// The alerts of an act, all of which may make the change.
async fn allowed(tx: &Tx<'_>, ids: &[String], next: AlertState) -> Result<Vec<Alert>, Error> {
    let alerts = chosen(tx, ids).await?;
    match alerts.iter().all(|alert| alert.state.may_become(next)) {
        true => Ok(alerts),
        false => Err(Error::Conflict("alert-state-forbids")),
    }
}

/// Those of an act that nobody has taken on yet; the others are left as they are. Where there is none, the act is refused.
async fn untaken(tx: &Tx<'_>, ids: &[String]) -> Result<Vec<Alert>, Error> {
    let mut alerts = chosen(tx, ids).await?;
    alerts.retain(|alert| alert.state.may_become(AlertState::Acknowledged));
    match alerts.is_empty() && !ids.is_empty() {
        true => Err(Error::Conflict("alert-state-forbids")),
        false => Ok(alerts),
    }
}

async fn person_reachable(tx: &Tx<'_>, person_id: &str) -> Result<bool, Error> {
    if tx.scope().person_id() == Some(person_id) {
        return Ok(true);
    }
    let condition = tx.scope().agency_condition("agency_id");
    let sql = format!("SELECT id FROM people WHERE id = $1 AND {condition}");
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [person_id.into()]);
    Ok(tx.query_one_raw(statement).await?.is_some())
}

/// `assignments` is our own text; `$1` is the id.
async fn set<const N: usize>(tx: &Tx<'_>, id: &str, assignments: &str, values: [Value; N]) -> Result<(), Error> {
    let sql = format!("UPDATE alerts SET {assignments} WHERE id = $1");
    let values = std::iter::once(Value::from(id)).chain(values);
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Somebody looks at it: what told of it asks nobody any more, nor what told of its story, unless another alert of that, no
/// less grave, still waits.
async fn taken_on(tx: &Tx<'_>, live: &Live, alert: &Alert, now: Micros) -> Result<(), Error> {
    let mut links = vec![alert_link(&alert.id)];
    if let Some(story) = &alert.story_id {
        let sql = "SELECT id FROM alerts WHERE story_id = $1 AND state = 'new' AND severity_rank >= $2";
        let values = [story.as_str().into(), severity_rank(alert.severity).into()];
        let waiting = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        if tx.query_one_raw(waiting).await?.is_none() {
            links.push(story_link(story));
        }
    }
    inbox::acknowledge_about(tx, live, now, &links).await
}

/// The audit row and the news of an act.
async fn note(
    tx: &Tx<'_>,
    live: &Live,
    alert: &Alert,
    action: &str,
    now: Micros,
    details: serde_json::Value,
) -> Result<(), Error> {
    audit::record(tx, now, action, "alert", &alert.id, alert.agency_id.as_deref(), details).await?;
    let live = live.clone();
    let agency = news_agency(alert.agency_id.as_deref());
    let data = json!({ "id": alert.id, "state": alert.state.code(), "severity": alert.severity.code() });
    tx.after_commit(move || live.send("alert", Some(agency), data));
    Ok(())
}

/// Agency that news of an alert goes to. News without an agency would reach everybody; an alert without one is
/// for those who see the whole centre, and no agency has this name.
pub fn news_agency(agency_id: Option<&str>) -> String {
    agency_id.unwrap_or("unassigned").to_owned()
}
