//! Who answers for an agency: its head, deputies and dedicated officers of cyber security, from a day and maybe until
//! one, and who stands in while one of them is on leave. A post gives no access: that is what roles are for.

mod pages;
mod posts;
mod service;
mod store;
mod tables;

pub use pages::routes;
pub use posts::{Post, posts};
pub use service::{NewAbsence, NewIncumbent, appoint, relieve, return_from_leave, substitute};
pub use store::{absences_of, holding, of_agency};
pub use tables::INCUMBENTS;

use kit::clock::Micros;
use sea_orm::FromQueryResult;

/// Somebody at a post of an agency.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Incumbent {
    pub id: String,
    pub agency_id: String,
    pub person_id: String,
    pub person_name: String,
    /// Identifier of a post in `content/agencies/posts.toml`.
    pub post: String,
    /// The decision that appointed them, as on paper.
    pub decision: String,
    pub starts_at: Micros,
    pub ends_at: Option<Micros>,
}

impl Incumbent {
    /// Key of the post's name.
    pub fn post_key(&self) -> String {
        format!("incumbent-post-{}", self.post)
    }

    pub fn holds_at(&self, at: Micros) -> bool {
        self.starts_at <= at && self.ends_at.is_none_or(|end| at < end)
    }
}

/// Leave of an incumbent with the person who stands in.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Absence {
    pub id: String,
    pub incumbent_id: String,
    pub substitute_id: String,
    pub substitute_name: String,
    pub starts_at: Micros,
    pub ends_at: Micros,
}

impl Absence {
    pub fn holds_at(&self, at: Micros) -> bool {
        self.starts_at <= at && at < self.ends_at
    }
}

/// Whom to ask at `at`: the incumbent, or who stands in.
pub fn acting<'a>(incumbent: &'a Incumbent, absences: &'a [Absence], at: Micros) -> (&'a str, &'a str) {
    let absence = absences.iter().find(|absence| absence.incumbent_id == incumbent.id && absence.holds_at(at));
    match absence {
        Some(absence) => (&absence.substitute_id, &absence.substitute_name),
        None => (&incumbent.person_id, &incumbent.person_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_substitute_answers_during_the_leave_and_not_a_moment_longer() {
        let incumbent = Incumbent {
            id: "i".into(),
            agency_id: "a".into(),
            person_id: "p".into(),
            person_name: "An".into(),
            post: "head".into(),
            decision: String::new(),
            starts_at: 0,
            ends_at: Some(100),
        };
        let absence = |incumbent: &str| Absence {
            id: "x".into(),
            incumbent_id: incumbent.into(),
            substitute_id: "q".into(),
            substitute_name: "Bình".into(),
            starts_at: 10,
            ends_at: 20,
        };
        let absences = [absence("other"), absence("i")];
        assert_eq!(acting(&incumbent, &absences, 9), ("p", "An"));
        assert_eq!(acting(&incumbent, &absences, 10), ("q", "Bình"));
        assert_eq!(acting(&incumbent, &absences, 20), ("p", "An"));
        assert_eq!(acting(&incumbent, &absences[..1], 15), ("p", "An"));
        assert!(incumbent.holds_at(99) && !incumbent.holds_at(100));
    }
}
