//! What of the stored records a hunt reads at all, as a condition of SQL that the indexes of the store answer: it may let
//! through too much and never too little, since every record that it lets through is looked at anew. Pure.

use crate::enrichment::is_field;
use crate::indicators::Listed;
use detection::{Clue, IndicatorKind, Rule, RuleSet};
use event::{Column, ColumnKind};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Indicators of one question.
const MOST_TERMS: usize = 300;
/// Questions about one stretch; past that, looking at every record once is quicker.
const MOST_QUESTIONS: usize = 12;
/// Indicators that are asked for at all.
pub(super) const MOST_INDICATORS: usize = MOST_QUESTIONS * MOST_TERMS;
/// Ranges of IPv4 as long as this or longer are asked for address by address, which the index answers.
const SINGLE_ADDRESSES: u8 = 30;
/// Longest pattern and longest condition, in bytes; the store takes no longer question.
const LONGEST_PATTERN: usize = 8_000;
const LONGEST: usize = 56_000;
/// Signs of regular expressions.
const META: &str = r"\.+*?()|[]{}^$#&-~";
/// Shorter texts are in nearly every record.
const SHORTEST: usize = 3;

/// Where the texts of a record stand, and the columns that name hosts, which a format may have decoded.
const TEXTS: [&str; 3] = ["raw", "message", "fields"];
const HOSTS: [Column; 5] =
    [Column::DestinationDomain, Column::DnsQuestionName, Column::UrlDomain, Column::UrlOriginal, Column::HttpReferrer];
/// Where names of files are looked for, and nowhere else.
const FILES: [Column; 4] =
    [Column::ProcessName, Column::ProcessExecutable, Column::ProcessParentExecutable, Column::FilePath];

