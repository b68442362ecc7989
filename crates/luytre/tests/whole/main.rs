//! Tests of the whole program: the real binary, real clients, real data.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod assignment;
mod attacks;
mod backup;
mod bundles;
mod command_line;
mod elasticsearch;
mod formulas;
mod full_disk;
mod golden;
mod grown;
mod import;
mod key_rows;
mod kill;
mod law;
mod links;
mod long_records;
mod markup;
mod open;
mod program;
mod protocols;
mod questions;
mod restart;
mod rows;
mod rules;
mod store;
mod summaries;
mod tls;
mod trail;
mod walls;
mod world;
