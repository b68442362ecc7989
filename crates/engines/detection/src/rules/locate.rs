//! Finds the line of a key in a rule's text, for errors that come without a position. It reads indentation only;
//! where it is fooled (flow style, odd quoting) the answer is the nearest key above.

use crate::compile::CompileError;

/// 0-based line of the deepest of `keys` that is found, each inside the one before.
fn line_of(text: &str, keys: &[&str]) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let mut from = 0;
    let mut parent_indent: Option<usize> = None;
    let mut best = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    for key in keys {
        let mut found = None;
        for (number, line) in lines.iter().enumerate().skip(from) {
            let content = line.trim_start();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let indent = line.len() - content.len();
            if parent_indent.is_some_and(|parent| indent <= parent && number > from) && !content.starts_with('-') {
                break;
            }
            if is_key(content, key) {
                found = Some((number, indent));
                break;
            }
        }
        let Some((number, indent)) = found else { break };
        best = number;
        from = number + 1;
        parent_indent = Some(indent);
    }
    best
}

/// Whether a line holds `key`, with or without modifiers, quotes and list dashes.
fn is_key(content: &str, key: &str) -> bool {
    let bare = content.trim_start_matches(['-', ' ', '\'', '"']);
    bare.strip_prefix(key).is_some_and(|rest| rest.starts_with([':', '|', '\'', '"']))
}

/// 1-based line in the document for an error of ours.
pub(super) fn line_of_compile_error(text: &str, error: &CompileError) -> usize {
    let mut keys = vec!["detection"];
    keys.extend(error.place.iter().map(String::as_str).filter(|key| !key.is_empty()));
    line_of(text, &keys) + 1
}

/// 1-based line in the document of a path of keys.
pub(super) fn line_of_keys(text: &str, keys: &[&str]) -> usize {
    line_of(text, keys) + 1
}

/// 1-based line in the file of a key of a rule whose text begins at `first`.
pub(crate) fn line_of_key(text: &str, key: &str, first: usize) -> usize {
    first + line_of(text, &[key])
}

/// 1-based line in the file of the first line that holds `word`, of a rule whose text begins at `first`.
pub(super) fn line_that_holds(text: &str, word: &str, first: usize) -> usize {
    first + text.lines().position(|line| line.contains(word)).unwrap_or(0)
}

/// 1-based line in the document for a message of the parser.
pub(super) fn line_of_parser_message(text: &str, message: &str) -> usize {
    if let Some(rest) = message.rsplit_once(" at line ").map(|(_, rest)| rest)
        && message.starts_with("YAML")
    {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(line) = digits.parse::<usize>() {
            return line.max(1);
        }
    }
    if let Some(modifier) = message.strip_prefix("Unknown modifier '").and_then(|rest| rest.strip_suffix('\'')) {
        let needle = format!("|{modifier}");
        return text.lines().position(|line| line.contains(&needle)).map_or(1, |line| line + 1);
    }
    let lower = message.to_lowercase();
    let keys: &[&str] = if lower.contains("condition") && text.contains("detection:") {
        &["detection", "condition"]
    } else if lower.contains("correlation condition") {
        &["correlation", "condition"]
    } else if lower.contains("timespan") || lower.contains("timeframe") {
        &["correlation", "timespan"]
    } else if lower.contains("correlation") {
        &["correlation"]
    } else if lower.contains("logsource") {
        &["logsource"]
    } else if lower.contains("sigma-version") {
        &["sigma-version"]
    } else if lower.contains("invalid status") {
        &["status"]
    } else if lower.contains("invalid level") {
        &["level"]
    } else if lower.contains("related") {
        &["related"]
    } else if lower.contains("detection") {
        &["detection"]
    } else {
        &[]
    };
    line_of(text, keys) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_keys_are_found_by_indentation() {
        let text = "title: x\ndetection:\n  a:\n    Image: 1\n  b:\n    - 'Image|re': '('\n  condition: a\n";
        let error = CompileError::new("x").at("Image").at("b");
        assert_eq!(line_of_compile_error(text, &error), 6);
        assert_eq!(line_of_compile_error(text, &CompileError::new("x").at("condition")), 7);
        assert_eq!(line_of_compile_error(text, &CompileError::new("x").at("gone")), 2);
        assert_eq!(line_of_parser_message(text, "YAML parse error: bad at line 3 column 4"), 3);
    }
}