/// A text between the quotes of SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A regular expression that any of these texts fits; `None` where it would be too long.
fn pattern<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let mut pattern = String::new();
    for text in texts {
        if !pattern.is_empty() {
            pattern.push('|');
        }
        for letter in text.chars() {
            if META.contains(letter) {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
    }
    (pattern.len() <= LONGEST_PATTERN).then_some(pattern)
}

/// A column that holds something that the pattern fits, in any letter case. The pattern is named to the index.
fn fits(column: &str, pattern: &str) -> String {
    format!("{column} ~* {}", quoted(pattern))
}

/// Records that a rule matches, or that a correlation counts; `None` where that may be any.
pub(super) fn of_rule(set: &RuleSet, position: usize) -> Option<String> {
    let rules = set.with_bases(position).into_iter().filter_map(|position| set.rules().get(position));
    let counted = rules.filter(|rule| !rule.is_correlation() && rule.needs_placeholders.is_empty());
    let conditions: Vec<_> = counted.map(|rule| of_one(rule)).collect::<Option<_>>()?;
    let condition = match conditions.is_empty() {
        true => "false".to_owned(),
        false => format!("({})", conditions.join(" OR ")),
    };
    (condition.len() <= LONGEST).then_some(condition)
}

fn of_one(rule: &Rule) -> Option<String> {
    let source = &rule.log_source;
    let equal = |name: &str, word: &String| format!("lower({name}) = {}", quoted(&word.to_lowercase()));
    // Signs of LIKE inside a word let through more.
    let among =
        |name: &str, word: &String| format!("lower({name}) LIKE {}", quoted(&format!("%{}%", word.to_lowercase())));
    let parts: Vec<_> = [
        source.product.as_ref().map(|word| equal("log_product", word)),
        source.category.as_ref().map(|word| among("log_categories", word)),
        source.service.as_ref().map(|word| among("log_services", word)),
        rule.clues().as_deref().and_then(of_clues),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| format!("({})", parts.join(" AND ")))
}

/// Records that hold one of these texts where it is asked for.
fn of_clues(clues: &[Clue]) -> Option<String> {
    let mut columns: BTreeSet<String> = BTreeSet::new();
    let mut texts = BTreeSet::new();
    // What registers know of a record does not stand in it.
    if clues.iter().any(|clue| clue.field.as_deref().is_some_and(is_field)) {
        return None;
    }
    for Clue { field, text } in clues {
        texts.insert(plain(text)?);
        let Some(name) = field else {
            columns.extend(TEXTS.map(ToOwned::to_owned));
            continue;
        };
        columns.insert("fields".to_owned());
        columns.extend(Column::from_name(name).map(|column| match column.kind() {
            ColumnKind::Text => column.name().to_owned(),
            ColumnKind::Integer => format!("CAST({} AS VARCHAR)", column.name()),
        }));
    }
    let pattern = pattern(texts)?;
    let conditions: Vec<_> = columns.iter().map(|column| fits(column, &pattern)).collect();
    match conditions.is_empty() {
        // A condition that nothing fulfils.
        true => Some("false".to_owned()),
        false => Some(format!("({})", conditions.join(" OR "))),
    }
}

/// The longest part of a text that stands in JSON as it stands anywhere else; `None` where it says too little.
fn plain(text: &str) -> Option<&str> {
    let is_plain = |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    let parts = text.split(|letter: char| !is_plain(letter));
    parts.max_by_key(|part| part.len()).filter(|part| part.len() >= SHORTEST)
}

/// Conditions of which a record that holds one of these indicators fulfils at least one; `None` where only looking tells.
pub(super) fn of_indicators(indicators: &[Listed]) -> Option<Vec<String>> {
    if indicators.is_empty() || indicators.len() > MOST_INDICATORS {
        return None;
    }
    let mut sorted: Vec<&Listed> = indicators.iter().collect();
    // What is looked for in the same place is asked for together.
    sorted.sort_by_key(|indicator| indicator.kind);
    let mut conditions = Vec::new();
    sorted.chunks(MOST_TERMS).try_for_each(|part| ask_for(part, &mut conditions))?;
    (conditions.len() <= MOST_QUESTIONS).then_some(conditions)
}

/// One condition for all of these, or one for each half where that would be too long.
fn ask_for(indicators: &[&Listed], conditions: &mut Vec<String>) -> Option<()> {
    let mut asked = Asked::default();
    indicators.iter().try_for_each(|indicator| asked.add(indicator.kind, &indicator.text))?;
    if let Some(condition) = asked.condition() {
        conditions.push(condition);
        return Some(());
    }
    let (one, other) = indicators.split_at_checked(indicators.len() / 2).filter(|(one, _)| !one.is_empty())?;
    ask_for(one, conditions)?;
    ask_for(other, conditions)
}

/// What indicators ask for, by where it is looked for.
#[derive(Default)]
struct Asked {
    /// Words of the column of observables.
    listed: BTreeSet<String>,
    /// Other conditions on that column.
    ranges: BTreeSet<String>,
    /// Parts of any text.
    words: BTreeSet<String>,
    files: BTreeSet<String>,
}

impl Asked {
    /// `None` where a record may hold the indicator in a way that no condition tells.
    fn add(&mut self, kind: IndicatorKind, text: &str) -> Option<()> {
        match kind {
            IndicatorKind::Hash => {
                self.listed.insert(text.to_owned());
            }
            IndicatorKind::Address => match text.split_once('/') {
                None => self.add_address(text.parse().ok()?),
                Some(_) => match text.parse::<IpNet>().ok()?.trunc() {
                    IpNet::V4(range) if range.prefix_len() >= SINGLE_ADDRESSES => {
                        let (first, last) = (u32::from(range.network()), u32::from(range.broadcast()));
                        (first..=last).for_each(|address| self.add_address(IpAddr::V4(address.into())));
                    }
                    IpNet::V4(range) => {
                        let begins = pattern(of_four(range).iter().map(String::as_str))?;
                        // Alone, or mapped into IPv6.
                        self.ranges.insert(format!("observables ~ {}", quoted(&format!("[ :]({begins})"))));
                    }
                    IpNet::V6(range) => {
                        self.ranges.insert(match of_six(range) {
                            Some(pattern) => format!("observables LIKE {}", quoted(&pattern)),
                            None => "observables LIKE '%:%'".to_owned(),
                        });
                    }
                },
            },
            IndicatorKind::Domain => {
                self.words.insert(spelled(text)?.to_owned());
            }
            IndicatorKind::Mail => {
                self.words.insert(text.to_owned());
            }
            IndicatorKind::FileName => {
                self.files.insert(text.to_owned());
            }
            IndicatorKind::Url => {
                let (_, rest) = text.split_once("://")?;
                let host = match rest.find(']') {
                    Some(end) if rest.starts_with('[') => rest.get(..=end)?,
                    _ => rest.split(['/', '?', ':']).next()?,
                };
                self.words.insert(spelled(host)?.to_owned());
            }
        }
        Some(())
    }

    fn add_address(&mut self, address: IpAddr) {
        self.listed.insert(address.to_string());
        if address.is_ipv4() {
            self.listed.insert(format!("::ffff:{address}"));
        }
    }

    fn condition(&self) -> Option<String> {
        let mut conditions: Vec<String> = Vec::new();
        conditions
            .extend(self.listed.iter().map(|word| format!("observables LIKE {}", quoted(&format!("% {word} %")))));
        conditions.extend(self.ranges.iter().cloned());
        if !conditions.is_empty() {
            // Records with more observables than are listed.
            conditions.push("observables LIKE '% + %'".to_owned());
        }
        let columns = TEXTS.into_iter().chain(HOSTS.map(Column::name));
        let files = FILES.map(Column::name);
        for (texts, columns) in [(&self.words, columns.collect::<Vec<_>>()), (&self.files, files.to_vec())] {
            if !texts.is_empty() {
                let pattern = pattern(texts.iter().map(String::as_str))?;
                conditions.extend(columns.into_iter().map(|column| fits(column, &pattern)));
            }
        }
        let condition = format!("({})", conditions.join(" OR "));
        (condition.len() <= LONGEST).then_some(condition)
    }
}

/// How the addresses of a range begin: the octets that are the same in all of them, then each that the next may be, up to
/// its end.
fn of_four(range: Ipv4Net) -> Vec<String> {
    let (whole, bits) = (usize::from(range.prefix_len() / 8), range.prefix_len() % 8);
    let octets = range.network().octets();
    let fixed: String = octets.iter().take(whole).map(|octet| format!("{octet}.")).collect();
    if whole > 0 && bits == 0 {
        return vec![fixed];
    }
    let first = octets.get(whole).copied().unwrap_or_default();
    let last = first | u8::MAX >> bits;
    // Among the observables a blank stands behind an address.
    let end = if whole == 3 { ' ' } else { '.' };
    (first..=last).map(|octet| format!("{fixed}{octet}{end}")).collect()
}

/// How every address of a range begins among the observables. Groups of zeros may be left out, so only what stands before
/// the first of them is sure; `None` where that is nothing.
fn of_six(range: Ipv6Net) -> Option<String> {
    let groups = range.network().segments();
    let sure = groups.iter().take(usize::from(range.prefix_len() / 16)).take_while(|group| **group != 0);
    let begin: String = sure.map(|group| format!("{group:x}:")).collect();
    (!begin.is_empty() && range.prefix_len() < 128).then(|| format!("% {begin}%"))
}

/// A domain as records spell it. Labels in letters of other scripts may stand there in either form, so what follows them
/// is asked for.
fn spelled(domain: &str) -> Option<&str> {
    let Some(last) = domain.rfind("xn--") else { return Some(domain) };
    let rest = domain.get(last..)?;
    rest.get(rest.find('.')?..)
}

#[cfg(test)]
#[path = "narrow_tests.rs"]
mod tests;
