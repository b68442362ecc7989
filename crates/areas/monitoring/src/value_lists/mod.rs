//! Lists of values that the centre keeps by name: administrators, servers, service accounts. Events are told on which lists
//! their names stand, and rules with the `expand` modifier take a list of the whole centre for their `%name%`. A value kept
//! for an agency counts in its events and in those of the agencies below it alone. Pure; rows are in `store`, acts in
//! `service`.

mod form;
mod pages;
pub mod service;
mod sheet;
pub mod store;
pub mod tables;

pub use sheet::{import_sheet, read_sheet};

use crate::alerts::grouping::hash;
use crate::enrichment::Noun;
use kit::clock::Micros;
use kit::web::Routes;

/// What its pages are called.
const NOUN: Noun = Noun { key: "value-list", path: "/value-lists" };

pub fn routes() -> Routes {
    pages::routes().merge(form::routes())
}

/// A value on a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedValue {
    pub id: String,
    /// Name of the list, as rules write it.
    pub list: String,
    pub value: String,
    /// In whose events it counts; none for all.
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub agency_code: Option<String>,
    pub note: String,
    pub updated_at: Micros,
}

/// Identity of a value: it stands on a list once for one agency, in whatever case.
fn identity(list: &str, value: &str, agency_id: Option<&str>) -> String {
    hash(&[list, &value.to_lowercase(), agency_id.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_on_a_list_once_for_one_agency() {
        assert_eq!(identity("a", "Root", None), identity("a", "root", None));
        assert_ne!(identity("a", "root", None), identity("b", "root", None));
        assert_ne!(identity("a", "root", None), identity("a", "root", Some("x")));
    }
}
