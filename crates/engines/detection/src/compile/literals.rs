//! Literals that a regular expression cannot do without, so that it is only run where one of them was seen. Folded as
//! texts are; letters with a fold of several spellings (`k`, `s`) break a literal that ignores letter case.

use crate::pattern::fold;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Alternatives that are followed.
const MOST: usize = 64;

/// Folded literals of which every match holds at least one; empty where there are none.
pub(super) fn necessary(source: &str, insensitive: bool, multi_line: bool, dot_all: bool) -> Vec<String> {
    let parsed = ParserBuilder::new()
        .case_insensitive(insensitive)
        .multi_line(multi_line)
        .dot_matches_new_line(dot_all)
        .build()
        .parse(source);
    parsed.ok().and_then(|hir| of(&hir)).unwrap_or_default()
}

fn of(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => one(hir).map(|text| vec![text]),
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(of(part)?);
            }
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut best: Option<Vec<String>> = None;
            let mut run = String::new();
            for part in parts {
                match one(part) {
                    Some(text) => run.push_str(&text),
                    None => {
                        better(&mut best, Some(vec![std::mem::take(&mut run)]));
                        better(&mut best, of(part));
                    }
                }
            }
            better(&mut best, Some(vec![run]));
            best
        }
        _ => None,
    }
}

/// The better choice is the one whose shortest literal is longer, then the one with fewer.
fn better(best: &mut Option<Vec<String>>, other: Option<Vec<String>>) {
    let weight = |texts: &[String]| {
        let shortest = texts.iter().map(String::len).min().unwrap_or(0);
        (shortest.min(8), std::cmp::Reverse(texts.len()))
    };
    let Some(other) = other.filter(|other| weight(other).0 > 0) else { return };
    if best.as_deref().is_none_or(|best| weight(&other) > weight(best)) {
        *best = Some(other);
    }
}

/// The folded text where every match of this part folds to the same.
fn one(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(fold),
        HirKind::Class(Class::Unicode(class)) => {
            let mut all = class.iter().flat_map(|range| range.start()..=range.end());
            let first = fold(all.next()?.encode_utf8(&mut [0; 4]));
            // A class that folds to one character has a handful of spellings.
            let mut rest = all.take(4);
            rest.all(|other| fold(other.encode_utf8(&mut [0; 4])) == first).then_some(first)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_necessary_literal_is_found() {
        assert_eq!(necessary("a+foo(bar|bazz)?x", false, false, false), ["foo"]);
        assert_eq!(necessary("(?i)Power.*Hell", false, false, false), ["power"]);
        assert_eq!(necessary("NET.{1,3}view", true, false, false), ["view"]);
        assert_eq!(necessary("(one|two|three)+", false, false, false), ["one", "two", "three"]);
        assert!(necessary("[a-z]*|x", false, false, false).is_empty());
        assert!(necessary("^$", false, false, false).is_empty());
        assert_eq!(necessary("mask", true, false, false), ["ma"]);
    }

    proptest! {
        #[test]
        fn a_match_holds_a_necessary_literal(
            source in "(\\(?(a|B|k|s|[ab]|\\.|xY)(\\?|\\+|\\*|\\{2\\})?(\\|)?){1,8}",
            text in "[abksABKSxyXYſK]{0,12}",
            insensitive: bool,
        ) {
            let Ok(regex) = regex::RegexBuilder::new(&source).case_insensitive(insensitive).build() else { return Ok(()) };
            let literals = necessary(&source, insensitive, false, false);
            if regex.is_match(&text) && !literals.is_empty() {
                let folded = fold(&text);
                prop_assert!(literals.iter().any(|one| folded.contains(one)), "{source} {text} {literals:?}");
            }
        }
    }
}
