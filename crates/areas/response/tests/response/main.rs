//! Response as a whole: what people do with incidents and notices, on every database, and the pages they do it on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]
#![expect(unreachable_pub, reason = "modules of one test share their house")]

#[macro_use]
mod act;
mod house;
mod incidents;
mod law;
mod pages;
mod readings;
