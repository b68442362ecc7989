//! Lines of values whose names stand in a `#Fields:` line above them (W3C Working Draft "Extended Log File Format",
//! WD-logfile-960323). Whoever reads a file, or remembers what a sender stated, hands the names over with each record; a line
//! that comes alone is read by one of the lists that its format knows, if its values look like what the names call for.

use super::draft::{Draft, MAX_FIELDS};
use event::{Fields, Text, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

/// Bytes of one name.
const LONGEST_NAME: usize = 128;
/// Lists that are kept read.
const MOST_KEPT: usize = 256;

/// Fields of a line about the log itself: what it is about, and what it says of it.
const DIRECTIVE: &str = "directive";
const DIRECTIVE_TEXT: &str = "directive-text";
/// What the line is about that names the fields.
const FIELDS: &str = "Fields";

/// The list that a record states for those below it, where it is such a line.
pub(crate) fn stated_by(fields: &Fields) -> Option<Cow<'_, str>> {
    let is_list = fields.text(DIRECTIVE).is_some_and(|about| about == FIELDS);
    is_list.then(|| fields.text(DIRECTIVE_TEXT).unwrap_or_default())
}

/// A list as it was stated, and the formats that know a log with these fields.
#[derive(Debug)]
pub(crate) struct StatedList {
    /// Nothing where it is no list.
    pub(crate) list: Option<FieldList>,
    pub(crate) formats: Vec<usize>,
}

/// Lists that were stated, each read once and not again for every line below it. A bounded number; what is said of one does
/// not depend on whether it is still here.
#[derive(Debug, Default)]
pub(crate) struct StatedLists(RwLock<HashMap<Box<str>, Arc<StatedList>>>);

impl StatedLists {
    pub(crate) fn of(&self, text: &str, formats: impl FnOnce() -> Vec<usize>) -> Arc<StatedList> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return known.clone();
        }
        let read = Arc::new(StatedList { list: FieldList::parse(text), formats: formats() });
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(text.into(), read.clone());
        read
    }
}

/// Names of the fields of a log, in the order of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldList {
    names: Vec<Text>,
    /// Values stand between commas instead of blanks.
    commas: bool,
}

/// Fields of a line: by the stated list or, where that does not fit, by the first known one that does.
pub(crate) fn extract(text: &str, stated: Option<&FieldList>, known: &[FieldList]) -> Option<Draft> {
    if let Some(directive) = text.strip_prefix('#') {
        return read_directive(directive);
    }
    let whole = stated.into_iter().chain(known).find_map(|list| list.read(text));
    whole.or_else(|| stated.and_then(|list| list.read_what_fits(text)))
}

/// A line about the log itself, such as `#Version: 1.0`.
fn read_directive(text: &str) -> Option<Draft> {
    let (name, value) = text.split_once(':')?;
    let letter = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b' ');
    let word = name.starts_with(|one: char| one.is_ascii_alphabetic()) && name.bytes().all(letter);
    (word && name.len() <= LONGEST_NAME).then(|| {
        let mut draft = Draft::default();
        draft.push(DIRECTIVE, name);
        draft.push(DIRECTIVE_TEXT, value.trim());
        draft
    })
}

