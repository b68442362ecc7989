//! Patterns while modifiers work on them: bytes rather than text, because `utf16` makes bytes that only
//! `base64` turns into text again. Sigma specification 2.1, modifiers: encoding, windash.

use super::Piece;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Why a modifier cannot be applied to a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("base64 cannot encode a value with wildcards")]
    Wildcard,
    #[error("UTF-16 text must be followed by base64 or base64offset, else it is no text")]
    NotText,
    #[error("windash expands at most three dashes in one value; split the value into several")]
    TooManyDashes,
}

/// One element of a pattern being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fragment {
    Bytes(Vec<u8>),
    One,
    Many,
}

/// A pattern being built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Draft {
    pub(crate) fragments: Vec<Fragment>,
}

/// Characters that stand for each other before a Windows option.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];
const MAX_DASHES: usize = 3;

impl Draft {
    pub(crate) fn open_start(&mut self) {
        if self.fragments.first() != Some(&Fragment::Many) {
            self.fragments.insert(0, Fragment::Many);
        }
    }

    pub(crate) fn open_end(&mut self) {
        if self.fragments.last() != Some(&Fragment::Many) {
            self.fragments.push(Fragment::Many);
        }
    }

    fn only_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let mut all = Vec::new();
        for fragment in &self.fragments {
            match fragment {
                Fragment::Bytes(bytes) => all.extend_from_slice(bytes),
                _ => return Err(EncodeError::Wildcard),
            }
        }
        Ok(all)
    }

    fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { fragments: vec![Fragment::Bytes(bytes)] }
    }

    pub(crate) fn base64(&self) -> Result<Self, EncodeError> {
        Ok(Self::of_bytes(STANDARD.encode(self.only_bytes()?).into_bytes()))
    }

    /// The three texts of which one must appear wherever the bytes stand in base64-encoded data: characters that
    /// depend on what comes before or after are cut off.
    pub(crate) fn base64_offsets(&self) -> Result<Vec<Self>, EncodeError> {
        let bytes = self.only_bytes()?;
        let variants = (0..3usize).map(|offset| {
            let mut shifted = vec![b' '; offset];
            shifted.extend_from_slice(&bytes);
            let encoded = STANDARD.encode(&shifted);
            // One or two bytes before spoil two or three characters; what is left of the last group spoils one
            // more character than its padding is long.
            let start = [0, 2, 3].get(offset).copied().unwrap_or(0);
            let spoilt = match shifted.len() % 3 {
                0 => 0,
                1 => 3,
                _ => 2,
            };
            let end = encoded.len().saturating_sub(spoilt);
            Self::of_bytes(encoded.get(start..end).unwrap_or_default().as_bytes().to_vec())
        });
        Ok(variants.collect())
    }

    /// UTF-16 with the given byte order, after an optional byte order mark.
    pub(crate) fn utf16(&self, big_endian: bool, mark: bool) -> Result<Self, EncodeError> {
        let mut fragments = Vec::with_capacity(self.fragments.len() + 1);
        if mark {
            fragments.push(Fragment::Bytes(if big_endian { vec![0xFE, 0xFF] } else { vec![0xFF, 0xFE] }));
        }
        for fragment in &self.fragments {
            fragments.push(match fragment {
                Fragment::Bytes(bytes) => {
                    let text = std::str::from_utf8(bytes).map_err(|_| EncodeError::NotText)?;
                    let units = text.encode_utf16();
                    let wide = units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() });
                    Fragment::Bytes(wide.collect())
                }
                other => other.clone(),
            });
        }
        Ok(Self { fragments })
    }

    /// Every spelling with each dash or slash before a word replaced by each of the five dashes.
    pub(crate) fn windash(&self) -> Result<Vec<Self>, EncodeError> {
        let mut count = 0;
        let mut variants = vec![Self::default()];
        for fragment in &self.fragments {
            let Fragment::Bytes(bytes) = fragment else {
                variants.iter_mut().for_each(|variant| variant.fragments.push(fragment.clone()));
                continue;
            };
            let text = std::str::from_utf8(bytes).map_err(|_| EncodeError::NotText)?;
            let mut from = 0;
            for at in dashes(text) {
                count += 1;
                if count > MAX_DASHES {
                    return Err(EncodeError::TooManyDashes);
                }
                let before = text.get(from..at).unwrap_or_default();
                from = at + 1;
                let spellings = variants.iter().flat_map(|variant| {
                    DASHES.iter().map(|dash| {
                        let mut next = variant.clone();
                        next.push_text(&format!("{before}{dash}"));
                        next
                    })
                });
                variants = spellings.collect();
            }
            let tail = text.get(from..).unwrap_or_default();
            variants.iter_mut().for_each(|variant| variant.push_text(tail));
        }
        Ok(variants)
    }

    fn push_text(&mut self, text: &str) {
        match self.fragments.last_mut() {
            _ if text.is_empty() => {}
            Some(Fragment::Bytes(bytes)) => bytes.extend_from_slice(text.as_bytes()),
            _ => self.fragments.push(Fragment::Bytes(text.as_bytes().to_vec())),
        }
    }

    pub(crate) fn finish(&self) -> Result<Vec<Piece>, EncodeError> {
        let pieces = self.fragments.iter().map(|fragment| match fragment {
            Fragment::Bytes(bytes) => {
                String::from_utf8(bytes.clone()).map(Piece::Literal).map_err(|_| EncodeError::NotText)
            }
            Fragment::One => Ok(Piece::One),
            Fragment::Many => Ok(Piece::Many),
        });
        pieces.collect()
    }
}

/// Byte positions of `-` and `/` that follow no word character and precede one: in `-a-b` only the first.
fn dashes(text: &str) -> Vec<usize> {
    let word = |character: char| character.is_alphanumeric() || character == '_';
    let mut before = None;
    let mut found = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if matches!(character, '-' | '/')
            && !before.is_some_and(word)
            && characters.peek().is_some_and(|(_, next)| word(*next))
        {
            found.push(at);
        }
        before = Some(character);
    }
    found
}
