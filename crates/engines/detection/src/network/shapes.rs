//! Which of a network's fields the names of a shape are, found out once.

use super::Network;
use event::Shape;
use std::collections::HashMap;

/// Shapes that one thread remembers of one network. A source has a few dozen; senders who make up names gain nothing by it.
const MOST_SHAPES: usize = 512;

/// By shape: the number of the network's field for each of its names.
#[derive(Debug, Default)]
pub(crate) struct ShapeSlots {
    known: HashMap<u64, Box<[Option<usize>]>, ahash::RandomState>,
}

impl ShapeSlots {
    pub(crate) fn of(&mut self, shape: &Shape, network: &Network) -> &[Option<usize>] {
        if self.known.len() >= MOST_SHAPES && !self.known.contains_key(&shape.id()) {
            self.known.clear();
        }
        let slots = || shape.names().iter().map(|name| network.slot_of(name)).collect();
        self.known.entry(shape.id()).or_insert_with(slots)
    }
}
