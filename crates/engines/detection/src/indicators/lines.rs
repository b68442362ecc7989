//! Lists with one indicator a line, as most publishers give them: comments and empty lines are passed over, lines in the
//! manner of `/etc/hosts` are read by their name.

use super::{Indicator, Refusal};

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLine<'t> {
    /// 1-based.
    pub number: usize,
    pub text: &'t str,
    pub indicator: Result<Indicator, Refusal>,
}

/// Lines of a list, in order.
pub fn list_lines(list: &str) -> impl Iterator<Item = ListLine<'_>> {
    list.lines().enumerate().filter_map(|(place, line)| {
        let text = said(line)?;
        Some(ListLine { number: place + 1, text, indicator: Indicator::read(text, None) })
    })
}

/// What a line says beside its comment.
fn said(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.starts_with(['#', ';', '!']) || line.starts_with("//") {
        return None;
    }
    let text = line.find(" #").or_else(|| line.find("\t#")).and_then(|end| line.get(..end)).unwrap_or(line).trim_end();
    let mut words = text.split_whitespace();
    let text = match (words.next(), words.next()) {
        (Some("0.0.0.0" | "127.0.0.1" | "::" | "::1"), Some(name)) => name,
        _ => text,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_lines_are_named_with_their_reason() {
        let list = "\u{feff}# list\n\nevil[.]example # seen\n0.0.0.0 Ads.Example\ncom\n10.1.2.3\nnot an indicator\n";
        let lines: Vec<_> = list_lines(list)
            .map(|line| (line.number, line.text, line.indicator.map(|indicator| indicator.text().to_owned())))
            .collect();
        assert_eq!(
            lines,
            [
                (3, "evil[.]example", Ok("evil.example".to_owned())),
                (4, "Ads.Example", Ok("ads.example".to_owned())),
                (5, "com", Err(Refusal::TooBroad)),
                (6, "10.1.2.3", Err(Refusal::Private)),
                (7, "not an indicator", Err(Refusal::Unknown)),
            ]
        );
    }
}
