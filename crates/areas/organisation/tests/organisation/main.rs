//! Tests of the area on both databases and through its own pages.

mod audit;
mod province;
