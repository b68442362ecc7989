//! Texts that were met: names of machines, people and programs come again and again.

use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// Places for them.
const PLACES: usize = 1 << 10;

/// Some of the texts that were met. Of two that want one place the later stays.
pub(crate) struct Seen<'t> {
    texts: Vec<&'t str>,
    hasher: RandomState,
}

impl Default for Seen<'_> {
    fn default() -> Self {
        Self { texts: vec![""; PLACES], hasher: RandomState::default() }
    }
}

impl<'t> Seen<'t> {
    fn place(&self, text: &str) -> usize {
        self.hasher.hash_one(text) as usize % PLACES
    }

    /// Whether just this text is remembered.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.texts.get(self.place(text)).is_some_and(|have| *have == text)
    }

    pub(crate) fn keep(&mut self, text: &'t str) {
        let place = self.place(text);
        if let Some(have) = self.texts.get_mut(place) {
            *have = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_remembered_until_another_takes_its_place() {
        let texts: Vec<String> = (0..4 * PLACES).map(|number| format!("may-{number}")).collect();
        let mut seen = Seen::default();
        for text in &texts {
            assert!(!seen.has(text));
            seen.keep(text);
            assert!(seen.has(text));
        }
        let kept = texts.iter().filter(|text| seen.has(text)).count();
        assert!((PLACES / 2..=PLACES).contains(&kept), "{kept}");
    }
}
