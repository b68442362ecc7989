//! People in quick search, by name and account.

use super::{Person, PersonFilter, list};
use kit::find::{Finder, Hit, MOST_HITS};
use kit::{App, Capability, Error, Scope};
use std::sync::Arc;

pub fn finder() -> Finder {
    Finder {
        title_key: "person-navigation",
        icon: "users",
        order: 60,
        capability: Some(Capability::ViewPeople),
        find: Arc::new(|app, scope, _, text| Box::pin(find(app, scope, text))),
    }
}

async fn find(app: &App, scope: &Scope, text: &str) -> Result<Vec<Hit>, Error> {
    let filter = PersonFilter { text: text.to_owned(), now: app.clock.now(), ..PersonFilter::default() };
    let found = list(&app.db.scoped(scope).read(), &filter, MOST_HITS as u64, 0).await?;
    let hit = |person: Person| {
        let about = format!("{} · {}", person.account, person.agency_name);
        Hit::new(person.full_name, about, format!("/people/{}", person.id))
    };
    Ok(found.into_iter().map(hit).collect())
}
