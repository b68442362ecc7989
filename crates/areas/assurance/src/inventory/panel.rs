//! What the page of a system says of its inventory: how many items of each kind, which say less than they must, what was
//! seen and not registered, and which systems lead here.

use super::store::{self, Filter};
use super::{Item, kind};
use crate::systems::System;
use kit::page::Page;
use kit::{Connection, Error};

/// Most systems that are named as leading here.
const MOST_LINKS: u64 = 50;

pub(crate) struct Panel {
    pub(crate) kinds: Vec<Count>,
    pub(crate) list: String,
    pub(crate) seen: u64,
    pub(crate) seen_list: String,
    pub(crate) linked_from: Vec<Item>,
}

pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) total: u64,
    pub(crate) incomplete: u64,
}

impl Panel {
    pub(crate) async fn of(connection: &impl Connection, page: &Page, system: &System) -> Result<Self, Error> {
        let (counts, seen) = store::of_system(connection, &system.id).await?;
        let linked = Filter { linked_to: system.id.clone(), ..Filter::default() };
        let list = format!("/inventory?system={}", system.id);
        let count = |(id, total, incomplete): (&str, u64, u64)| Count {
            name: kind(id).map(|kind| page.t(&kind.key())).unwrap_or_default(),
            href: format!("{list}&kind={id}"),
            total,
            incomplete,
        };
        Ok(Self {
            kinds: counts.into_iter().filter(|(_, total, _)| *total > 0).map(count).collect(),
            seen_list: format!("{list}&show=seen"),
            list,
            seen,
            linked_from: store::list(connection, &linked, MOST_LINKS, 0).await?,
        })
    }
}
