//! Escalated alerts become an incident: the listener to monitoring, in the transaction of the escalation.

use super::service::{LONGEST_TITLE, create, finish, tell_opened};
use super::store::{self, AttachedEvent};
use super::{Knowledge, KnownTime, State, TimeKind};
use kit::clock::Micros;
use kit::fold::normalise;
use kit::live::Live;
use kit::{Error, Tx};
use monitoring::alerts::AlertEscalated;
use serde_json::json;

/// Listens to monitoring: opens an incident with the escalated alerts, or joins them to one. Runs in the transaction of
/// the escalation, in the scope of who escalated; that person need not be allowed to handle incidents. Returns its id.
pub async fn open_from_alerts(tx: &Tx<'_>, live: &Live, event: &AlertEscalated) -> Result<String, Error> {
    let now = event.at;
    let agency_id = match &event.agency_id {
        Some(id) => id.clone(),
        // A source that nobody has adopted yet belongs to the centre itself.
        None => organisation::agencies::root(tx).await?.ok_or(Error::NotFound)?.id,
    };
    let id = match &event.incident_id {
        Some(id) => {
            let incident = store::find(tx, id).await?;
            // Whoever sees an incident sees its alerts and what matched in their events.
            if incident.agency_id != agency_id {
                return Err(Error::Conflict("incident-alerts-of-another-agency"));
            }
            if incident.state() == State::Closed {
                return Err(Error::Conflict("incident-closed-takes-no-alerts"));
            }
            incident.id
        }
        None => {
            let title: String = normalise(&event.title).chars().take(LONGEST_TITLE).collect();
            let id = create(tx, now, &title, &agency_id, event.system_id.as_deref(), "", "opened-by-alert").await?;
            for time in times_of(event) {
                store::set_time(tx, &id, &time, "").await?;
            }
            id
        }
    };
    for alert_id in &event.alert_ids {
        attach(tx, now, &id, alert_id, &event.by_name).await?;
    }
    earlier_occurrence(tx, event, &id).await?;
    if event.incident_id.is_none() {
        tell_opened(tx, live, now, &id).await?;
    }
    let details = json!({ "alerts": event.alert_ids, "rules": event.rule_ids });
    finish(tx, now, &id, &agency_id, "incident.escalate", details).await?;
    Ok(id)
}

/// The first three times as monitoring knows them. Clocks of machines may be off: what was "detected" before it "occurred"
/// is not kept as occurred.
fn times_of(event: &AlertEscalated) -> Vec<KnownTime> {
    let known = |kind, at, known_by, reference: &str| KnownTime {
        kind,
        at,
        known_by,
        reference: reference.to_owned(),
        recorded_at: event.at,
        recorded_by: event.by_name.clone(),
    };
    let rule = event.rule_ids.first().map(String::as_str).unwrap_or_default();
    let mut times = vec![
        known(TimeKind::Detected, event.detected_at, Knowledge::Machine, rule),
        known(TimeKind::Seen, event.seen_at.max(event.detected_at), Knowledge::Person, &event.by_name),
    ];
    if event.first_event_time <= event.detected_at {
        times.push(known(TimeKind::Occurred, event.first_event_time, Knowledge::Machine, rule));
    }
    times
}

/// Alerts that join later may show that it began earlier.
async fn earlier_occurrence(tx: &Tx<'_>, event: &AlertEscalated, id: &str) -> Result<(), Error> {
    let times = store::times(tx, id).await?;
    let held = times.iter().find(|time| time.kind == TimeKind::Occurred);
    let detected = times.iter().find(|time| time.kind == TimeKind::Detected).map_or(event.detected_at, |time| time.at);
    if held.is_some_and(|held| event.first_event_time < held.at) && event.first_event_time <= detected {
        let time = times_of(event).into_iter().find(|time| time.kind == TimeKind::Occurred);
        if let Some(time) = time {
            store::set_time(tx, id, &time, "earlier alert").await?;
        }
    }
    Ok(())
}

async fn attach(tx: &Tx<'_>, now: Micros, id: &str, alert_id: &str, by: &str) -> Result<(), Error> {
    let alert = monitoring::alerts::store::get(tx, alert_id).await?;
    if !store::attach_alert(tx, id, alert_id, now, by).await? {
        return Ok(());
    }
    for sample in &alert.samples {
        let excerpt: Vec<_> = sample
            .fields
            .iter()
            .map(|field| format!("{}: {}", field.field.as_deref().unwrap_or("*"), field.value))
            .collect();
        let event = AttachedEvent {
            sequence: i64::try_from(sample.seq).map_err(Error::internal)?,
            alert_id: alert_id.to_owned(),
            event_time: sample.time,
            excerpt: excerpt.join("\n").chars().take(2_000).collect(),
        };
        store::attach_event(tx, id, &event, now).await?;
    }
    store::add_entry(tx, id, alert.first_event_time, now, "alert", alert.title(kit::Lang::Vi)).await
}
