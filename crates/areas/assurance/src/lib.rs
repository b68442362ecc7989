//! Assurance: what must be protected and how far it is. Today the register of information systems (M4) with their
//! inventory and their way to the provincial data centre;
//! dossiers, requirements, findings and inspections move in beside it.

pub mod consolidation;
pub mod inventory;
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
    Migration {
        name: "2026-11-24-assurance-inventory",
        sql: include_str!("../migrations/2026-11-24-assurance-inventory.sql"),
    },
    Migration {
        name: "2026-11-24-assurance-consolidation",
        sql: include_str!("../migrations/2026-11-24-assurance-consolidation.sql"),
    },
];

/// What assurance brings to the program.
pub fn area() -> Area {
    Area {
        name: "assurance",
        routes: systems::routes().merge(inventory::routes()).merge(consolidation::routes()),
        migrations: MIGRATIONS.to_vec(),
        tables: vec![systems::tables::SYSTEMS, inventory::tables::INVENTORY, consolidation::tables::CONSOLIDATION],
        navigation: vec![
            NavigationItem {
                group: "assurance",
                key: "assurance-systems",
                path: "/systems",
                icon: "server",
                needs: &[Capability::ViewSystems],
                order: 10,
            },
            NavigationItem {
                group: "assurance",
                key: "inventory-title",
                path: "/inventory",
                icon: "database",
                needs: &[Capability::ViewSystems],
                order: 15,
            },
            NavigationItem {
                group: "assurance",
                key: "consolidation-title",
                path: "/consolidation",
                icon: "route",
                needs: &[Capability::ViewSystems],
                order: 18,
            },
        ],
        finders: vec![systems::finder(), inventory::finder()],
        sealed: systems::SEALED.to_vec(),
        ..Area::default()
    }
}
