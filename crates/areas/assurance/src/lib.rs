//! Assurance: what must be protected and how far it is. Today the register of information systems (M4);
//! dossiers, requirements, findings and inspections move in beside it.

pub mod systems;

use kit::migration::Migration;
use kit::{Area, Capability, NavigationItem};

/// What assurance brings to the program.
pub fn area() -> Area {
    Area {
        name: "assurance",
        routes: systems::routes(),
        migrations: vec![Migration {
            name: "2026-11-21-assurance-systems",
            sql: include_str!("../migrations/2026-11-21-assurance-systems.sql"),
        }],
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
