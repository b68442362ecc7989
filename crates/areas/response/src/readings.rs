//! Incidents and notices that somebody read: one row of the trail a request, so that the agency sees who looked and what for.

use crate::incidents::Incident;
use crate::notices::Notice;
use kit::Error;
use kit::web::Visit;
use organisation::audit::{Reading, Touched, record_reading};

/// Tells the trail that an incident was shown. `purpose` as in [`Reading::purpose`].
pub(crate) async fn tell_incident(visit: &Visit, incident: &Incident, purpose: &str) -> Result<(), Error> {
    let touched = Touched::from([(incident.agency_id.clone(), Some(1))]);
    tell(visit, ("incident", &incident.id), purpose, "", &touched).await
}

/// The same of a notice.
pub(crate) async fn tell_notice(visit: &Visit, notice: &Notice, purpose: &str) -> Result<(), Error> {
    let touched = Touched::from([(notice.agency_id.clone(), Some(1))]);
    tell(visit, ("notice", &notice.id), purpose, "", &touched).await
}

/// The same of incidents that left together, counted by agency; nothing where there were none.
pub(crate) async fn tell_incidents(visit: &Visit, touched: &Touched, purpose: &str) -> Result<(), Error> {
    if touched.is_empty() {
        return Ok(());
    }
    tell(visit, ("incident", ""), purpose, &visit.address.to_string(), touched).await
}

/// How many of each agency.
pub(crate) fn by_agency<'incident>(incidents: impl Iterator<Item = &'incident Incident>) -> Touched {
    let mut touched = Touched::new();
    for incident in incidents {
        let count = touched.entry(incident.agency_id.clone()).or_default();
        *count = Some(count.unwrap_or(0) + 1);
    }
    touched
}

async fn tell(
    visit: &Visit,
    (object_kind, object_id): (&str, &str),
    purpose: &str,
    query: &str,
    touched: &Touched,
) -> Result<(), Error> {
    let count: u64 = touched.values().flatten().sum();
    let tx = visit.begin().await?;
    let reading = Reading { object_kind, object_id, purpose, query, count, touched };
    record_reading(&tx, visit.now(), &reading).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_are_counted_for_each_agency() {
        let of = |agency: &str| Incident { agency_id: agency.into(), ..Incident::default() };
        let incidents = [of("health"), of("schools"), of("health")];
        let expected = Touched::from([("health".to_owned(), Some(2)), ("schools".to_owned(), Some(1))]);
        assert_eq!(by_agency(incidents.iter()), expected);
        assert!(by_agency([].iter()).is_empty());
    }
}
