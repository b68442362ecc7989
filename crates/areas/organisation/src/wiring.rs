//! What the area brings to the program.

use crate::{agencies, api_keys, audit, inbox, people, roster, sign_in};
use kit::migration::Migration;
use kit::web::Routes;
use kit::{Area, Capability, NavigationItem};

/// Migrations in order; other areas' tests apply them too, because their tables refer to agencies.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "2026-11-21-organisation-agencies",
        sql: include_str!("../migrations/2026-11-21-organisation-agencies.sql"),
    },
    Migration {
        name: "2026-11-21-organisation-people",
        sql: include_str!("../migrations/2026-11-21-organisation-people.sql"),
    },
    Migration {
        name: "2026-11-21-organisation-watch",
        sql: include_str!("../migrations/2026-11-21-organisation-watch.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-known-devices",
        sql: include_str!("../migrations/2026-11-22-organisation-known-devices.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-signing",
        sql: include_str!("../migrations/2026-11-22-organisation-signing.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-trail",
        sql: include_str!("../migrations/2026-11-22-organisation-trail.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-sign-in",
        sql: include_str!("../migrations/2026-11-22-organisation-sign-in.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-sign-in-providers",
        sql: include_str!("../migrations/2026-11-22-organisation-sign-in-providers.sql"),
    },
];

/// Everything of the area.
pub fn area() -> Area {
    Area {
        name: "organisation",
        routes: Routes::new()
            .merge(agencies::routes())
            .merge(people::routes())
            .merge(api_keys::routes())
            .merge(roster::routes())
            .merge(inbox::routes())
            .merge(audit::routes())
            .merge(sign_in::own_routes())
            .merge(sign_in::routes()),
        migrations: MIGRATIONS.to_vec(),
        tables: vec![agencies::AGENCIES, people::PEOPLE, roster::ROSTER, audit::AUDIT],
        navigation: navigation(),
        slots: vec![roster::duty_panel()],
        counters: vec![inbox::counter()],
        finders: vec![agencies::finder(), people::finder()],
        sealed: people::SEALED.iter().chain(sign_in::SEALED).copied().collect(),
    }
}

fn navigation() -> Vec<NavigationItem> {
    let item = |key, path, icon, capability, order| NavigationItem {
        group: "organisation",
        key,
        path,
        icon,
        capability,
        order,
    };
    vec![
        item("agency-navigation", "/agencies", "building", None, 10),
        item("person-navigation", "/people", "users", Some(Capability::ViewPeople), 20),
        item("roster-navigation", "/roster", "calendar", None, 30),
        item("key-navigation", "/api-keys", "key", Some(Capability::ViewSources), 40),
        item("inbox-navigation", "/inbox", "bell", None, 50),
        item("audit-navigation", "/audit", "history", Some(Capability::ViewAudit), 60),
        item("reading-navigation", "/audit/readings", "eye", Some(Capability::ViewReadings), 70),
    ]
}
