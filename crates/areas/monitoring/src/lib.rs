//! Monitoring: what arrives, from whom, what it means and who is told: sources, the pipeline, rules, alerts,
//! event search, questions in SQL, and the duty room's start page.

pub mod address_ranges;
pub mod alerts;
pub mod bulk;
pub mod coverage;
pub mod duty;
pub mod early_warning;
pub mod enrichment;
pub mod entities;
mod finders;
pub mod formats;
pub mod hunts;
pub mod import;
pub mod indicators;
pub mod intake;
pub mod maintenance;
pub mod pipeline;
pub mod protocols;
pub mod pull;
pub mod questions;
pub mod redactions;
pub mod resends;
pub mod retention;
pub mod rules;
pub mod saved_searches;
pub mod search;
pub mod senders;
pub mod settings;
pub mod sources;
pub mod stories;
pub mod suppressions;
pub mod techniques;
pub mod timespan;
pub mod unread_lines;
pub mod value_lists;
pub mod watch;

use kit::migration::Migration;
use kit::web::Routes;
use kit::{Area, Capability, NavigationItem};
use std::sync::Arc;

/// What pages, imports and the pipeline of this area share; `luytre` registers it as a port.
pub struct Monitoring {
    pub store: event_store::Store,
    /// Records that senders may repeat, since they had no answer.
    pub resends: Arc<ingest::resends::Resends>,
    /// Formats in force.
    pub formats: formats::Shelf,
    /// Searches and questions under way, by who asked.
    pub searches: search::places::Searches,
    /// Rules in force, with those that did not load. Replaced as a whole when a rule directory changes.
    pub rules: rules::Shelf,
    /// What the centre sets, as it is in force.
    pub settings: settings::Shelf,
    /// What registers know of events.
    pub enrichment: enrichment::Shelf,
}

/// What monitoring brings to the program.
pub fn area() -> Area {
    Area {
        name: "monitoring",
        routes: Routes::new()
            .merge(duty::routes())
            .merge(alerts::pages::routes())
            .merge(alerts::api::routes())
            .merge(alerts::times::routes())
            .merge(stories::routes())
            .merge(entities::routes())
            .merge(early_warning::routes())
            .merge(suppressions::routes())
            .merge(search::routes())
            .merge(saved_searches::routes())
            .merge(questions::routes())
            .merge(rules::routes())
            .merge(techniques::routes())
            .merge(indicators::routes())
            .merge(hunts::routes())
            .merge(sources::routes())
            .merge(senders::routes())
            .merge(redactions::routes())
            .merge(coverage::routes())
            .merge(maintenance::routes())
            .merge(formats::routes())
            .merge(unread_lines::routes())
            .merge(address_ranges::routes())
            .merge(value_lists::routes())
            .merge(bulk::routes())
            .merge(protocols::routes()),
        migrations: MIGRATIONS.to_vec(),
        tables: vec![
            alerts::tables::ALERTS,
            sources::tables::SOURCES,
            sources::tables::SOURCE_ASSIGNMENTS,
            sources::tables::PRESENCE,
            coverage::tables::COVERAGE,
            coverage::tables::PRESENCE_DAYS,
            coverage::tables::PRESENCE_MONTHS,
            maintenance::tables::MAINTENANCE,
            redactions::tables::SOURCE_REDACTIONS,
            unread_lines::tables::UNREAD_LINES,
            saved_searches::tables::SAVED_SEARCHES,
            rules::tables::RULE_STATES,
            rules::tables::RULE_EXCEPTIONS,
            rules::tables::RULE_HITS,
            indicators::tables::INDICATOR_LISTS,
            indicators::tables::INDICATORS,
            hunts::tables::HUNTS,
            hunts::tables::HUNT_ALERTS,
            suppressions::tables::SUPPRESSIONS,
            early_warning::tables::EARLY_WARNINGS,
            address_ranges::tables::ADDRESS_RANGES,
            value_lists::tables::LISTED_VALUES,
        ],
        navigation: navigation(),
        slots: coverage::slots(),
        counters: duty::counters(),
        finders: finders::finders(),
        sealed: redactions::SEALED.to_vec(),
    }
}

