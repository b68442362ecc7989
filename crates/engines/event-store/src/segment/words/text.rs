//! Cuts texts into words, alike for rows that are indexed and for texts that are looked for.

use crate::pattern::{fold, unescape};
use std::borrow::Cow;

/// Longer runs are no words.
const LONGEST: usize = 40;
/// Shorter ones say nothing.
const SHORTEST: usize = 3;
/// Bits of the bitmap of trigrams, of one block.
pub(super) const TRIGRAMS: usize = 1 << 16;

/// A run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run<'a> {
    Word(&'a str),
    /// Too long for the dictionary.
    Long(&'a str),
    /// Short, or a number.
    Nothing,
}

pub(super) fn classify(run: &str) -> Run<'_> {
    let number = || run.bytes().all(|byte| byte.is_ascii_hexdigit()) && run.bytes().any(|byte| byte.is_ascii_digit());
    match run.len() {
        0..SHORTEST => Run::Nothing,
        _ if number() => Run::Nothing,
        SHORTEST..=LONGEST => Run::Word(run),
        _ => Run::Long(run),
    }
}

/// One spelling for what is looked for and what is there.
pub(super) fn spell(text: &str) -> Cow<'_, str> {
    let folded = fold(text);
    // The only letter outside ASCII that a search without regard to case takes for one inside.
    match folded.is_ascii() || !folded.contains('ſ') {
        true => folded,
        false => Cow::Owned(folded.replace('ſ', "s")),
    }
}

/// Hands out the text as people may look at it: as it stands, and with the escapes of JSON resolved where it may hold
/// some, each in one spelling. Of the second reading only those parts between blanks that have other words than the first.
/// `spelled` is written over.
pub(super) fn readings(text: &str, spelled: &mut String, mut read: impl FnMut(&str)) {
    if text.is_ascii() {
        spelled.clear();
        spelled.push_str(text);
        spelled.make_ascii_lowercase();
        read(spelled);
    } else {
        read(&spell(text));
    }
    if has_other_words(text) && memchr::memchr2(b'{', b'[', text.as_bytes()).is_some() {
        if reaches_over_blanks(text) {
            return read(&spell(&unescape(text)));
        }
        // Nor does a word or a GUID.
        for part in text.split(' ').filter(|part| has_other_words(part)) {
            read(&spell(&unescape(part)));
        }
    }
}

/// What stands behind each backslash that begins an escape: one sign, or `u` and what is taken for its digits.
fn escapes(text: &str) -> impl Iterator<Item = &[u8]> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (_, after) = rest.split_at_checked(memchr::memchr(b'\\', rest)? + 1)?;
        let length = if after.first() == Some(&b'u') { 5 } else { 1 };
        let (escape, behind) = after.split_at(length.min(after.len()));
        rest = behind;
        Some(escape)
    })
}

/// Whether an escape takes in a blank, as one that breaks off does: `\u1e a`.
fn reaches_over_blanks(text: &str) -> bool {
    escapes(text).any(|escape| escape.len() > 1 && escape.contains(&b' '))
}

/// Whether resolving escapes changes words: it does not where they stand for signs that part words, as they do themselves.
fn has_other_words(text: &str) -> bool {
    escapes(text).any(|escape| !matches!(escape, [] | [b'\\' | b'"' | b'/']))
}

/// Runs of letters and digits in a spelled text, with their places.
pub(super) fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |letter: char| letter.is_alphanumeric();
    let mut rest = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        loop {
            // Nearly everything is ASCII; the rest is looked at letter by letter.
            while bytes.get(rest).is_some_and(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()) {
                rest += 1;
            }
            let start = rest;
            while let Some(byte) = bytes.get(rest) {
                if byte.is_ascii_alphanumeric() {
                    rest += 1;
                } else if byte.is_ascii() {
                    break;
                } else {
                    match text.get(rest..).and_then(|text| text.chars().next()) {
                        Some(letter) if is_part(letter) => rest += letter.len_utf8(),
                        Some(letter) if rest == start => {
                            rest += letter.len_utf8();
                            break;
                        }
                        _ => break,
                    }
                }
            }
            match text.get(start..rest) {
                Some("") | None => return None,
                Some(run) if run.chars().next().is_some_and(is_part) => return Some((start, run)),
                Some(_) => {}
            }
        }
    })
}

/// What a byte of ASCII is to a word; marks, so that those of a run add up.
const DIGIT: u8 = 1;
const HEXADECIMAL: u8 = 2;
const LETTER: u8 = 4;
const MARKS: [u8; 256] = {
    let mut marks = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        marks[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' | b'A'..=b'F' => HEXADECIMAL,
            letter if letter.is_ascii_alphabetic() => LETTER,
            _ => 0,
        };
        byte += 1;
    }
    marks
};

