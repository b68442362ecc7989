//! Names of fields that are no columns. They may be fields of a record's own format, so they are no mistake; where
//! nothing was found, they are the likeliest reason and are named, with the column that was perhaps meant.

use super::language::{Field, Node, Query};
use crate::columns;
use crate::mistake::{distance, plain};
use serde::Serialize;

/// A field that is no common column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownField {
    pub field: String,
    /// The column of the nearest name.
    pub meant: Option<&'static str>,
}

impl Query {
    /// Fields of the text that are no common columns, each once.
    pub fn unknown_fields(&self) -> Vec<UnknownField> {
        let mut names = Vec::new();
        gather(&self.root, &mut names);
        names.into_iter().map(|name| UnknownField { meant: nearest(name), field: name.to_owned() }).collect()
    }
}

fn gather<'q>(node: &'q Node, names: &mut Vec<&'q str>) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| gather(node, names)),
        Node::Not(inner) => gather(inner, names),
        Node::Term(term) => {
            if let Field::Own(name) = &term.field
                && !names.contains(&name.as_str())
            {
                names.push(name);
            }
        }
        Node::All => {}
    }
}

/// The column whose name differs by two letters at the most, or holds the same letters otherwise written.
fn nearest(name: &str) -> Option<&'static str> {
    let wanted = plain(name);
    let near = columns::docs().into_iter().map(|doc| (distance(&wanted, &plain(doc.name)), doc.name));
    let (far, name) = near.min_by_key(|(far, _)| *far)?;
    (far <= 2 && far * 3 < wanted.len()).then_some(name)
}
