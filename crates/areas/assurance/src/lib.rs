//! Assurance: what must be protected and how far it is. Today the register of information systems (M4);
//! dossiers, requirements, findings and inspections move in beside it.

pub mod networks;
pub mod systems;

use kit::migration::Migration;
use kit::{Area, Capability, NavigationItem};

/// What the area keeps, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "2026-11-21-assurance-systems",
        sql: include_str!("../migrations/2026-11-21-assurance-systems.sql"),
    },
    Migration {
        name: "2026-11-24-assurance-register",
        sql: include_str!("../migrations/2026-11-24-assurance-register.sql"),
    },
];

/// What assurance brings to the program.
pub fn area() -> Area {
    Area {
        name: "assurance",
        routes: systems::routes(),
        migrations: MIGRATIONS.to_vec(),
        tables: vec![systems::tables::SYSTEMS],
        navigation: vec![NavigationItem {
            group: "assurance",
            key: "assurance-systems",
            path: "/systems",
            icon: "server",
            needs: &[Capability::ViewSystems],
            order: 10,
        }],
        finders: vec![systems::finder()],
        sealed: systems::SEALED.to_vec(),
        ..Area::default()
    }
}
