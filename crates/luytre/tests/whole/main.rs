//! Tests of the whole program: the real binary, real clients, real data.

mod elasticsearch;
mod import;
mod kill;
mod program;
