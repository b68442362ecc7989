//! Clauses that a click adds to a query: this value, not this value, only this value.

/// `field:"value"`, with quotes and backslashes of the value escaped. A field that the language cannot name (a blank
/// in it), and a value too long for a query, leave a phrase alone.
pub fn clause(field: &str, value: &str) -> String {
    let long = value.chars().count() > LONGEST_VALUE;
    let value: String = value.chars().filter(|letter| !letter.is_control()).take(LONGEST_VALUE).collect();
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    let named = !long
        && field.chars().any(char::is_alphabetic)
        && field.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '@'));
    if named { format!("{field}:\"{value}\"") } else { format!("\"{value}\"") }
}

/// Longest value that a click puts into a query, in characters.
const LONGEST_VALUE: usize = 500;

/// The query and this value as well.
pub fn include(query: &str, field: &str, value: &str) -> String {
    join(query, &clause(field, value))
}

/// The query without this value.
pub fn exclude(query: &str, field: &str, value: &str) -> String {
    join(query, &format!("NOT {}", clause(field, value)))
}

fn join(query: &str, clause: &str) -> String {
    let query = query.trim();
    if query.is_empty() {
        return clause.to_owned();
    }
    if query == clause || query.starts_with(&format!("{clause} AND ")) || query.ends_with(&format!(" AND {clause}")) {
        return query.to_owned();
    }
    // What stands beside an OR would otherwise bind to its last part only.
    let alternatives = query.split_whitespace().any(|word| word.eq_ignore_ascii_case("or"));
    if alternatives { format!("({query}) AND {clause}") } else { format!("{query} AND {clause}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_narrows_the_whole_query() {
        assert_eq!(include("", "user_name", "root"), "user_name:\"root\"");
        assert_eq!(exclude("a OR b", "user_name", "root"), "(a OR b) AND NOT user_name:\"root\"");
        assert_eq!(include("a", "path", "C:\\x \"y\""), "a AND path:\"C:\\\\x \\\"y\\\"\"");
    }

    #[test]
    fn a_field_with_a_blank_in_its_name_leaves_the_phrase() {
        assert_eq!(clause("Source Name", "x"), "\"x\"");
    }

    #[test]
    fn the_same_click_twice_changes_nothing() {
        let once = include("failed", "user_name", "root");
        assert_eq!(include(&once, "user_name", "root"), once);
    }
}