impl FieldList {
    /// A list as it stands behind `#Fields:`; nothing where it holds none, too many, or no names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let commas = text.contains(',');
        let names: Vec<Text> = match commas {
            true => text.split(',').map(|name| Text::from(name.trim())).take(MAX_FIELDS + 1).collect(),
            false => text.split_whitespace().map(Text::from).take(MAX_FIELDS + 1).collect(),
        };
        let proper = |name: &Text| (1..=LONGEST_NAME).contains(&name.len()) && !name.contains(char::is_control);
        ((1..=MAX_FIELDS).contains(&names.len()) && names.iter().all(proper)).then_some(Self { names, commas })
    }

    /// The fields of a line with as many values as there are names, each of which looks like what its name calls for.
    fn read(&self, text: &str) -> Option<Draft> {
        let values = self.values(text);
        let fits = || self.names.iter().zip(&values).all(|(name, value)| looks_like(name, value));
        (values.len() == self.names.len() && fits()).then(|| self.draft(&values))
    }

    /// The fields of a line that at least begins as its list says, with a word on what is left out.
    fn read_what_fits(&self, text: &str) -> Option<Draft> {
        let mut values = self.values(text);
        let is_time = |name: &Text| matches!(name.as_str(), "date" | "time" | "date-time" | "DateTime");
        let mut pairs = self.names.iter().zip(&values);
        pairs.any(|(name, value)| is_time(name) && looks_like(name, value) && !is_absent(value)).then_some(())?;
        let (have, named) = (values.len(), self.names.len());
        let mut odd = 0;
        for (name, value) in self.names.iter().zip(&mut values) {
            if !looks_like(name, value) {
                *value = Cow::Borrowed("");
                odd += 1;
            }
        }
        let mut draft = self.draft(&values);
        match have.cmp(&named) {
            std::cmp::Ordering::Less => draft.trouble(format!("the line has {have} values for {named} fields")),
            std::cmp::Ordering::Greater => draft.trouble(format!("the line has more values than its {named} fields")),
            std::cmp::Ordering::Equal => {}
        }
        if odd > 0 {
            draft.trouble(format!("{odd} values that are not what their fields hold stand only in the raw record"));
        }
        Some(draft)
    }

    fn draft(&self, values: &[Cow<'_, str>]) -> Draft {
        let mut draft = Draft::default();
        for (name, value) in self.names.iter().zip(values).filter(|(_, value)| !is_absent(value)) {
            draft.push_owned(name.clone(), Value::from(&**value));
        }
        draft
    }

    /// The values of a line, one more than there are names at most. Servers write blanks within values as `+`, so quotes
    /// mean something only where the plain cut gives another number of values; between commas they always do.
    fn values<'a>(&self, text: &'a str) -> Vec<Cow<'a, str>> {
        let most = self.names.len() + 1;
        let cut = |quotes: bool| Values { rest: Some(text), commas: self.commas, quotes }.take(most);
        let first: Vec<Cow<'_, str>> = cut(self.commas).collect();
        if first.len() == self.names.len() {
            return first.into_iter().map(unquoted).collect();
        }
        let other: Vec<Cow<'_, str>> = cut(!self.commas).collect();
        let better = if other.len() == self.names.len() { other } else { first };
        better.into_iter().map(unquoted).collect()
    }
}

pub(super) fn is_absent(value: &str) -> bool {
    matches!(value, "" | "-")
}

/// A value that stands in quotes as a whole, without them.
fn unquoted(value: Cow<'_, str>) -> Cow<'_, str> {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) => Cow::Owned(inside.replace("\"\"", "\"")),
        None => value,
    }
}

/// Whether a value is of the kind that its name calls for (section "Identifiers" of the draft); names that it does not know
/// take anything.
fn looks_like(name: &str, value: &str) -> bool {
    if is_absent(value) {
        return true;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(have, want)| match want {
                b'0' => have.is_ascii_digit(),
                want => have == want,
            })
    };
    match name {
        "date" => shaped(value, "0000-00-00"),
        "time" => value.split_once('.').map_or(shaped(value, "00:00:00"), |(whole, part)| {
            shaped(whole, "00:00:00") && !part.is_empty() && digits(part)
        }),
        "date-time" | "DateTime" => value.get(..11).is_some_and(|day| shaped(day, "0000-00-00T")),
        _ if name.ends_with("-ip") => {
            let bare = value.split('%').next().unwrap_or(value);
            bare.parse::<IpAddr>().is_ok() || bare.parse::<SocketAddr>().is_ok()
        }
        "cs-method" => value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_[]".contains(&byte)),
        _ if name.ends_with("-port") => digits(value),
        "sc-status" | "sc-substatus" | "sc-win32-status" | "sc-bytes" | "cs-bytes" | "time-taken" => digits(value),
        _ => true,
    }
}

/// Values of a line from left to right.
struct Values<'a> {
    rest: Option<&'a str>,
    commas: bool,
    /// A value that begins with a quote reaches to the quote that closes it; two together stand for one.
    quotes: bool,
}

