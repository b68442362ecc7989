//! From roles to a scope. A session acts for one reach at a time: an agency, or the whole centre. It holds the
//! capabilities of every role that covers that reach, so an officer of A who audits B never audits A or
//! operates B.

use super::Grant;
use crate::policies::{Policies, Reach, Role};
use kit::Capability;
use kit::clock::Micros;
use kit::scope::Agencies;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What a session may do where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// `None`: the whole centre.
    pub agency_id: Option<String>,
    pub capabilities: BTreeSet<Capability>,
    /// Whether one of its roles reads raw events of everything it reaches.
    pub raw_events: bool,
    /// Role whose name is shown: the one with the most capabilities here.
    pub role: String,
}

impl Acting {
    pub fn agencies(&self) -> Agencies {
        match &self.agency_id {
            None => Agencies::All,
            Some(id) => Agencies::Under([id.clone()].into()),
        }
    }

    /// Agencies whose raw events may be read, with those for which an elevation runs.
    pub fn event_agencies(&self, elevated: impl IntoIterator<Item = String>) -> Agencies {
        let mut agencies = if self.raw_events { self.agencies() } else { Agencies::Under(BTreeSet::new()) };
        if let Agencies::Under(roots) = &mut agencies {
            roots.extend(elevated);
        }
        agencies
    }
}

/// Agency a grant reaches; `None` for the whole centre.
fn reached<'grant>(grant: &'grant Grant, role: &Role) -> Option<&'grant str> {
    if role.reach == Reach::Province || grant.at_root { None } else { Some(&grant.agency_id) }
}

/// What somebody wishes to act for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish<'id> {
    None,
    WholeCentre,
    Agency(&'id str),
}

impl Wish<'_> {
    fn is_for(self, choice: &Acting) -> bool {
        match self {
            Self::None => false,
            Self::WholeCentre => choice.agency_id.is_none(),
            Self::Agency(id) => choice.agency_id.as_deref() == Some(id),
        }
    }
}

/// The reaches a person may choose among at `now`: first where the person may do most; of equals an agency before the whole
/// centre, then in order of the grants.
pub fn choices(policies: &Policies, grants: &[Grant], now: Micros) -> Vec<Acting> {
    let held: Vec<_> = grants
        .iter()
        .filter(|grant| grant.holds_at(now))
        .filter_map(|grant| policies.role(&grant.role).map(|role| (reached(grant, role), role)))
        .collect();
    let mut places: Vec<Option<&str>> = Vec::new();
    for (place, _) in &held {
        if !places.contains(place) {
            places.push(*place);
        }
    }
    let mut choices: Vec<_> = places
        .into_iter()
        .map(|place| {
            // A role for the whole centre covers an agency too; a role at one agency covers no other, even if
            // one lies below the other: the tree may change while the session lasts.
            let here = held.iter().filter(|(reach, _)| reach.is_none() || *reach == place).map(|(_, role)| *role);
            let roles: Vec<_> = here.collect();
            let own = held.iter().filter(|(reach, _)| *reach == place).map(|(_, role)| *role);
            let shown = own.max_by_key(|role| role.capabilities.len());
            Acting {
                agency_id: place.map(ToOwned::to_owned),
                raw_events: roles.iter().any(|role| role.reads_raw_events()),
                capabilities: roles.iter().flat_map(|role| role.capabilities.iter().copied()).collect(),
                role: shown.map(|role| role.id.clone()).unwrap_or_default(),
            }
        })
        .collect();
    choices.sort_by_key(|choice: &Acting| (Reverse(choice.capabilities.len()), choice.agency_id.is_none()));
    choices
}

/// What a person may do at `now` at an agency, by every role that covers it. `above` is the agency itself and all above
/// it in the tree, in this order.
pub fn over(policies: &Policies, grants: &[Grant], now: Micros, above: &[String]) -> Acting {
    let held = grants.iter().filter(|grant| grant.holds_at(now));
    let held = held.filter_map(|grant| policies.role(&grant.role).map(|role| (reached(grant, role), role)));
    let roles: Vec<_> = held.filter(|(place, _)| place.is_none_or(|id| above.iter().any(|one| one == id))).collect();
    Acting {
        agency_id: Some(above.first().cloned().unwrap_or_default()),
        raw_events: roles.iter().any(|(_, role)| role.reads_raw_events()),
        capabilities: roles.iter().flat_map(|(_, role)| role.capabilities.iter().copied()).collect(),
        role: String::new(),
    }
}

