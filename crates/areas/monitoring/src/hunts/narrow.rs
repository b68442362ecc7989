//! What of the stored records a hunt reads at all, as a condition of SQL that the indexes of the store answer: it may let
//! through too much and never too little, since every record that it lets through is looked at anew. Pure.

use crate::indicators::Listed;
use detection::{IndicatorKind, Rule};

/// Indicators that are asked for one by one; more are looked up in every record.
const MOST_TERMS: usize = 300;

/// A text between the quotes of SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Records that a rule is written for; `None` where that may be any.
pub(super) fn of_rule(rule: &Rule) -> Option<String> {
    if rule.is_correlation() {
        return None;
    }
    let source = &rule.log_source;
    let equal = |name: &str, word: &String| format!("lower({name}) = {}", quoted(&word.to_lowercase()));
    // Signs of LIKE inside a word let through more.
    let among =
        |name: &str, word: &String| format!("lower({name}) LIKE {}", quoted(&format!("%{}%", word.to_lowercase())));
    let parts: Vec<_> = [
        source.product.as_ref().map(|word| equal("log_product", word)),
        source.category.as_ref().map(|word| among("log_categories", word)),
        source.service.as_ref().map(|word| among("log_services", word)),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

/// Records that may hold one of these indicators; `None` where only looking tells.
pub(super) fn of_indicators(indicators: &[Listed]) -> Option<String> {
    if indicators.is_empty() || indicators.len() > MOST_TERMS {
        return None;
    }
    let terms: Option<Vec<_>> = indicators.iter().map(term).collect();
    let mut terms = terms?;
    terms.sort();
    terms.dedup();
    // Records with too many observables to list them, and those that are no text.
    terms.push("observables LIKE '% + %'".to_owned());
    terms.push("raw_encoding IS NOT NULL".to_owned());
    Some(format!("({})", terms.join(" OR ")))
}

fn term(indicator: &Listed) -> Option<String> {
    let listed = |word: &str| format!("observables LIKE {}", quoted(&format!("% {word} %")));
    let anywhere = |text: &str| format!("(text_has(raw, {0}) OR text_has(message, {0}))", quoted(text));
    let text = indicator.text.as_str();
    match indicator.kind {
        IndicatorKind::Hash => Some(listed(text)),
        IndicatorKind::Address => match text.split_once('/') {
            None => Some(listed(text)),
            // The octets that are the same in the whole range.
            Some((address, prefix)) if address.contains('.') => {
                let fixed = prefix.parse::<usize>().ok()? / 8;
                let octets: Vec<_> = address.split('.').take(fixed).collect();
                (!octets.is_empty()).then(|| anywhere(&format!("{}.", octets.join("."))))
            }
            Some(_) => None,
        },
        // Records may spell these in letters of another script.
        _ if text.contains("xn--") || !text.is_ascii() => None,
        IndicatorKind::Domain | IndicatorKind::Mail | IndicatorKind::FileName => Some(anywhere(text)),
        IndicatorKind::Url => {
            let host = text.split_once("://").map_or(text, |(_, rest)| rest);
            Some(anywhere(host.split(['/', ':']).next().filter(|host| !host.is_empty() && !host.starts_with('['))?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detection::Indicator;

    fn listed(text: &str) -> Listed {
        let indicator = Indicator::read(text, None).expect(text);
        Listed {
            list_id: String::new(),
            list_name: String::new(),
            indicator_id: String::new(),
            kind: indicator.kind(),
            text: indicator.text().to_owned(),
            confidence: 0,
            valid_until: 0,
            reference: String::new(),
            added_at: 0,
            renewed_at: 0,
        }
    }

    #[test]
    fn each_kind_is_asked_for_by_what_its_records_hold() {
        for (indicator, asked) in [
            ("198.51.100.7", Some("observables LIKE '% 198.51.100.7 %'")),
            ("198.51.100.0/22", Some("(text_has(raw, '198.51.') OR text_has(message, '198.51.'))")),
            ("evil.example", Some("(text_has(raw, 'evil.example') OR text_has(message, 'evil.example'))")),
            (
                "https://evil.example:8443/a",
                Some("(text_has(raw, 'evil.example') OR text_has(message, 'evil.example'))"),
            ),
            ("d41d8cd98f00b204e9800998ecf84271", Some("observables LIKE '% d41d8cd98f00b204e9800998ecf84271 %'")),
            ("2001:db8:1::/48", None),
            ("bücher.example", None),
        ] {
            assert_eq!(term(&listed(indicator)).as_deref(), asked, "{indicator}");
        }
        assert_eq!(of_indicators(&[listed("evil.example"), listed("2001:db8:1::/48")]), None);
        assert!(of_indicators(&[listed("it's.exe")]).is_some_and(|sql| sql.contains("'it''s.exe'")));
    }
}
