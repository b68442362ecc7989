//! How a pattern is put together, for people who read it.

use super::Pattern;
use super::glob::Segment;

/// What stands around and inside a pattern's literals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) open_start: bool,
    pub(crate) open_end: bool,
    /// One literal, or nothing at all, without wildcards inside.
    pub(crate) is_plain: bool,
    pub(crate) cased: bool,
    /// All literals one after another; folded where letter case does not count.
    pub(crate) literals: String,
}

impl Pattern {
    pub(crate) fn shape(&self) -> Shape {
        Shape {
            open_start: self.open_start,
            open_end: self.open_end,
            is_plain: match self.segments.as_slice() {
                [] => !self.open_start,
                [one] => one.as_literal().is_some(),
                _ => false,
            },
            cased: self.cased,
            literals: self.segments.iter().flat_map(Segment::literals).collect(),
        }
    }
}