/// The reach a session acts for: the one wished for if the person still has it, else the first. Nobody's roles
/// give a reach to nothing.
pub fn acting(policies: &Policies, grants: &[Grant], now: Micros, wish: Wish<'_>) -> Acting {
    let mut choices = choices(policies, grants, now);
    let place = choices.iter().position(|choice| wish.is_for(choice)).unwrap_or(0);
    if choices.is_empty() {
        return Acting {
            agency_id: Some(String::new()),
            capabilities: BTreeSet::new(),
            raw_events: false,
            role: String::new(),
        };
    }
    choices.swap_remove(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: &str, agency: &str, ends_at: Option<Micros>) -> Grant {
        Grant {
            id: format!("{role}@{agency}"),
            person_id: "p".into(),
            role: role.into(),
            agency_id: agency.into(),
            agency_name: agency.into(),
            at_root: agency == "root",
            starts_at: 10,
            ends_at,
        }
    }

    #[test]
    fn roles_at_two_agencies_do_not_mix() {
        let policies = Policies::embedded().unwrap();
        let grants = [grant("officer", "a", None), grant("leader", "b", None)];
        let at_a = acting(&policies, &grants, 20, Wish::Agency("a"));
        assert!(at_a.capabilities.contains(&Capability::ManageSystems));
        assert!(!at_a.capabilities.contains(&Capability::ApproveNotices));
        let at_b = acting(&policies, &grants, 20, Wish::Agency("b"));
        assert!(at_b.capabilities.contains(&Capability::ApproveNotices));
        assert!(!at_b.capabilities.contains(&Capability::ManageSystems));
        assert_eq!(at_b.agencies(), Agencies::Under(["b".to_owned()].into()));
    }

    #[test]
    fn a_role_counts_only_between_its_start_and_its_end() {
        let policies = Policies::embedded().unwrap();
        let grants = [grant("officer", "a", Some(30))];
        assert!(choices(&policies, &grants, 9).is_empty());
        assert_eq!(choices(&policies, &grants, 10).len(), 1);
        assert!(choices(&policies, &grants, 30).is_empty());
        let nothing = acting(&policies, &grants, 30, Wish::None);
        assert!(nothing.capabilities.is_empty());
        assert_ne!(nothing.agencies(), Agencies::All);
    }

    #[test]
    fn the_first_reach_is_where_most_may_be_done_and_a_foreign_wish_falls_back_to_it() {
        let policies = Policies::embedded().unwrap();
        let grants = [grant("officer", "a", None), grant("finance", "c", None)];
        for wish in [Wish::None, Wish::Agency("z"), Wish::Agency("a")] {
            let at_a = acting(&policies, &grants, 20, wish);
            assert_eq!((at_a.agency_id.as_deref(), at_a.role.as_str()), (Some("a"), "officer"), "{wish:?}");
            assert!(at_a.capabilities.contains(&Capability::ViewAlerts));
        }
        let whole = acting(&policies, &grants, 20, Wish::WholeCentre);
        assert_eq!((whole.agency_id.as_deref(), whole.role.as_str()), (None, "finance"));
        assert_eq!(acting(&policies, &[grant("leader", "root", None)], 20, Wish::None).agencies(), Agencies::All);
    }

    #[test]
    fn over_an_agency_count_the_roles_there_and_above_it_alone() {
        let policies = Policies::embedded().unwrap();
        let above = ["office", "a", "root"].map(ToOwned::to_owned);
        let over = |grants: &[Grant]| over(&policies, grants, 20, &above).capabilities;
        assert!(over(&[grant("officer", "a", None)]).contains(&Capability::ManageSources));
        assert!(over(&[grant("officer", "office", None)]).contains(&Capability::ManageSources));
        assert!(over(&[grant("coordinator", "c", None)]).contains(&Capability::ManageSources), "the whole centre");
        for grants in [grant("officer", "b", None), grant("officer", "below", None), grant("officer", "a", Some(20))] {
            assert!(over(&[grants]).is_empty());
        }
        assert_eq!(super::over(&policies, &[], 20, &above).agency_id.as_deref(), Some("office"));
    }

    #[test]
    fn a_role_that_no_file_knows_gives_nothing() {
        let policies = Policies::embedded().unwrap();
        assert!(choices(&policies, &[grant("emperor", "root", None)], 20).is_empty());
    }
}
