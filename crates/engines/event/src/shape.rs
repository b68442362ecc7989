//! The names of a record's fields, shared by all records that have the same ones in the same order, as most records of a source do.

use super::names::Names;
use super::value::Text;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names of fields in the order of the record, each once.
#[derive(Debug)]
pub struct Shape {
    id: u64,
    list: Box<[Text]>,
    places: Names,
}

impl Shape {
    /// `None` where a name comes twice.
    pub fn new(names: Vec<Text>) -> Option<Arc<Self>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut places = Names::default();
        let once = names.iter().enumerate().all(|(place, name)| places.intern(name) == place);
        let id = || NEXT.fetch_add(1, Ordering::Relaxed);
        once.then(|| Arc::new(Self { id: id(), list: names.into(), places }))
    }

    /// A number that no other shape of this process has or had.
    pub fn id(&self) -> u64 {
        self.id
    }

    pub fn names(&self) -> &[Text] {
        &self.list
    }

    /// Where a name stands among them.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_places_and_come_once() {
        let names = |all: &[&str]| all.iter().map(|name| Text::from(*name)).collect::<Vec<_>>();
        let shape = Shape::new(names(&["b", "a", "a longer name than sixteen"])).unwrap();
        assert_eq!(
            (shape.place("a"), shape.place("a longer name than sixteen"), shape.place("c")),
            (Some(1), Some(2), None)
        );
        assert_ne!(shape.id(), Shape::new(names(&["b"])).unwrap().id());
        assert!(Shape::new(names(&["b", "a", "b"])).is_none());
        assert!(Shape::new(Vec::new()).unwrap().is_empty());
    }
}