impl<'a> Iterator for Values<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Self::Item> {
        let commas = self.commas;
        let separator = move |one: char| if commas { one == ',' } else { matches!(one, ' ' | '\t') };
        let mut rest = self.rest.take()?;
        if !commas {
            rest = rest.trim_start_matches(separator);
            if rest.is_empty() {
                return None;
            }
        }
        let quoted = self.quotes && rest.starts_with('"');
        let closed = if quoted { closing_quote(rest, separator) } else { None };
        // What never closes is no quote, nor is one behind it; so a line is read once.
        self.quotes &= !quoted || closed.is_some();
        let end = closed.or_else(|| rest.find(separator)).unwrap_or(rest.len());
        let (value, behind) = rest.split_at_checked(end)?;
        // A comma at the very end has an empty value behind it, a blank has none.
        self.rest = behind.strip_prefix(separator);
        Some(Cow::Borrowed(if commas { value.trim() } else { value }))
    }
}

/// Where a value in quotes ends, behind its closing quote; nothing where it never closes.
fn closing_quote(text: &str, separator: impl Fn(char) -> bool) -> Option<usize> {
    let inside = text.strip_prefix('"')?;
    let mut quotes = inside.match_indices('"').map(|(at, _)| at + 1);
    while let Some(at) = quotes.next() {
        match text.get(at + 1..).and_then(|rest| rest.chars().next()) {
            Some('"') => {
                quotes.next();
            }
            Some(next) if !separator(next) => {}
            _ => return Some(at + 1),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: &str = "date time c-ip cs-method cs-uri-stem cs(User-Agent) sc-status";

    fn read(text: &str, stated: Option<&str>, known: &[&str]) -> Option<Draft> {
        let known: Vec<FieldList> = known.iter().map(|list| FieldList::parse(list).unwrap()).collect();
        extract(text, stated.and_then(FieldList::parse).as_ref(), &known)
    }

    fn text(draft: &Draft, name: &str) -> Option<String> {
        draft.get(name).and_then(Value::as_text).map(Cow::into_owned)
    }

    #[test]
    fn the_stated_list_names_the_values_and_a_dash_is_nothing() {
        let draft = read("2026-11-20 03:11:12 192.0.2.4 GET / - 200", Some(LIST), &[]).unwrap();
        assert_eq!(text(&draft, "c-ip").as_deref(), Some("192.0.2.4"));
        assert_eq!(text(&draft, "sc-status").as_deref(), Some("200"));
        assert_eq!(text(&draft, "cs(User-Agent)"), None);
        assert_eq!(draft.problem, None);
    }

    #[test]
    fn a_line_alone_is_read_by_the_list_that_fits_it() {
        let line = "2026-11-20 03:11:12 192.0.2.4 GET /a?b - 200";
        let known = ["date time sc-status cs-method cs-uri-stem c-ip cs-bytes", LIST];
        assert_eq!(text(&read(line, None, &known).unwrap(), "cs-uri-stem").as_deref(), Some("/a?b"));
        assert!(read(line, None, &known[..1]).is_none());
        assert!(read(&format!("{line} 7"), None, &known).is_none());
        // A list that was stated and does not fit gives way to a known one that does.
        assert_eq!(read(line, Some("date time x"), &known).unwrap().problem, None);
    }

    #[test]
    fn quotes_keep_separators_only_where_the_plain_cut_does_not_fit() {
        let quoted = "2026-11-20 03:11:12 192.0.2.4 GET / \"say \"\"hi\"\" twice\" 200";
        let draft = read(quoted, Some(LIST), &[]).unwrap();
        assert_eq!(text(&draft, "cs(User-Agent)").as_deref(), Some("say \"hi\" twice"));
        let sly = "2026-11-20 03:11:12 192.0.2.4 GET /\" \"x 200";
        let draft = read(sly, Some(LIST), &[]).unwrap();
        assert_eq!(text(&draft, "cs(User-Agent)").as_deref(), Some("\"x"));
        assert_eq!(text(&draft, "sc-status").as_deref(), Some("200"));
    }

    #[test]
    fn commas_part_values_that_may_be_empty() {
        let stated = Some("date-time,client-ip,source,subject,event-id");
        let draft = read("2026-11-20T03:11:12.123Z,,SMTP,\"a, \"\"b\"\"\",RECEIVE", stated, &[]).unwrap();
        assert_eq!(text(&draft, "client-ip"), None);
        assert_eq!(text(&draft, "subject").as_deref(), Some("a, \"b\""));
        assert_eq!(text(&draft, "event-id").as_deref(), Some("RECEIVE"));
    }

    #[test]
    fn a_line_that_breaks_off_keeps_what_fits_and_says_so() {
        let draft = read("2026-11-20 03:11:12 192.0.2.4 GET /a", Some(LIST), &[]).unwrap();
        assert_eq!(text(&draft, "cs-uri-stem").as_deref(), Some("/a"));
        assert!(draft.problem.unwrap().contains("5 values for 7 fields"));
        let draft = read("2026-11-20 03:11:12 192.0.2.4 GET /a b c d 200", Some(LIST), &[]).unwrap();
        assert_eq!(text(&draft, "sc-status"), None);
        assert!(draft.problem.unwrap().contains("more values"));
        assert!(read("something else entirely", Some(LIST), &[]).is_none());
        assert!(read("", Some(LIST), &[]).is_none());
    }

    #[test]
    fn lines_about_the_log_are_told_apart() {
        let draft = read("#Software: Microsoft Internet Information Services 10.0", None, &[]).unwrap();
        assert_eq!(text(&draft, "directive").as_deref(), Some("Software"));
        assert!(read("# a remark: of somebody", None, &[]).is_none());
    }

    #[test]
    fn a_list_is_read_once_however_many_lines_come() {
        let lists = StatedLists::default();
        let mut asked = 0;
        for _ in 0..3 {
            let stated = lists.of(LIST, || {
                asked += 1;
                vec![7]
            });
            assert_eq!((stated.list.clone(), stated.formats.as_slice()), (FieldList::parse(LIST), &[7][..]));
        }
        assert_eq!(asked, 1);
        for number in 0..2 * MOST_KEPT {
            assert!(lists.of(&format!("a{number} b"), Vec::new).list.is_some());
            assert!(lists.0.read().unwrap().len() <= MOST_KEPT);
        }
        assert!(lists.of("", Vec::new).list.is_none());
        assert_eq!(lists.of(LIST, || vec![7]).formats, [7], "the same again after it went");
    }

    proptest! {
        #[test]
        fn whatever_stands_there_nothing_panics_and_no_value_is_made_up(
            names in proptest::collection::vec("[a-z()-]{1,8}|date|time|sc-status|c-ip", 0..12),
            line in "([ \",+a-z0-9./:é-]|\t|\"\"|, ){0,60}",
            commas in any::<bool>(),
        ) {
            let stated = names.join(if commas { "," } else { " " });
            if let Some(draft) = read(&line, Some(&stated), &[]) {
                prop_assert!(draft.fields.len() <= names.len().max(2));
                for (_, value) in &draft.fields {
                    let value = value.as_text().unwrap();
                    prop_assert!(line.replace("\"\"", "\"").contains(&*value) || line.contains(&*value), "{value}");
                }
            }
        }

        #[test]
        fn values_without_blanks_come_back_as_they_were(
            values in proptest::collection::vec("[!#-~]{1,12}", 1..20).prop_filter(
                "a dash is no value, and a line about the log no line of values",
                |values| !values[0].starts_with('#') && values.iter().all(|value| value != "-"),
            ),
        ) {
            let names: Vec<String> = (0..values.len()).map(|number| format!("x{number}")).collect();
            let draft = read(&values.join(" "), Some(&names.join(" ")), &[]).unwrap();
            let have: Vec<String> = draft.fields.iter().map(|(_, value)| value.as_text().unwrap().into_owned()).collect();
            prop_assert_eq!(have, values);
        }
    }
}
