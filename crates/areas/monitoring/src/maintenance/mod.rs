//! Planned maintenance: a window of time in which a source, a system or an agency may be silent without that being news. Its
//! minutes are counted apart and nothing of them is called seen. Where that is asked for, a suppression of the same reach and
//! time holds back alerts, made and ended with it. Pure; rows are in `store`, acts in `service`.

mod api;
mod form;
mod pages;
pub mod service;
pub mod store;
pub mod tables;

use crate::rules::exceptions::Reach;
use crate::sources::rhythm::merged;
use crate::suppressions::Phase;
use kit::clock::Micros;
use kit::web::Routes;
use std::collections::BTreeSet;

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// A window with everything that people read of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintenance {
    pub id: String,
    pub reach: Reach,
    /// Name of the source, system or agency.
    pub reach_name: String,
    pub agency_id: Option<String>,
    pub reason: String,
    pub starts_at: Micros,
    pub ends_at: Micros,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: Micros,
    pub ended_by_name: Option<String>,
    pub ended_at: Option<Micros>,
    pub end_reason: Option<String>,
    /// The suppression that holds back alerts in the same time.
    pub suppression_id: Option<String>,
}

impl Maintenance {
    pub fn phase(&self, now: Micros) -> Phase {
        Phase::at(self.starts_at, self.ended_at.unwrap_or(self.ends_at), now)
    }
}

/// A window as it is held against silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub id: String,
    pub reach: Reach,
    /// Where it holds in an agency: that one and all below it.
    pub agencies: BTreeSet<String>,
    pub reason: String,
    pub from: Micros,
    /// Exclusive.
    pub to: Micros,
}

impl Planned {
    /// Whether it is about all of a system.
    pub fn covers_system(&self, system_id: &str, agency_id: &str) -> bool {
        match &self.reach {
            Reach::Centre => true,
            Reach::Agency(_) => self.agencies.contains(agency_id),
            Reach::System(id) => id == system_id,
            Reach::Source(_) => false,
        }
    }

    /// Whether it is about a source, itself or with what it belongs to.
    pub fn covers_source(&self, source_id: &str, system_id: Option<&str>, agency_id: Option<&str>) -> bool {
        match &self.reach {
            Reach::Centre => true,
            Reach::Agency(_) => agency_id.is_some_and(|id| self.agencies.contains(id)),
            Reach::System(id) => system_id == Some(id.as_str()),
            Reach::Source(id) => id == source_id,
        }
    }
}

/// The times that are planned for a source, in order.
pub fn of_source(
    planned: &[Planned],
    source_id: &str,
    system_id: Option<&str>,
    agency_id: Option<&str>,
) -> Vec<(Micros, Micros)> {
    let about = planned.iter().filter(|one| one.covers_source(source_id, system_id, agency_id));
    merged(about.map(|one| (one.from, one.to)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(reach: Reach) -> Planned {
        let agencies = ["a".to_owned(), "below-a".to_owned()].into();
        Planned { id: "m".into(), reach, agencies, reason: String::new(), from: 1, to: 2 }
    }

    #[test]
    fn it_is_about_what_it_names_and_what_belongs_to_that() {
        let about = |reach: Reach, agency: &str| planned(reach).covers_source("s", Some("y"), Some(agency));
        let agency = || Reach::Agency("a".into());
        assert!(about(Reach::Centre, "b") && about(agency(), "a") && about(agency(), "below-a"));
        assert!(!about(agency(), "b") && about(Reach::System("y".into()), "b"));
        assert!(!about(Reach::System("z".into()), "a") && about(Reach::Source("s".into()), "b"));
        assert!(!planned(Reach::Source("s".into())).covers_system("y", "a"), "the other sources go on");
        assert!(!planned(agency()).covers_source("s", None, None), "what is nobody's is of no agency");
    }
}
