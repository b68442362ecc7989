//! Figures of the top bar: silent sources and new alerts, within the scope.

use super::pages::unacknowledged;
use crate::alerts::listing;
use crate::settings::Settings;
use crate::sources::store::{self, SourceFilter};
use kit::area::CounterSource;
use kit::page::Counter;
use kit::{App, Capability, Error, Scope};
use std::sync::Arc;

pub fn counters() -> Vec<CounterSource> {
    vec![
        Arc::new(|app: &App, scope: &Scope| Box::pin(silent(app, scope))),
        Arc::new(|app: &App, scope: &Scope| Box::pin(alerts(app, scope))),
    ]
}

async fn silent(app: &App, scope: &Scope) -> Result<Option<Counter>, Error> {
    if !scope.may(Capability::ViewSources) {
        return Ok(None);
    }
    let filter = SourceFilter { silent: true, ..SourceFilter::default() };
    let count = store::count(&app.db.scoped(scope).read(), &filter).await?;
    Ok(Some(Counter {
        name: "silent".to_owned(),
        icon: "volume-off".to_owned(),
        count,
        key: "shell-counter-silent".to_owned(),
        href: "/sources?silent=1".to_owned(),
        urgent: count > 0,
    }))
}

async fn alerts(app: &App, scope: &Scope) -> Result<Option<Counter>, Error> {
    if !scope.may(Capability::ViewAlerts) {
        return Ok(None);
    }
    let settings = Settings::of(app)?;
    let settings = &settings.duty;
    let filter = unacknowledged(settings, app.clock.now());
    let count = listing::count(&app.db.scoped(scope).read(), &filter).await?;
    let severities: String =
        settings.severities().iter().map(|severity| format!("&severity={}", severity.code())).collect();
    Ok(Some(Counter {
        name: "alerts".to_owned(),
        icon: "bell".to_owned(),
        count,
        key: "alert-counter".to_owned(),
        href: format!("/alerts?state=new&range={}h{severities}", settings.alerts_hours),
        urgent: count > 0,
    }))
}
