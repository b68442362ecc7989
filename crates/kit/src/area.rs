//! What an area brings to the program: routes, migrations, tables, navigation, and its places in the slots
//! of others. `luytre` collects the areas and wires them; areas do not know each other here.

use crate::app::App;
use crate::catalogue::TableSpec;
use crate::error::Error;
use crate::find::Finder;
use crate::locale::Lang;
use crate::migration::Migration;
use crate::page::Counter;
use crate::scope::{Capability, Scope};
use crate::sealed::SealedColumn;
use crate::web::Routes;
use futures::future::BoxFuture;
use std::sync::Arc;

/// Entry of the left navigation.
#[derive(Debug, Clone, Copy)]
pub struct NavigationItem {
    /// Group: `duty`, `monitoring`, `response`, `assurance`, `exchange`, `direction`, `outreach`, `organisation`.
    pub group: &'static str,
    /// Key of the text.
    pub key: &'static str,
    pub path: &'static str,
    /// Name of the icon in the sprite.
    pub icon: &'static str,
    /// Shown only to those who hold all of them.
    pub needs: &'static [Capability],
    /// Order within the group.
    pub order: u16,
}

/// HTML that an area shows inside a page of an area to its left. `key` is what the page shows, for example
/// the id of a system or an incident; empty for places that belong to no object.
pub type Fragment =
    Arc<dyn for<'a> Fn(&'a App, &'a Scope, Lang, &'a str) -> BoxFuture<'a, Result<String, Error>> + Send + Sync>;

/// A fragment and where it goes (`settled` 12): `shell.counter`, `duty.panel`, `system.tab`, `incident.tab` …
#[derive(Clone)]
pub struct Slot {
    pub place: &'static str,
    /// Key of the heading or tab.
    pub title_key: &'static str,
    pub order: u16,
    pub capability: Option<Capability>,
    pub fragment: Fragment,
}

/// A figure of the top bar, asked once per page; `None` hides it.
pub type CounterSource =
    Arc<dyn for<'a> Fn(&'a App, &'a Scope) -> BoxFuture<'a, Result<Option<Counter>, Error>> + Send + Sync>;

/// One area.
#[derive(Clone, Default)]
pub struct Area {
    pub name: &'static str,
    pub routes: Routes,
    pub migrations: Vec<Migration>,
    pub tables: Vec<TableSpec>,
    pub navigation: Vec<NavigationItem>,
    pub slots: Vec<Slot>,
    pub counters: Vec<CounterSource>,
    /// Quick search over the nouns of the area.
    pub finders: Vec<Finder>,
    /// Columns whose texts are sealed at rest.
    pub sealed: Vec<SealedColumn>,
}
