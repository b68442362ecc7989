//! Systems in quick search, by name, code and agency.

use super::store::{Filter, list};
use kit::find::{Finder, Hit, MOST_HITS};
use kit::{App, Capability, Error, Scope};
use std::sync::Arc;

pub fn finder() -> Finder {
    Finder {
        title_key: "assurance-systems",
        icon: "server",
        order: 20,
        capability: Some(Capability::ViewSystems),
        find: Arc::new(|app, scope, _, text| Box::pin(find(app, scope, text))),
    }
}

async fn find(app: &App, scope: &Scope, text: &str) -> Result<Vec<Hit>, Error> {
    let filter = Filter { words: text.to_owned(), ..Filter::default() };
    let found = list(&app.db.scoped(scope).read(), &filter).await?;
    let hit = |system: super::System| {
        let about = format!("{} · C{} · {}", system.code, system.level, system.agency_name);
        Hit::new(system.name, about, format!("/systems/{}", system.id))
    };
    Ok(found.into_iter().take(MOST_HITS).map(hit).collect())
}
