//! What is wrong with a condition that the parser refuses, in words for whoever wrote it.

use rsigma_parser::{SourceLocation, parse_condition};
use serde_yaml_ng::Value;

/// Words of the language of conditions.
const WORDS: [&str; 7] = ["and", "or", "not", "of", "all", "any", "them"];
/// Most of a condition that a message quotes, in characters.
const MOST_QUOTED: usize = 60;

/// Why a condition of the document is refused, and its 1-based line in the document; nothing where the message of the parser is
/// about something else.
pub(super) fn in_words(text: &str, message: &str) -> Option<(usize, String)> {
    if !message.starts_with("Condition parse error") {
        return None;
    }
    let document: Value = serde_yaml_ng::from_str(text).ok()?;
    let mut sections = ["detection", "correlation", "filter"].into_iter();
    let (section, condition) = sections.find_map(|name| Some((name, document.get(name)?.get("condition")?)))?;
    let conditions: Vec<&str> = match condition {
        Value::String(one) => vec![one.as_str()],
        Value::Sequence(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let (condition, error) =
        conditions.into_iter().find_map(|condition| Some((condition, parse_condition(condition).err()?)))?;
    let first = super::locate::line_of_keys(text, &[section, "condition"]);
    let place = error.location();
    // A text that keeps its line breaks begins below its key.
    let below = if condition.contains('\n') { place.map_or(0, |place| place.line as usize) } else { 0 };
    Some((first + below, reason(condition, place, &error.to_string())))
}

fn reason(condition: &str, place: Option<SourceLocation>, message: &str) -> String {
    if message.contains("nesting exceeds maximum depth") {
        return "the condition is nested too deeply: at most 64 parentheses may stand inside each other".to_owned();
    }
    if let Some(sign) = ["&&", "||", "!", "&"].into_iter().find(|sign| condition.contains(*sign)) {
        return format!("the condition writes '{sign}': the operators are the words and, or, not");
    }
    if let Some((_, counting)) = condition.split_once('|') {
        let counting = quoted(counting.trim());
        return format!(
            "the condition counts in the way of older Sigma versions ('| {counting}'): write a correlation over this rule \
             instead, for example of the type event_count or value_count"
        );
    }
    let words = condition.split(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')'));
    let loud = |word: &&str| WORDS.contains(&word.to_lowercase().as_str()) && !WORDS.contains(word);
    let loud: Vec<&str> = words.filter(loud).collect();
    if let Some(word) = loud.first() {
        return format!(
            "operators of a condition are written in lower case: '{}' instead of '{word}'",
            word.to_lowercase()
        );
    }
    let count = |wanted: char| condition.chars().filter(|letter| *letter == wanted).count();
    let (opened, closed) = (count('('), count(')'));
    if opened != closed {
        return format!("the condition opens {opened} parentheses and closes {closed}");
    }
    let line = place.and_then(|place| condition.lines().nth((place.line as usize).saturating_sub(1)));
    let rest: String = match (place, line) {
        (Some(place), Some(line)) => line.chars().skip((place.col as usize).saturating_sub(1)).collect(),
        _ => String::new(),
    };
    let expected = match message.contains("EOI") {
        true => "'and', 'or' or the end of the condition",
        false => "a name, 'not', a number with 'of', or '('",
    };
    match rest.trim() {
        "" => format!("the condition ends where {expected} is expected"),
        rest => format!("the condition is not understood at '{}': {expected} is expected there", quoted(rest)),
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(MOST_QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(condition: &str) -> String {
        let error = parse_condition(condition).expect_err(condition);
        reason(condition, error.location(), &error.to_string())
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let deep = format!("{}a{}", "(".repeat(300), ")".repeat(300));
        for (condition, words) in [
            ("s | count() by u > 5", "write a correlation"),
            ("a AND NOT b", "'and' instead of 'AND'"),
            ("a && b", "'&&'"),
            ("(a and b", "opens 1 parentheses and closes 0"),
            ("a and", "ends where a name"),
            ("a b", "not understood at 'b': 'and', 'or'"),
            (deep.as_str(), "nested too deeply"),
        ] {
            let told = told(condition);
            assert!(told.contains(words) && told.len() < 250, "{condition}: {told}");
        }
    }

    #[test]
    fn the_line_is_that_of_the_condition() {
        let message = "Condition parse error at 1:1: x";
        let text = "title: t\ndetection:\n  s: {a: b}\n  condition: s AND t\n";
        assert_eq!(in_words(text, message).map(|(line, _)| line), Some(4));
        let text = "title: t\ndetection:\n  s: {a: b}\n  condition: |\n    s and\n    OR t\n";
        assert_eq!(in_words(text, message).map(|(line, _)| line), Some(6));
        assert_eq!(in_words(text, "Unknown modifier 'x'"), None);
    }
}
