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
pub(crate) use store::{people_on_watch, standing_at_posts};
pub use tables::ROSTER;

use crate::policies::Step;
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

/// For whom somebody on a roster is told of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    /// On the centre's watch: of everything.
    Centre,
    /// On that of another agency, where nobody acknowledged what is about it or what lies below it.
    Agency,
    /// On that of another agency, at a post that no step of escalation calls.
    Nobody,
}

impl Called {
    /// Key of the sentence that says so.
    fn key(self) -> &'static str {
        match self {
            Self::Centre => "roster-called-centre",
            Self::Agency => "roster-called-agency",
            Self::Nobody => "roster-called-nobody",
        }
    }
}

/// What becomes of a shift of an agency at a post; `steps` call posts.
fn called(is_centre: bool, post: &str, steps: &[Step]) -> Called {
    let is_called = || steps.iter().any(|step| step.posts.iter().any(|one| one == post));
    match is_centre {
        true => Called::Centre,
        false if is_called() => Called::Agency,
        false => Called::Nobody,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_elsewhere_is_called_at_the_posts_of_a_step_alone() {
        let step = |posts: &[&str]| Step {
            minutes: 10,
            posts: posts.iter().map(|post| (*post).to_owned()).collect(),
            roles: Vec::new(),
        };
        let steps = [step(&["lead"]), step(&[]), step(&["standby"])];
        assert_eq!(called(true, "analyst", &steps), Called::Centre);
        for (post, expected) in [("lead", Called::Agency), ("standby", Called::Agency), ("analyst", Called::Nobody)] {
            assert_eq!(called(false, post, &steps), expected, "{post}");
        }
    }
}