/// Migrations of this area, in order. Sources and alerts name agencies, systems and people.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "2026-11-21-monitoring-alerts",
        sql: include_str!("../migrations/2026-11-21-monitoring-alerts.sql"),
    },
    Migration {
        name: "2026-11-21-monitoring-sources",
        sql: include_str!("../migrations/2026-11-21-monitoring-sources.sql"),
    },
    Migration {
        name: "2026-11-22-monitoring-saved-searches",
        sql: include_str!("../migrations/2026-11-22-monitoring-saved-searches.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-stories",
        sql: include_str!("../migrations/2026-11-23-monitoring-stories.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-telemetry",
        sql: include_str!("../migrations/2026-11-23-monitoring-telemetry.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-rule-states",
        sql: include_str!("../migrations/2026-11-23-monitoring-rule-states.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-rule-versions",
        sql: include_str!("../migrations/2026-11-23-monitoring-rule-versions.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-rule-exceptions",
        sql: include_str!("../migrations/2026-11-23-monitoring-rule-exceptions.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-indicators",
        sql: include_str!("../migrations/2026-11-23-monitoring-indicators.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-hunts",
        sql: include_str!("../migrations/2026-11-23-monitoring-hunts.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-correlation-memory",
        sql: include_str!("../migrations/2026-11-23-monitoring-correlation-memory.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-rule-decisions",
        sql: include_str!("../migrations/2026-11-23-monitoring-rule-decisions.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-rule-hits-days",
        sql: include_str!("../migrations/2026-11-23-monitoring-rule-hits-days.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-suppressions",
        sql: include_str!("../migrations/2026-11-23-monitoring-suppressions.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-rule-costs",
        sql: include_str!("../migrations/2026-11-23-monitoring-rule-costs.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-entity-risk",
        sql: include_str!("../migrations/2026-11-23-monitoring-entity-risk.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-early-warning",
        sql: include_str!("../migrations/2026-11-23-monitoring-early-warning.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-rule-bundles",
        sql: include_str!("../migrations/2026-11-23-monitoring-rule-bundles.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-enrichment",
        sql: include_str!("../migrations/2026-11-23-monitoring-enrichment.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-unjudged",
        sql: include_str!("../migrations/2026-11-23-monitoring-unjudged.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-source-header",
        sql: include_str!("../migrations/2026-11-23-monitoring-source-header.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-field-lists",
        sql: include_str!("../migrations/2026-11-23-monitoring-field-lists.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-unread-days",
        sql: include_str!("../migrations/2026-11-23-monitoring-unread-days.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-alert-notices",
        sql: include_str!("../migrations/2026-11-23-monitoring-alert-notices.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-indicator-begins",
        sql: include_str!("../migrations/2026-11-23-monitoring-indicator-begins.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-coverage",
        sql: include_str!("../migrations/2026-11-23-monitoring-coverage.sql"),
    },
    Migration {
        name: "2026-11-23-monitoring-unread-lines",
        sql: include_str!("../migrations/2026-11-23-monitoring-unread-lines.sql"),
    },
    Migration {
        name: "2026-11-24-monitoring-source-sender",
        sql: include_str!("../migrations/2026-11-24-monitoring-source-sender.sql"),
    },
    Migration {
        name: "2026-11-24-monitoring-redactions",
        sql: include_str!("../migrations/2026-11-24-monitoring-redactions.sql"),
    },
    Migration {
        name: "2026-11-24-monitoring-maintenance-alerts",
        sql: include_str!("../migrations/2026-11-24-monitoring-maintenance-alerts.sql"),
    },
];

fn navigation() -> Vec<NavigationItem> {
    let item = |group, key, path, icon, needs: &'static [Capability], order| NavigationItem {
        group,
        key,
        path,
        icon,
        needs,
        order,
    };
    vec![
        item("duty", "duty-navigation", "/", "clock", &[Capability::ViewAlerts], 10),
        item("monitoring", "alert-navigation", "/alerts", "bell", &[Capability::ViewAlerts], 10),
        item("monitoring", "story-navigation", "/stories", "route", &[Capability::ViewAlerts], 15),
        item("monitoring", "entity-navigation", "/entities", "target", &[Capability::ViewAlerts], 17),
        item("monitoring", "early-warning-navigation", "/early-warning", "activity", &[Capability::ViewAlerts], 18),
        item("monitoring", "search-navigation", "/search", "search", &[Capability::ViewEvents], 20),
        item("monitoring", "saved-search-navigation", "/saved-searches", "star", &[Capability::ViewEvents], 25),
        item("monitoring", "question-navigation", "/questions", "database", &[Capability::QuerySql], 30),
        item("monitoring", "rule-navigation", "/rules", "list-check", &[Capability::ViewRules], 40),
        item("monitoring", "technique-navigation", "/techniques", "target", &[Capability::ViewRules], 45),
        item("monitoring", "indicator-navigation", "/indicators", "radar-2", &[Capability::ViewRules], 46),
        item("monitoring", "hunt-navigation", "/hunts", "history", hunts::service::NEEDED, 47),
        item("monitoring", "coverage-navigation", "/coverage", "activity", &[Capability::ViewSources], 49),
        item("monitoring", "source-navigation", "/sources", "plug-connected", &[Capability::ViewSources], 50),
        item("monitoring", "unread-line-navigation", "/unread-lines", "help-circle", &[Capability::ViewEvents], 51),
        item("monitoring", "format-navigation", "/formats", "file-text", &[Capability::ViewSources], 53),
        item("monitoring", "address-range-navigation", "/address-ranges", "network", &[Capability::ViewSources], 52),
        item("monitoring", "value-list-navigation", "/value-lists", "clipboard-list", &[Capability::ViewSources], 54),
    ]
}
