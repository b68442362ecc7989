//! Sigma's string patterns: literals with `*` (any run) and `?` (one character). A pattern is compared with the
//! whole text; `contains`, `startswith` and `endswith` are only stars put around it.

mod encode;
mod glob;
mod shape;

pub(crate) use encode::{Draft, Fragment};
pub(crate) use glob::{fold, with_folded};
pub(crate) use shape::Shape;

use glob::Segment;

/// One element of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    Literal(String),
    /// `?`: exactly one character.
    One,
    /// `*`: any run of characters, also none.
    Many,
}

/// What a pattern needs to find before it can match; used to choose candidates, never to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Necessity<'a> {
    /// The whole text equals this, letter case aside.
    Whole(&'a str),
    /// The text contains this, letter case aside.
    Part(&'a str),
    /// Nothing but the presence of a text.
    Text,
}

/// A compiled pattern. Literals of a case-insensitive pattern are stored folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    cased: bool,
    /// The pattern begins (ends) with `*`.
    open_start: bool,
    open_end: bool,
    /// What stands between the stars.
    segments: Vec<Segment>,
}

impl Pattern {
    pub(crate) fn new(pieces: &[Piece], cased: bool) -> Self {
        let mut segments = Vec::new();
        let mut current = Segment::default();
        for piece in pieces {
            match piece {
                Piece::Literal(text) if cased => current.push_literal(text),
                Piece::Literal(text) => current.push_literal(&fold(text)),
                Piece::One => current.push_one(),
                Piece::Many => {
                    if !current.is_empty() {
                        segments.push(std::mem::take(&mut current));
                    }
                }
            }
        }
        if !current.is_empty() {
            segments.push(current);
        }
        segments.iter_mut().for_each(Segment::finish);
        let open_start = matches!(pieces.first(), Some(Piece::Many));
        let open_end = matches!(pieces.last(), Some(Piece::Many));
        Self { cased, open_start, open_end, segments }
    }

    /// Whether letter case counts; if not, [`Pattern::matches`] wants folded text.
    pub(crate) fn is_cased(&self) -> bool {
        self.cased
    }

    /// Compares with the whole text. The text must be folded unless the pattern is cased.
    pub(crate) fn matches(&self, text: &str) -> bool {
        glob::matches(&self.segments, self.open_start, self.open_end, text)
    }

    pub(crate) fn necessity(&self) -> Necessity<'_> {
        if let [segment] = self.segments.as_slice()
            && !self.open_start
            && !self.open_end
            && let Some(whole) = segment.as_literal()
        {
            return Necessity::Whole(whole);
        }
        if self.segments.is_empty() && !self.open_start {
            return Necessity::Whole("");
        }
        let longest = self.segments.iter().flat_map(Segment::literals).max_by_key(|literal| literal.len());
        longest.map_or(Necessity::Text, Necessity::Part)
    }
}

#[cfg(test)]
mod tests;
