//! What the area brings to the program.

use crate::{
    agencies, api_keys, audit, channels, elevations, experts, inbox, incumbents, outbox, people, qualifications,
    regulations, roster, sign_in, subscriptions,
};
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
        name: "2026-11-22-organisation-successions",
        sql: include_str!("../migrations/2026-11-22-organisation-successions.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-incumbents",
        sql: include_str!("../migrations/2026-11-22-organisation-incumbents.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-workforce",
        sql: include_str!("../migrations/2026-11-22-organisation-workforce.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-elevations",
        sql: include_str!("../migrations/2026-11-22-organisation-elevations.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-notices",
        sql: include_str!("../migrations/2026-11-22-organisation-notices.sql"),
    },
    Migration {
        name: "2026-11-22-organisation-sign-in-providers",
        sql: include_str!("../migrations/2026-11-22-organisation-sign-in-providers.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-given-rows",
        sql: include_str!("../migrations/2026-11-23-organisation-given-rows.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-regulations",
        sql: include_str!("../migrations/2026-11-23-organisation-regulations.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-bound-approvals",
        sql: include_str!("../migrations/2026-11-23-organisation-bound-approvals.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-elevations-about",
        sql: include_str!("../migrations/2026-11-23-organisation-elevations-about.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-temporary-passwords",
        sql: include_str!("../migrations/2026-11-23-organisation-temporary-passwords.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-notice-links",
        sql: include_str!("../migrations/2026-11-23-organisation-notice-links.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-second-factor-way",
        sql: include_str!("../migrations/2026-11-23-organisation-second-factor-way.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-chosen-reach",
        sql: include_str!("../migrations/2026-11-23-organisation-chosen-reach.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-key-rows",
        sql: include_str!("../migrations/2026-11-23-organisation-key-rows.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-agency-codes",
        sql: include_str!("../migrations/2026-11-23-organisation-agency-codes.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-scheduled-changes",
        sql: include_str!("../migrations/2026-11-23-organisation-scheduled-changes.sql"),
    },
    Migration {
        name: "2026-11-23-organisation-duty-messages",
        sql: include_str!("../migrations/2026-11-23-organisation-duty-messages.sql"),
    },
];

/// Everything of the area.
pub fn area() -> Area {
    Area {
        name: "organisation",
        routes: Routes::new()
            .merge(agencies::routes())
            .merge(people::routes())
            .merge(incumbents::routes())
            .merge(qualifications::routes())
            .merge(experts::routes())
            .merge(people::role_routes())
            .merge(elevations::routes())
            .merge(regulations::routes())
            .merge(api_keys::routes())
            .merge(roster::routes())
            .merge(inbox::routes())
            .merge(channels::routes())
            .merge(outbox::routes())
            .merge(subscriptions::routes())
            .merge(audit::routes())
            .merge(sign_in::own_routes())
            .merge(sign_in::routes()),
        migrations: MIGRATIONS.to_vec(),
        tables: vec![
            agencies::AGENCIES,
            agencies::AGENCY_DECISIONS,
            people::PEOPLE,
            incumbents::INCUMBENTS,
            qualifications::QUALIFICATIONS,
            experts::EXPERTS,
            roster::ROSTER,
            outbox::OUTBOX,
            audit::AUDIT,
        ],
        navigation: navigation(),
        slots: vec![roster::duty_panel()],
        counters: vec![inbox::counter()],
        finders: vec![agencies::finder(), people::finder()],
        sealed: [
            people::SEALED,
            qualifications::SEALED,
            experts::SEALED,
            sign_in::SEALED,
            channels::SEALED,
            subscriptions::SEALED,
        ]
        .concat(),
    }
}

fn navigation() -> Vec<NavigationItem> {
    let item = |key, path, icon, needs: &'static [Capability], order| NavigationItem {
        group: "organisation",
        key,
        path,
        icon,
        needs,
        order,
    };
    vec![
        item("agency-navigation", "/agencies", "building", &[], 10),
        item("person-navigation", "/people", "users", &[Capability::ViewPeople], 20),
        item("incumbent-navigation", "/incumbents", "user-check", &[Capability::ViewPeople], 22),
        item("qualification-navigation", "/qualifications", "certificate", &[Capability::ViewPeople], 24),
        item("expert-navigation", "/experts", "lifebuoy", &[Capability::ViewPeople], 26),
        item("roles-navigation", "/roles", "shield-check", &[], 25),
        item("regulation-navigation", "/regulations", "gavel", &[], 28),
        item("roster-navigation", "/roster", "calendar", &[], 30),
        item("key-navigation", "/api-keys", "key", &[Capability::ViewSources], 40),
        item("elevation-navigation", "/elevations", "hourglass", &[], 45),
        item("inbox-navigation", "/inbox", "bell", &[], 50),
        item("channel-navigation", "/channels", "send", &[Capability::Administer], 55),
        item("outbox-navigation", "/outbox", "mail", &[Capability::ViewAudit], 57),
        item("audit-navigation", "/audit", "history", &[Capability::ViewAudit], 60),
        item("reading-navigation", "/audit/readings", "eye", &[Capability::ViewReadings], 70),
    ]
}
