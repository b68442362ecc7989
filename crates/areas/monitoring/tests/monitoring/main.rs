//! Tests of the area's pages and walls, over a real event store and real databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

extern crate luytre_monitoring as monitoring;

mod acts;
mod adoption;
mod alert_notices;
mod bulk;
mod centre;
mod correlations;
mod coverage;
mod early_warning;
mod enrichment;
mod entities;
mod exports;
mod field_lists;
mod formats;
mod hunts;
mod indicators;
mod pages;
mod protocols;
mod pull;
mod readings;
mod redactions;
mod rule_bundles;
mod rule_exceptions;
mod rule_hits;
mod rule_pages;
mod rule_states;
mod saved_searches;
mod schedules;
mod searching;
mod senders;
mod settings;
mod stories;
mod strangers;
mod stream;
mod suppressions;
mod unread_lines;
mod walls;
mod watch;
