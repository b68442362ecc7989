//! Reckoning the clocks of an incident anew, in the transaction that changed a fact or the law.

use super::{Clock, Duty, Facts, clocks, store};
use crate::incidents::store as incident_store;
use crate::incidents::{Incident, KnownTime, TimeKind};
use crate::law::{Law, law};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use std::sync::Arc;

pub use store::{RunningClock, count_running, running};

/// What is known of an incident, as duties ask.
pub async fn facts(connection: &impl Connection, incident: &Incident, law: &Law) -> Result<Facts, Error> {
    let times = incident_store::times(connection, &incident.id).await?;
    let sendings = store::sendings(connection, &incident.id).await?;
    let kept = store::kept(connection, &incident.id).await?;
    Ok(Facts { sendings, kept, ..facts_of(incident, &times, law) })
}

/// The same without what was sent and what has begun; pure.
pub fn facts_of(incident: &Incident, times: &[KnownTime], law: &Law) -> Facts {
    let at = |kind| times.iter().find(|time| time.kind == kind).map(|time| time.at);
    let level = incident.severity.as_deref().and_then(|id| law.scale()?.level(id));
    Facts {
        occurred: at(TimeKind::Occurred),
        detected: at(TimeKind::Detected),
        seen: at(TimeKind::Seen),
        classified: incident.severity_set_at,
        contained: incident.contained_at,
        serious: level.map(|level| level.serious),
        signs: incident.signs.iter().cloned().collect(),
        system_level: incident.system_level,
        false_alarm: incident.false_alarm,
        sendings: Vec::new(),
        kept: Vec::new(),
    }
}

/// The clocks of an incident as they stand at `now`, with their duties, the stricter first.
pub async fn clocks_of(
    connection: &impl Connection,
    incident: &Incident,
    now: Micros,
) -> Result<Vec<(Arc<Duty>, Clock)>, Error> {
    clocks_by(connection, incident, now, &law()).await
}

async fn clocks_by(
    connection: &impl Connection,
    incident: &Incident,
    now: Micros,
    law: &Law,
) -> Result<Vec<(Arc<Duty>, Clock)>, Error> {
    let clocks = clocks(&law.duties, &law.calendar, &facts(connection, incident, law).await?, now);
    Ok(clocks.into_iter().map(|clock| (Arc::clone(&clock.terms), clock)).collect())
}

/// Reckons the clocks of an incident and keeps them. Called by every change of a fact that a duty asks for.
pub async fn refresh(tx: &Tx<'_>, now: Micros, incident_id: &str) -> Result<(), Error> {
    refresh_by(tx, now, incident_id, &law()).await
}

async fn refresh_by(tx: &Tx<'_>, now: Micros, incident_id: &str, law: &Law) -> Result<(), Error> {
    let incident = incident_store::find(tx, incident_id).await?;
    let clocks = clocks_by(tx, &incident, now, law).await?;
    store::replace(tx, incident_id, &incident.agency_id, &clocks, now).await
}

/// Reckons the clocks of all open incidents by the law in force. Called at start, since an upgrade may have changed it.
pub async fn refresh_all(tx: &Tx<'_>, now: Micros) -> Result<usize, Error> {
    refresh_all_by(tx, now, &law()).await
}

/// The same by a law that comes into force with this transaction.
pub async fn refresh_all_by(tx: &Tx<'_>, now: Micros, law: &Law) -> Result<usize, Error> {
    let ids = store::open_incident_ids(tx).await?;
    for id in &ids {
        refresh_by(tx, now, id, law).await?;
    }
    Ok(ids.len())
}
