//! Patterns against a naive matcher, and the encodings against known values.

use super::encode::{Draft, EncodeError, Fragment};
use super::{Necessity, Pattern, Piece, fold};
use proptest::prelude::*;

fn pieces(spec: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for character in spec.chars() {
        match character {
            '*' => pieces.push(Piece::Many),
            '?' => pieces.push(Piece::One),
            other => match pieces.last_mut() {
                Some(Piece::Literal(text)) => text.push(other),
                _ => pieces.push(Piece::Literal(other.to_string())),
            },
        }
    }
    pieces
}

fn naive(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
        Some(('?', rest)) => text.split_first().is_some_and(|(_, tail)| naive(rest, tail)),
        Some((letter, rest)) => text.split_first().is_some_and(|(first, tail)| first == letter && naive(rest, tail)),
    }
}

fn matches(spec: &str, text: &str) -> bool {
    Pattern::new(&pieces(spec), false).matches(&fold(text))
}

#[test]
fn stars_and_question_marks_match_as_written() {
    assert!(matches("*\\cmd.exe", "C:\\Windows\\CMD.EXE"));
    assert!(!matches("*\\cmd.exe", "C:\\cmd.exe.txt"));
    assert!(matches("*1?", "0x1f"));
    assert!(!matches("*1?", "0x1"));
    assert!(matches("a?c", "aếc"));
    assert!(matches("*ố*", "SỐ"));
    assert!(matches("", ""));
    assert!(!matches("", "a"));
    assert!(matches("*", ""));
    assert!(!matches("?*", ""));
    assert!(!matches("ab*bc", "abc"));
}

#[test]
fn necessities_are_the_longest_literal() {
    assert_eq!(Pattern::new(&pieces("ABC"), false).necessity(), Necessity::Whole("abc"));
    assert_eq!(Pattern::new(&pieces("*ab?cde*"), false).necessity(), Necessity::Part("cde"));
    assert_eq!(Pattern::new(&pieces("?*"), false).necessity(), Necessity::Text);
    assert_eq!(Pattern::new(&pieces(""), false).necessity(), Necessity::Whole(""));
}

fn draft(text: &str) -> Draft {
    Draft { fragments: vec![Fragment::Bytes(text.as_bytes().to_vec())] }
}

fn texts(drafts: &[Draft]) -> Vec<String> {
    let text = |draft: &Draft| match &draft.finish().unwrap()[..] {
        [Piece::Literal(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    drafts.iter().map(text).collect()
}

#[test]
fn base64_offsets_hold_only_what_does_not_depend_on_neighbours() {
    assert_eq!(texts(&draft("foobar").base64_offsets().unwrap()), ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
    assert_eq!(texts(&draft("http://").base64_offsets().unwrap()), ["aHR0cDovL", "h0dHA6Ly", "odHRwOi8v"]);
    assert_eq!(texts(&[draft("foobar").base64().unwrap()]), ["Zm9vYmFy"]);
}

#[test]
fn windash_spells_slash_and_dash_alike() {
    let spelled = texts(&draft(" /f -b-c").windash().unwrap());
    assert_eq!(spelled.len(), 25);
    assert!(spelled.contains(&" -f /b-c".to_owned()) && spelled.contains(&" \u{2015}f \u{2013}b-c".to_owned()));
    assert_eq!(draft("-a -b -c -d").windash(), Err(EncodeError::TooManyDashes));
    assert_eq!(texts(&draft("a-b").windash().unwrap()), ["a-b"]);
}

#[test]
fn wide_text_is_encoded_before_base64() {
    let wide = draft("IEX").utf16(false, false).unwrap();
    assert_eq!(texts(&[wide.base64().unwrap()]), ["SQBFAFgA"]);
    assert_eq!(draft("é").utf16(false, false).unwrap().finish(), Err(EncodeError::NotText));
}

proptest! {
    #[test]
    fn pattern_equals_the_naive_matcher(spec in "[abế*?]{0,9}", text in "[abcế]{0,12}") {
        let wanted = naive(&spec.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
        prop_assert_eq!(matches(&spec, &text), wanted);
    }

    #[test]
    fn base64_offsets_appear_wherever_the_text_stands(before in "[a-z]{0,7}", text in "[ -~]{1,12}", after in "[a-z]{0,7}") {
        let whole = texts(&[draft(&format!("{before}{text}{after}")).base64().unwrap()]).remove(0);
        prop_assert!(texts(&draft(&text).base64_offsets().unwrap()).iter().any(|part| whole.contains(part.as_str())));
    }
}
