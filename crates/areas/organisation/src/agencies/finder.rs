//! Agencies in quick search, by name and code.

use super::store::found_by;
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
    let view = app.db.scoped(scope).read();
    let found = list(&view, &filter, MOST_HITS as u64, 0).await?;
    let former = found_by(&view, &found, text).await?;
    let hit = |agency: super::Agency| {
        let mut about = format!("{} · {}", agency.code, texts().text(lang, &agency.kind_key()));
        if let Some((_, name)) = former.iter().find(|(id, _)| *id == agency.id) {
            about.push_str(" · ");
            about.push_str(&texts().text_with(lang, "agency-formerly", &[("name", name.as_str().into())]));
        }
        Hit::new(agency.name, about, format!("/agencies/{}", agency.id))
    };
    Ok(found.into_iter().map(hit).collect())
}
