//! Templates of a gateway: `{{title}}` and the like in an address, a header or a body (pure). What is filled in is
//! written so that it stays one value: no title ends a JSON string or adds a header.

/// Names that may stand between the brackets.
pub(crate) const PLACES: [&str; 6] = ["title", "kind", "severity", "link", "to", "id"];

/// Where a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// Inside a JSON string.
    Json,
    /// In an address or a form.
    Percent,
    /// In a header: one line.
    Header,
    Plain,
}

impl Writing {
    /// How values are written in a body of this content type.
    pub(crate) fn of(content_type: &str) -> Self {
        let content_type = content_type.to_ascii_lowercase();
        if content_type.contains("json") {
            Self::Json
        } else if content_type.contains("x-www-form-urlencoded") {
            Self::Percent
        } else {
            Self::Plain
        }
    }

    fn write(self, value: &str) -> String {
        match self {
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
            }
            Self::Percent => value
                .bytes()
                .map(|byte| match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
                    _ => format!("%{byte:02X}"),
                })
                .collect(),
            Self::Header => value.chars().filter(|letter| !letter.is_control()).collect(),
            Self::Plain => value.to_owned(),
        }
    }
}

enum Piece<'text> {
    Text(&'text str),
    Place(&'text str),
}

/// Brackets that do not close are text.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else { break };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Place(name.trim()));
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// A name between brackets that nothing is known for.
pub(crate) fn find_unknown(template: &str) -> Option<String> {
    pieces(template).into_iter().find_map(|piece| match piece {
        Piece::Place(name) if !PLACES.contains(&name) => Some(name.to_owned()),
        _ => None,
    })
}

/// Whether a place of this name stands in it.
pub(crate) fn has_place(template: &str, wanted: &str) -> bool {
    pieces(template).into_iter().any(|piece| matches!(piece, Piece::Place(name) if name == wanted))
}

/// Puts the values in. What a value holds is never looked at again.
pub(crate) fn fill(template: &str, values: &[(&str, &str)], writing: Writing) -> String {
    let value = |name: &str| values.iter().find(|(have, _)| *have == name).map_or("", |(_, value)| *value);
    pieces(template)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Place(name) => writing.write(value(name)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_cannot_leave_its_place() {
        let evil = "\"}, \"to\": \"all\n{{link}}";
        let body =
            fill("{\"text\": \"{{title}}\", \"to\": \"{{to}}\"}", &[("title", evil), ("to", "7")], Writing::Json);
        let read: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((read["text"].as_str(), read["to"].as_str()), (Some(evil), Some("7")));
        assert_eq!(
            fill("/send?t={{title}}", &[("title", "a b&c=/ẫ")], Writing::Percent),
            "/send?t=a%20b%26c%3D%2F%E1%BA%AB"
        );
        assert_eq!(fill("{{ title }}", &[("title", "a\r\nX-Evil: 1")], Writing::Header), "aX-Evil: 1");
    }

    #[test]
    fn unknown_names_are_found_and_open_brackets_are_text() {
        assert_eq!(find_unknown("{{title}} {{body}}").as_deref(), Some("body"));
        assert_eq!(find_unknown("{{title}} {{link"), None);
        assert!(has_place("x {{ to }}", "to") && !has_place("{{title}} to {{to", "to"));
        assert_eq!(fill("a {{title", &[("title", "x")], Writing::Plain), "a {{title");
        assert_eq!(Writing::of("application/vnd.x+json; charset=utf-8"), Writing::Json);
        assert_eq!(Writing::of("application/x-www-form-urlencoded"), Writing::Percent);
    }

    proptest! {
        #[test]
        fn any_value_in_json_is_read_back(value in ".*") {
            let body = fill("[\"{{title}}\"]", &[("title", &value)], Writing::Json);
            let read: Vec<String> = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(&read[0], &value);
        }

        #[test]
        fn templates_never_panic(template in ".*") {
            let _ = fill(&template, &[("title", "x")], Writing::Json);
            let _ = find_unknown(&template);
        }
    }
}
