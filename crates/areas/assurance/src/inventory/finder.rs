//! Items of the inventory in quick search, by name, address, serial number and whatever else is known of them.

use super::store::{Filter, list};
use super::{Item, kind};
use kit::find::{Finder, Hit, MOST_HITS};
use kit::locale::texts;
use kit::{App, Capability, Error, Lang, Scope};
use std::sync::Arc;

pub fn finder() -> Finder {
    Finder {
        title_key: "inventory-title",
        icon: "database",
        order: 25,
        capability: Some(Capability::ViewSystems),
        find: Arc::new(|app, scope, lang, text| Box::pin(find(app, scope, lang, text))),
    }
}

async fn find(app: &App, scope: &Scope, lang: Lang, text: &str) -> Result<Vec<Hit>, Error> {
    let filter = Filter { words: text.to_owned(), ..Filter::default() };
    let found = list(&app.db.scoped(scope).read(), &filter, MOST_HITS as u64, 0).await?;
    let hit = |item: Item| {
        let kind = kind(&item.kind).map(|kind| texts().text(lang, &kind.key())).unwrap_or_default();
        let about = format!("{kind} · {}", item.system_name);
        Hit::new(item.name, about, format!("/inventory/{}", item.id))
    };
    Ok(found.into_iter().map(hit).collect())
}
