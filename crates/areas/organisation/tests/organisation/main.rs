//! Tests of the area on both databases and through its own pages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// The name by which the other crates know it.
extern crate luytre_organisation as organisation;

mod agencies;
mod agencies_ahead;
mod agencies_in_time;
mod agency_codes;
mod attacks;
mod audit;
mod bent_rows;
mod browser;
mod checkpoints;
mod doors;
mod elevations;
mod ending;
mod keys;
mod lock_out;
mod notices;
mod pages;
mod passkeys;
mod people;
mod people_sheet;
mod provider;
mod providers;
mod province;
mod readings;
mod receivers;
mod refused;
mod registers;
mod regulations;
mod sealed;
mod second_factors;
mod sign_in;
mod signs;
#[path = "../../src/sign_in/passkeys/soft_authenticator.rs"]
mod soft_authenticator;
mod transactions;
mod walls;
mod watch;
