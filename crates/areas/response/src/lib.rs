//! Response: incidents from alert to closure, the duties to report them with their clocks, and the notices that fulfil
//! those duties. Listens to monitoring's escalations; areas to its right add tabs to the incident page.

mod again;
pub mod duties;
mod edge;
pub mod incidents;
pub mod law;
pub mod notices;
mod readings;
pub mod severity;
mod statements;

use duties::view::{counter, panel};
use incidents::fragments::{of_agency, of_alert, of_system};
use kit::area::Fragment;
use kit::bus::Bus;
use kit::live::Live;
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
        slots: slots(),
        counters: vec![Arc::new(|app, scope| Box::pin(counter(app, scope)))],
        finders: vec![incidents::finder()],
        sealed: Vec::new(),
    }
}

fn slots() -> Vec<Slot> {
    let slot = |place, title_key, order, fragment: Fragment| Slot {
        place,
        title_key,
        order,
        capability: Some(Capability::ViewIncidents),
        fragment,
    };
    vec![
        slot("duty.panel", "clock-panel-title", 10, Arc::new(|app, scope, lang, _| Box::pin(panel(app, scope, lang)))),
        slot(
            "alert.panel",
            "incident-slot",
            10,
            Arc::new(|app, scope, lang, id| Box::pin(of_alert(app, scope, lang, id))),
        ),
        slot(
            "system.tab",
            "incident-slot",
            30,
            Arc::new(|app, scope, lang, id| Box::pin(of_system(app, scope, lang, id))),
        ),
        slot(
            "agency.tab",
            "incident-slot",
            30,
            Arc::new(|app, scope, lang, id| Box::pin(of_agency(app, scope, lang, id))),
        ),
    ]
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
    Migration {
        name: "2026-11-23-response-kept-duties",
        sql: include_str!("../migrations/2026-11-23-response-kept-duties.sql"),
    },
];

/// Listens to what areas on the left publish. Called by `luytre` when it builds the bus; `live` is the program's channel
/// of news, which tells the people concerned once the publisher's transaction is committed.
pub fn subscribe(bus: &mut Bus, live: &Live) {
    let live = live.clone();
    bus.subscribe::<AlertEscalated>(move |tx, event| {
        let live = live.clone();
        Box::pin(async move { incidents::escalation::open_from_alerts(tx, &live, event).await.map(|_| ()) })
    });
}

fn item(key: &'static str, path: &'static str, icon: &'static str, order: u16) -> NavigationItem {
    NavigationItem { group: "response", key, path, icon, needs: &[Capability::ViewIncidents], order }
}
