//! Tests of the area's pages and walls, over a real event store and real databases.

extern crate luytre_monitoring as monitoring;

mod acts;
mod bulk;
mod centre;
mod pages;
mod stream;
mod walls;
