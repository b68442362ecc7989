//! Agencies in quick search, by name and code.

use super::{AgencyFilter, list};
use kit::find::{Finder, Hit, MOST_HITS};
use kit::locale::texts;
use kit::{App, Error, Lang, Scope};
use std::sync::Arc;

pub fn finder() -> Finder {
    Finder {
        title_key: "agency-navigation",
        icon: "building",
        order: 30,
        capability: None,
        find: Arc::new(|app, scope, lang, text| Box::pin(find(app, scope, lang, text))),
    }
}

async fn find(app: &App, scope: &Scope, lang: Lang, text: &str) -> Result<Vec<Hit>, Error> {
    let filter = AgencyFilter { text: text.to_owned(), at: Some(app.clock.now()), ..AgencyFilter::default() };
    let found = list(&app.db.scoped(scope).read(), &filter, MOST_HITS as u64, 0).await?;
    let hit = |agency: super::Agency| {
        let about = format!("{} · {}", agency.code, texts().text(lang, &agency.kind_key()));
        Hit::new(agency.name, about, format!("/agencies/{}", agency.id))
    };
    Ok(found.into_iter().map(hit).collect())
}
