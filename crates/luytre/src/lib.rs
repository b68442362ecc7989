//! The program: commands, configuration, wiring. It may import everything and decides nothing; what a Cyber
//! Security Centre does lives in the areas.

pub mod access;
pub mod archive;
pub mod backup;
pub mod catalogue;
pub mod centre;
pub mod commands;
pub mod configuration;
pub mod content;
pub mod control;
pub mod demonstration;
pub mod examination;
pub mod feeds;
pub mod holds;
pub mod keeping;
pub mod keys;
pub mod openapi;
mod plain_log;
mod readings;
mod rules;
mod sealing;
pub mod server;
pub mod spare;
pub mod web_door;
