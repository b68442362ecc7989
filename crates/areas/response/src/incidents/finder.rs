//! Incidents in quick search, by code and title.

use super::store::list;
use super::{Incident, IncidentFilter};
use kit::find::{Finder, Hit, MOST_HITS};
use kit::{App, Capability, Error, Scope};
use std::sync::Arc;

pub fn finder() -> Finder {
    Finder {
        title_key: "incident-title",
        icon: "lifebuoy",
        order: 10,
        capability: Some(Capability::ViewIncidents),
        find: Arc::new(|app, scope, _, text| Box::pin(find(app, scope, text))),
    }
}

async fn find(app: &App, scope: &Scope, text: &str) -> Result<Vec<Hit>, Error> {
    let filter = IncidentFilter { words: text.to_owned(), ..IncidentFilter::default() };
    let found = list(&app.db.scoped(scope).read(), &filter, MOST_HITS as u64, 0).await?;
    let hit = |incident: Incident| {
        let name = format!("{} {}", incident.code, incident.title);
        Hit::new(name, incident.agency_name, format!("/incidents/{}", incident.id))
    };
    Ok(found.into_iter().map(hit).collect())
}
