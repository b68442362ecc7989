//! Names in a search that stand for something that no record holds, such as what registers call a network. Whoever asks
//! knows what they mean and hands it over with the question; this engine puts it in their place.

use super::language::{Field, Node, Query, Term, Test};
use super::parser::MOST;
use super::tokens::problem;
use crate::StoreError;

/// What is asked of a field, as it stands in the search, and what it means.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<(String, Test, Node)>);

impl Names {
    pub fn insert(&mut self, field: &str, test: &Test, meaning: Node) {
        self.0.push((field.to_owned(), test.clone(), meaning));
    }

    fn meaning(&self, field: &str, test: &Test) -> Option<&Node> {
        self.0.iter().find(|(name, asked, _)| name == field && asked == test).map(|(.., meaning)| meaning)
    }
}

impl Query {
    /// What is asked of fields that hold names, each once.
    pub fn names(&self, holds_names: impl Fn(&str) -> bool) -> Vec<(String, Test)> {
        let mut found = Vec::new();
        gather(&self.root, &holds_names, &mut found);
        found
    }

    /// The same search with what the names mean.
    ///
    /// # Errors
    /// `Search` where that makes too many terms.
    pub fn with_names(self, names: &Names) -> Result<Self, StoreError> {
        if names.0.is_empty() {
            return Ok(self);
        }
        let root = replaced(self.root, names);
        if terms(&root) > MOST {
            let words = format!("a search has at most {MOST} terms");
            return Err(problem(0, "search-too-many-terms", MOST, words, ""));
        }
        Ok(Self { root })
    }
}

fn gather(node: &Node, holds_names: &impl Fn(&str) -> bool, found: &mut Vec<(String, Test)>) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| gather(node, holds_names, found)),
        Node::Not(inner) => gather(inner, holds_names, found),
        Node::Term(Term { field: Field::Own(field), test }) if holds_names(field) => {
            let one = (field.clone(), test.clone());
            if !found.contains(&one) {
                found.push(one);
            }
        }
        Node::Term(_) | Node::All => {}
    }
}

fn replaced(node: Node, names: &Names) -> Node {
    let each = |nodes: Vec<Node>| nodes.into_iter().map(|node| replaced(node, names)).collect();
    match node {
        Node::And(nodes) => Node::And(each(nodes)),
        Node::Or(nodes) => Node::Or(each(nodes)),
        Node::Not(inner) => Node::Not(Box::new(replaced(*inner, names))),
        Node::Term(Term { field: Field::Own(field), test }) => match names.meaning(&field, &test) {
            Some(meaning) => meaning.clone(),
            None => Node::Term(Term { field: Field::Own(field), test }),
        },
        node => node,
    }
}

fn terms(node: &Node) -> usize {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().map(terms).sum(),
        Node::Not(inner) => terms(inner),
        Node::Term(_) => 1,
        Node::All => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::language::{Bound, Predicate};
    use crate::search::parse;
    use event::{Column, Event, Value};
    use jiff::tz::TimeZone;

    fn query(text: &str) -> Query {
        parse(text, &TimeZone::UTC).unwrap()
    }

    fn text_of(name: &str) -> Test {
        Test::Text(name.to_owned())
    }

    fn network(text: &str) -> Node {
        Node::Term(Term { field: Field::Column("source_ip"), test: Test::Network(text.parse().unwrap()) })
    }

    #[test]
    fn a_name_means_what_the_asker_says_wherever_it_stands() {
        let text = "failed and (place:\"The Office\" or not place:dmz) and other:dmz";
        let query = query(text);
        let asked = query.names(|field| field == "place");
        let place = |name: &str| ("place".to_owned(), text_of(name));
        assert_eq!(asked, [place("The Office"), place("dmz")]);
        let mut names = Names::default();
        names.insert("place", &text_of("The Office"), network("10.1.0.0/16"));
        names.insert("place", &text_of("dmz"), Node::Or(Vec::new()));
        let named = query.clone().with_names(&names).unwrap();
        assert!(named.names(|field| field == "place").is_empty());
        assert_eq!(named.unknown_fields().len(), 1, "the other field is still one of a record's own");
        assert_eq!(query.clone().with_names(&Names::default()).unwrap(), query);
    }

    #[test]
    fn a_name_that_nobody_has_finds_nothing() {
        let mut event = Event::default();
        event.columns.set(Column::SourceIp, &Value::from("10.1.2.3"));
        let mut names = Names::default();
        names.insert("place", &text_of("office"), network("10.1.0.0/16"));
        names.insert("place", &text_of("nowhere"), Node::Or(Vec::new()));
        let matches = |text: &str| query(text).with_names(&names).unwrap().matches(&event);
        assert!(matches("place:office") && !matches("place:nowhere") && matches("not place:nowhere"));
        assert!(!matches("not place:office"));
    }

    #[test]
    fn what_somebody_else_knows_is_asked_of_the_value_and_of_nothing_where_there_is_none() {
        let mut event = Event::default();
        event.columns.set(Column::SourceIp, &Value::from("10.1.2.3"));
        let inside = Predicate::new(|address| address.starts_with("10."));
        let known = |column| Node::Term(Term { field: Field::Column(column), test: Test::Known(inside.clone()) });
        let wanted = Test::Range { low: Bound::Including(4.0), high: Bound::Open };
        let mut names = Names::default();
        names.insert("level", &wanted, known("source_ip"));
        names.insert("level", &Test::Exists, known("destination_ip"));
        let matches = |text: &str| query(text).with_names(&names).unwrap().matches(&event);
        assert!(matches("level:>=4") && !matches("not level:>=4"));
        assert!(!matches("level:*") && matches("not level:*"));
        assert!(!matches("level:>=5"), "another question is one to the record");
        assert_eq!(inside, inside.clone());
        assert_ne!(inside, Predicate::new(|address| address.starts_with("10.")));
    }

    #[test]
    fn a_name_for_too_much_is_refused() {
        let mut names = Names::default();
        names.insert("place", &text_of("all"), Node::Or((0..=MOST).map(|_| network("10.1.0.0/16")).collect()));
        let refused = query("place:all").with_names(&names).unwrap_err();
        assert!(matches!(refused, StoreError::Search { position: 0, .. }), "{refused}");
    }
}
