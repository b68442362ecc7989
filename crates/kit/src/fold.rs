//! Vietnamese text made comparable: folded for search (`bao mat` finds `bảo mật`, hòa equals hoà) and keyed
//! for order (a ă â … d đ). Registers store both beside the text, in `*_fold` and `*_sort` columns.

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

static COLLATOR: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| Collator::try_new(icu_locale(), CollatorOptions::default()).ok());

fn icu_locale() -> icu_collator::CollatorPreferences {
    icu_collator::CollatorPreferences::from(&icu_locale_core::locale!("vi"))
}

/// Text of machines, and text to be compared: NFC, without signs that nobody types, no blanks around it. What people type
/// goes through [`crate::text`], which takes nothing away.
pub fn normalise(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !is_invisible(*letter)).nfc().collect();
    text.trim().to_owned()
}

/// Signs that nobody types: control characters, which databases and documents do not take, and those that turn the
/// direction of writing, which make a text look like another.
fn is_invisible(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
        || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

/// Lower case without accents, đ as d, blanks collapsed.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut blank = true;
    for letter in text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'đ' => folded.push('d'),
            letter if letter.is_whitespace() => {
                if !blank {
                    folded.push(' ');
                }
            }
            letter => folded.push(letter),
        }
        blank = letter.is_whitespace();
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// Key whose byte order is Vietnamese order, as hexadecimal text so that every database sorts it alike.
pub fn sort_key(text: &str) -> String {
    let mut key = Vec::new();
    if let Some(collator) = COLLATOR.as_ref() {
        let _ = collator.write_sort_key_to(&normalise(text), &mut key);
    }
    hex::encode(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_their_places_do_not_matter_in_search() {
        assert_eq!(fold("  Bảo  mật ĐẮK LẮK "), "bao mat dak lak");
        assert_eq!(fold("hòa"), fold("hoà"));
    }

    #[test]
    fn signs_that_nobody_types_are_left_out() {
        assert_eq!(normalise("\u{200e} Máy\u{0} chủ\u{202e} \u{7}"), "Máy chủ");
    }

    #[test]
    fn order_is_vietnamese() {
        let mut words = vec!["đá", "dê", "ăn", "an", "ân", "Eo", "ê", "zô"];
        words.sort_by_key(|word| sort_key(word));
        assert_eq!(words, vec!["an", "ăn", "ân", "dê", "đá", "Eo", "ê", "zô"]);
    }
}
