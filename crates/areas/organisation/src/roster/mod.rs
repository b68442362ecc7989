//! The duty roster: who is on watch at which post, from when until when, and what one shift leaves to the
//! next. Alerts and clocks need somebody to go to.

mod pages;
mod panel;
mod service;
mod store;
mod tables;
mod week;

pub use pages::routes;
pub use panel::duty_panel;
pub use service::{NewShift, add_shift, hand_over, remove_shift};
pub use store::{between, find, last_note, next_shifts, on_duty};
pub(crate) use store::{people_at_posts, people_on_watch};
pub use tables::ROSTER;

use kit::Personal;
use kit::clock::Micros;
use sea_orm::FromQueryResult;

/// One shift of one person.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Shift {
    pub id: String,
    pub agency_id: String,
    pub agency_name: String,
    pub person_id: String,
    pub person_name: String,
    pub phone: Personal,
    /// One of `posts` in `content/organisation/roster.toml`.
    pub post: String,
    pub starts_at: Micros,
    pub ends_at: Micros,
    /// What this shift left to the next; empty until it is written.
    pub note: String,
    pub note_at: Option<Micros>,
    /// Name of who wrote the note.
    pub note_by: String,
}

impl Shift {
    /// Key of the post's name.
    pub fn post_key(&self) -> String {
        format!("roster-post-{}", self.post)
    }

    pub fn runs_at(&self, at: Micros) -> bool {
        self.starts_at <= at && at < self.ends_at
    }
}
