//! Matching of wildcard patterns: each stretch between stars is looked for from left to right, which is enough
//! because a star takes whatever lies between. Never backtracks over more than one stretch.

use super::Piece;
use memchr::memmem::Finder;

/// Letter case folded one character at a time, so that a text's folding does not depend on its neighbours
/// (`str::to_lowercase` treats a final sigma differently).
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Hands on the folded text, which most texts are already.
pub(crate) fn with_folded<R>(text: &str, read: impl FnOnce(&str) -> R) -> R {
    match text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        true => read(&fold(text)),
        false => read(text),
    }
}

/// A stretch without `*`.
#[derive(Clone, Default)]
pub(crate) struct Segment {
    pieces: Vec<Piece>,
    /// Length in characters.
    length: usize,
    /// Of a stretch that is one literal; made once all is pushed.
    finder: Option<Finder<'static>>,
}

impl PartialEq for Segment {
    fn eq(&self, other: &Self) -> bool {
        self.pieces == other.pieces
    }
}

impl Eq for Segment {}

impl std::fmt::Debug for Segment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pieces.fmt(formatter)
    }
}

impl Segment {
    pub(super) fn push_literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.length += text.chars().count();
        match self.pieces.last_mut() {
            Some(Piece::Literal(before)) => before.push_str(text),
            _ => self.pieces.push(Piece::Literal(text.to_owned())),
        }
    }

    pub(super) fn push_one(&mut self) {
        self.length += 1;
        self.pieces.push(Piece::One);
    }

    /// To be called when nothing more will be pushed.
    pub(super) fn finish(&mut self) {
        self.finder = self.as_literal().map(|literal| Finder::new(literal).into_owned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The text of a segment that is one literal.
    pub(super) fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// What is left of `text` after this segment, matched at its beginning.
    fn strip<'t>(&self, mut text: &'t str) -> Option<&'t str> {
        for piece in &self.pieces {
            text = match piece {
                Piece::Literal(literal) => text.strip_prefix(literal.as_str())?,
                Piece::One | Piece::Many => {
                    let mut characters = text.chars();
                    characters.next()?;
                    characters.as_str()
                }
            };
        }
        Some(text)
    }

    /// Whether `text` ends with this segment.
    fn ends(&self, text: &str) -> bool {
        if let Some(literal) = self.as_literal() {
            return text.ends_with(literal);
        }
        let start = match self.length.checked_sub(1) {
            None => Some(text.len()),
            Some(back) => text.char_indices().rev().nth(back).map(|(at, _)| at),
        };
        start.and_then(|at| text.get(at..)).and_then(|tail| self.strip(tail)).is_some_and(str::is_empty)
    }

    /// What is left after the first place where this segment fits.
    fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        if let Some(finder) = &self.finder {
            return finder.find(text.as_bytes()).and_then(|at| text.get(at + finder.needle().len()..));
        }
        let mut rest = text;
        loop {
            if let Some(after) = self.strip(rest) {
                return Some(after);
            }
            let mut characters = rest.chars();
            characters.next()?;
            rest = characters.as_str();
        }
    }
}

pub(super) fn matches(segments: &[Segment], open_start: bool, open_end: bool, text: &str) -> bool {
    let Some((last, before)) = segments.split_last() else {
        // Nothing but stars, or nothing at all.
        return open_start || text.is_empty();
    };
    let mut rest = text;
    let mut middle = before;
    if !open_start {
        let (first, others) = match before.split_first() {
            Some((first, others)) => (first, others),
            None => {
                return match last.strip(rest) {
                    Some(after) => open_end || after.is_empty(),
                    None => false,
                };
            }
        };
        match first.strip(rest) {
            Some(after) => rest = after,
            None => return false,
        }
        middle = others;
    }
    for segment in middle {
        match segment.find(rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    if open_end { last.find(rest).is_some() } else { last.ends(rest) }
}