/// Hands out what [`runs`] and [`classify`] say of a spelled text. One pass where it is ASCII, as nearly everything is.
pub(super) fn each_run<'a>(text: &'a str, mut take: impl FnMut(Run<'a>)) {
    if !text.is_ascii() {
        return runs(text).for_each(|(_, run)| take(classify(run)));
    }
    let (mut start, mut marks) = (0, 0);
    let mut end_run = |start: usize, end: usize, marks: u8| {
        let is_number = marks & LETTER == 0 && marks & DIGIT != 0;
        if end - start >= SHORTEST
            && !is_number
            && let Some(run) = text.get(start..end)
        {
            take(if run.len() <= LONGEST { Run::Word(run) } else { Run::Long(run) });
        }
    };
    for (at, byte) in text.bytes().enumerate() {
        match MARKS.get(usize::from(byte)) {
            Some(0) | None => {
                if marks != 0 {
                    end_run(start, at, marks);
                    marks = 0;
                }
            }
            Some(mark) => {
                if marks == 0 {
                    start = at;
                }
                marks |= mark;
            }
        }
    }
    if marks != 0 {
        end_run(start, text.len(), marks);
    }
}

const GUID: usize = 36;

/// GUIDs in a spelled text, wherever they begin.
pub(super) fn guids(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'-', bytes).filter_map(move |dash| {
        let start = dash.checked_sub(8)?;
        let guid = bytes.get(start..start + GUID)?;
        let shape = guid.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        if shape { text.get(start..start + GUID) } else { None }
    })
}

/// Places of the trigrams of a run in the bitmap.
pub(super) fn trigrams(run: &str) -> impl Iterator<Item = usize> {
    run.as_bytes().windows(3).map(|window| {
        let number = window.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        // Multiplication by an odd number mixes all bits into the upper ones.
        (number.wrapping_mul(0x9E37_79B1) >> 16) as usize % TRIGRAMS
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn words(text: &str) -> Vec<String> {
        runs(&spell(text)).map(|(_, run)| run.to_owned()).collect()
    }

    #[test]
    fn texts_are_cut_at_everything_that_is_no_letter_or_digit() {
        assert_eq!(words(r"C:\Windows\System32\cmd.exe /c"), ["c", "windows", "system32", "cmd", "exe", "c"]);
        assert_eq!(words("Bảo mật — Đà Nẵng…"), ["bao", "mat", "da", "nang"]);
        assert_eq!(words("…x日本 Ω"), ["x日本", "ω"]);
        assert_eq!(words("—"), Vec::<String>::new());
    }

    #[test]
    fn numbers_and_short_words_say_nothing() {
        for run in ["ab", "4688", "0x", "deadbeef01", "9f"] {
            assert_eq!(classify(run), Run::Nothing, "{run}");
        }
        assert_eq!(classify("face"), Run::Word("face"));
        assert!(matches!(classify(&"xy".repeat(30)), Run::Long(_)));
    }

    #[test]
    fn guids_are_found_wherever_they_stand() {
        let text = "x{6f1e2d3c-0b1a-4c5d-8e9f-a0b1c2d3e4f5}-and 16f1e2d3c-0b1a-4c5d-8e9f-a0b1c2d3e4f52";
        let guid = "6f1e2d3c-0b1a-4c5d-8e9f-a0b1c2d3e4f5";
        assert_eq!(guids(text).collect::<Vec<_>>(), [guid, guid]);
        assert_eq!(guids("2026-11-22-10-11-12").count(), 0);
    }

    #[test]
    fn escapes_are_read_both_ways() {
        let mut read = Vec::new();
        readings(r#"{"a":"b\u1ea3o\nx"}"#, &mut String::new(), |text| read.push(text.to_owned()));
        assert_eq!(read, [r#"{"a":"b\u1ea3o\nx"}"#.to_owned(), "{\"a\":\"bao\nx\"}".to_owned()]);
    }

    /// Words and GUIDs of both readings of the whole text.
    fn of_both(text: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for reading in [spell(text), spell(&unescape(text))] {
            all.extend(runs(&reading).map(|(_, run)| run.to_owned()));
            all.extend(guids(&reading).map(str::to_owned));
        }
        all
    }

    proptest! {
        #[test]
        fn one_pass_finds_the_same_runs(text in "([a-z0-9 ./-]|[0-9a-f]{3,50}|[a-zếß日]{1,50}){0,40}") {
            let of = |run| match run {
                Run::Nothing => None,
                other => Some(other),
            };
            let mut found = Vec::new();
            each_run(&text, |run| found.extend(of(run)));
            prop_assert_eq!(found, runs(&text).filter_map(|(_, run)| of(classify(run))).collect::<Vec<_>>());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn parts_of_the_second_reading_have_all_its_words(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "\\", "\\\\", "\"", "\\\"", "\\/", "/", "n", "t", "\\n", "\\t", "u1ea3", "\\u1ea3", "\\u0301", "\u{301}", "\\u0020",
                    "\\ud83d", "\\ude00", "\\u", "\\u1e", "u", " ", "-", "a", "Bảo", "mật", "{", "C:", "6f1e2d3c", "0b1a-4c5d-8e9f", "a0b1c2d3e4f5", "ſ",
                ]),
                0..24,
            ),
        ) {
            let text = format!("{{{}", pieces.concat());
            let mut read = BTreeSet::new();
            readings(&text, &mut String::new(), |text| {
                read.extend(runs(text).map(|(_, run)| run.to_owned()));
                read.extend(guids(text).map(str::to_owned));
            });
            let both = of_both(&text);
            prop_assert!(both.is_subset(&read), "{text}: {:?} are missing", both.difference(&read).collect::<Vec<_>>());
        }
    }
}
