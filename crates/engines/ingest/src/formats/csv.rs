//! Lines of values between separators (RFC 4180) whose names the format knows. A format may know several lists of names, one
//! for each kind of its records; an expression says which a line is read by.

use super::draft::{Draft, MAX_FIELDS};
use super::w3c::is_absent;
use event::{Text, Value};
use regex::Regex;
use std::borrow::Cow;

/// Names of the values of one kind of line, in their order.
#[derive(Debug)]
pub(crate) struct NamedList {
    line: Regex,
    /// Empty where a value has no meaning.
    names: Vec<Text>,
    separator: char,
}

impl NamedList {
    /// A list of names between commas; the error says what is wrong with it.
    pub(crate) fn parse(line: Regex, names: &str, separator: char) -> Result<Self, String> {
        let names: Vec<Text> = names.split(',').map(|name| Text::from(name.trim())).collect();
        if names.len() > MAX_FIELDS || names.iter().all(|name| name.is_empty()) {
            return Err(format!("a list of {} names; 1 to {MAX_FIELDS} are possible", names.len()));
        }
        Ok(Self { line, names, separator })
    }
}

/// Fields of a line by the first list that is meant for it. Values beyond the last name stay in the raw record: newer
/// versions of a product add some at the end.
pub(crate) fn extract(text: &str, lists: &[NamedList]) -> Option<Draft> {
    let list = lists.iter().find(|list| list.line.is_match(text))?;
    let (values, closed) = values(text, list.separator, list.names.len());
    let mut draft = Draft::default();
    for (name, value) in list.names.iter().zip(&values) {
        if !name.is_empty() && !is_absent(value.trim()) {
            draft.push_owned(name.clone(), Value::from(&**value));
        }
    }
    if !closed {
        draft.trouble("the line ends within quotes");
    }
    Some(draft)
}

/// The first values of a line, and whether every quote is closed. Between tabs quotes mean nothing.
fn values(text: &str, separator: char, most: usize) -> (Vec<Cow<'_, str>>, bool) {
    let mut values = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest.filter(|_| values.len() < most) {
        match text.strip_prefix('"').filter(|_| separator != '\t') {
            Some(inside) => {
                let (value, behind, closed) = quoted(inside, separator);
                values.push(value);
                if !closed {
                    return (values, false);
                }
                rest = behind;
            }
            None => {
                let (value, behind) = match text.split_once(separator) {
                    Some((value, behind)) => (value, Some(behind)),
                    None => (text, None),
                };
                values.push(Cow::Borrowed(value));
                rest = behind;
            }
        }
    }
    (values, true)
}

/// A value up to its closing quote, what follows the separator behind it, and whether it is closed at all.
fn quoted(inside: &str, separator: char) -> (Cow<'_, str>, Option<&str>, bool) {
    let mut quotes = inside.match_indices('"').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_some() {
            continue;
        }
        let value = inside.get(..at).unwrap_or_default();
        let behind = inside.get(at + 1..).and_then(|behind| behind.split_once(separator)).map(|(_, rest)| rest);
        return (single(value), behind, true);
    }
    (single(inside), None, false)
}

/// The values of a line.
pub(crate) fn separated(text: &str, separator: char) -> Vec<String> {
    values(text, separator, MAX_FIELDS).0.into_iter().map(Cow::into_owned).collect()
}

/// Two quotes within a value stand for one.
fn single(value: &str) -> Cow<'_, str> {
    if value.contains("\"\"") { Cow::Owned(value.replace("\"\"", "\"")) } else { Cow::Borrowed(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(line: &str, names: &str, separator: char) -> NamedList {
        NamedList::parse(Regex::new(line).unwrap(), names, separator).unwrap()
    }

    fn text(draft: &Draft, name: &str) -> Option<String> {
        draft.get(name).and_then(Value::as_text).map(Cow::into_owned)
    }

    #[test]
    fn the_expression_chooses_the_list_and_nameless_values_are_left_out() {
        let lists = [list("^[^,]*,A,", "id,,first", ','), list("^[^,]*,B,", "id,kind,second", ',')];
        let draft = extract("7,A,x", &lists).unwrap();
        assert_eq!((text(&draft, "first").as_deref(), draft.fields.len()), (Some("x"), 2));
        let draft = extract("7,B,y,more,-", &lists).unwrap();
        assert_eq!((text(&draft, "second").as_deref(), text(&draft, "kind").as_deref()), (Some("y"), Some("B")));
        assert_eq!(extract("7,B", &lists[1..]).map(|draft| draft.fields.len()), None);
        assert!(extract("7,C,z", &lists).is_none());
    }

    #[test]
    fn quotes_hold_separators_and_two_of_them_stand_for_one() {
        let lists = [list("", "a,b,c,d", ',')];
        let draft = extract("\"1, \"\"x\"\"\",,\"\",\"Windows 10 , 64-bit\",5", &lists).unwrap();
        assert_eq!(text(&draft, "a").as_deref(), Some("1, \"x\""));
        assert_eq!((text(&draft, "b"), text(&draft, "c")), (None, None));
        assert_eq!(text(&draft, "d").as_deref(), Some("Windows 10 , 64-bit"));
        assert_eq!(draft.problem, None);
    }

    #[test]
    fn a_quote_that_never_closes_takes_the_rest_and_says_so() {
        let draft = extract("1,\"select a,\"\"b\"\", c", &[list("", "a,b,c", ',')]).unwrap();
        assert_eq!(text(&draft, "b").as_deref(), Some("select a,\"b\", c"));
        assert!(draft.problem.unwrap().contains("within quotes"));
    }

    #[test]
    fn between_tabs_quotes_are_letters() {
        let draft = extract("1\t\"a\tb\"", &[list("", "x,y,z", '\t')]).unwrap();
        assert_eq!(text(&draft, "y").as_deref(), Some("\"a"));
        assert_eq!(text(&draft, "z").as_deref(), Some("b\""));
    }

    #[test]
    fn a_list_without_names_is_none() {
        assert!(NamedList::parse(Regex::new("").unwrap(), ",,", ',').is_err());
        assert!(NamedList::parse(Regex::new("").unwrap(), &",a".repeat(MAX_FIELDS + 1), ',').is_err());
    }

    proptest! {
        #[test]
        fn any_line_is_read_once_and_gives_no_more_values_than_names(line in "[\",a\t ]{0,60}", most in 1_usize..9) {
            for separator in [',', '\t'] {
                let (values, _) = values(&line, separator, most);
                prop_assert!((1..=most).contains(&values.len()));
                prop_assert!(values.iter().map(|value| value.len()).sum::<usize>() <= line.len());
            }
        }
    }
}
