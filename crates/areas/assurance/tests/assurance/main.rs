//! Assurance as a whole: the register on every database, and its walls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(unreachable_pub, reason = "modules of one test share their house")]

mod consolidation;
mod house;
mod inventory;
mod sheets;
mod systems;
