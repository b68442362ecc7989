//! What every area needs and no area owns: database and transactions, scope, clock, ids, texts, pages,
//! errors, live news, and the trait of the SQL catalogue. It imports nothing of ours.

pub mod app;
pub mod area;
pub mod bus;
pub mod calendar;
pub mod catalogue;
pub mod civil;
pub mod clock;
pub mod db;
pub mod diff;
pub mod error;
pub mod find;
pub mod fold;
pub mod id;
pub mod legal_hold;
pub mod live;
pub mod locale;
pub mod migration;
pub mod page;
pub mod personal;
pub mod repeat;
pub mod scope;
pub mod sealed;
pub mod session;
mod shelf;
pub mod text;
pub mod web;

pub use app::App;
pub use area::{Area, NavigationItem, Slot};
pub use db::{Connection, Db, Tx, View};
pub use error::Error;
pub use locale::Lang;
pub use personal::Personal;
pub use scope::{Capability, Scope};
pub use shelf::Shelf;
