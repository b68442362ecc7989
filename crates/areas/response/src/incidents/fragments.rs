//! What pages of areas to the left show of incidents: the incident of an alert, those of a system, those of an agency.

use super::Incident;
use super::store::{self, IncidentFilter};
use askama::Template;
use kit::page::{Page, PageParts};
use kit::{App, Error, Lang, Scope};

/// How many a fragment lists; the rest is one click away.
const LISTED: u64 = 10;

#[derive(Template)]
#[template(path = "incidents/templates/fragment.html")]
struct Fragment {
    page: Page,
    incidents: Vec<Incident>,
    /// All of them, where there may be more; empty for none.
    all: String,
}

fn html(app: &App, lang: Lang, incidents: Vec<Incident>, all: String) -> Result<String, Error> {
    if incidents.is_empty() {
        return Ok(String::new());
    }
    let page = Page::new(PageParts { lang, now: app.clock.now(), ..PageParts::default() });
    Fragment { page, incidents, all }.render().map_err(Error::internal)
}

/// For the page of an alert; empty where it belongs to no incident.
pub async fn of_alert(app: &App, scope: &Scope, lang: Lang, alert_id: &str) -> Result<String, Error> {
    let incident = store::of_alert(&app.db.scoped(scope).read(), alert_id).await?;
    html(app, lang, incident.into_iter().collect(), String::new())
}

/// For the page of a system; empty where it never had one.
pub async fn of_system(app: &App, scope: &Scope, lang: Lang, system_id: &str) -> Result<String, Error> {
    let filter = IncidentFilter { system_id: system_id.to_owned(), ..IncidentFilter::default() };
    let incidents = store::list(&app.db.scoped(scope).read(), &filter, LISTED, 0).await?;
    html(app, lang, incidents, format!("/incidents?state=all&system={system_id}"))
}

/// For the page of an agency; empty where it never had one.
pub async fn of_agency(app: &App, scope: &Scope, lang: Lang, agency_id: &str) -> Result<String, Error> {
    let filter = IncidentFilter { agency_id: agency_id.to_owned(), ..IncidentFilter::default() };
    let incidents = store::list(&app.db.scoped(scope).read(), &filter, LISTED, 0).await?;
    html(app, lang, incidents, format!("/incidents?state=all&agency={agency_id}"))
}
