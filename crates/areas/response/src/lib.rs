//! Response: incidents from alert to closure, the duties to report them with their clocks, and the notices that fulfil
//! those duties. Listens to monitoring's escalations; areas to its right add tabs to the incident page.

pub mod duties;
mod edge;
pub mod incidents;
pub mod law;
mod moment;
pub mod notices;
pub mod severity;
mod statements;

use kit::bus::Bus;
use kit::migration::Migration;
use kit::{Area, Capability, NavigationItem, Slot};
use monitoring::alerts::AlertEscalated;
use std::sync::Arc;

/// What response brings to the program.
pub fn area() -> Area {
    Area {
        name: "response",
        routes: incidents::routes().merge(notices::routes()),
        migrations: MIGRATIONS.to_vec(),
        tables: vec![incidents::tables::INCIDENTS, duties::tables::DUTIES, notices::tables::NOTICES],
        navigation: vec![
            item("incident-title", "/incidents", "lifebuoy", 10),
            item("notice-title", "/notices", "file-text", 20),
        ],
        slots: vec![Slot {
            place: "duty.panel",
            title_key: "duty-panel-title",
            order: 10,
            capability: Some(Capability::ViewIncidents),
            fragment: Arc::new(|app, scope, lang, _| Box::pin(duties::view::panel(app, scope, lang))),
        }],
        counters: vec![Arc::new(|app, scope| Box::pin(duties::view::counter(app, scope)))],
        ..Area::default()
    }
}

/// Migrations of this area, in order. They refer to agencies, systems and alerts.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "2026-11-21-response-incidents",
        sql: include_str!("../migrations/2026-11-21-response-incidents.sql"),
    },
    Migration {
        name: "2026-11-21-response-notices",
        sql: include_str!("../migrations/2026-11-21-response-notices.sql"),
    },
];

/// Listens to what areas on the left publish. Called by `luytre` when it builds the bus.
pub fn subscribe(bus: &mut Bus) {
    bus.subscribe::<AlertEscalated>(|tx, event| {
        Box::pin(async move { incidents::service::open_from_alerts(tx, event).await.map(|_| ()) })
    });
}

fn item(key: &'static str, path: &'static str, icon: &'static str, order: u16) -> NavigationItem {
    NavigationItem { group: "response", key, path, icon, capability: Some(Capability::ViewIncidents), order }
}
