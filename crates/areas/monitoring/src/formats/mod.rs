//! Formats in force (`content/formats/`), and how lines are read by them: the list, the page where lines are pasted and a format
//! is written for them, and the book by which one becomes a version that a second person approves.

mod api;
mod book;
pub(crate) mod pages;
pub mod reading;
mod saving;
mod workshop;

pub use book::Formats;

use kit::web::Routes;

/// The folder of `content/`.
pub const FOLDER: &str = "formats";

/// The formats in force.
pub type Shelf = kit::Shelf<ingest::FormatSet>;

pub fn routes() -> Routes {
    pages::routes().merge(workshop::routes()).merge(api::routes())
}

/// Path of a format that was written here.
pub(crate) fn path_of(name: &str) -> String {
    format!("{FOLDER}/{}.toml", name.trim().to_lowercase().replace('_', "-"))
}
