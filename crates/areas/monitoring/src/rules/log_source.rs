//! The kind of log a rule is written for, in the words of the reader (`log-source-*` of the locale); what has no words
//! there stays as rules write it.

use detection::RuleLogSource;
use kit::Lang;
use kit::locale::texts;

/// Product, category and service in one line.
pub fn words(source: &RuleLogSource, lang: Lang) -> String {
    let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
    let named = parts.into_iter().filter_map(|(part, name)| name.as_deref().map(|name| word(part, name, lang)));
    named.collect::<Vec<_>>().join(" / ")
}

/// One product, as people write its name.
pub fn product(name: &str, lang: Lang) -> String {
    word("product", name, lang)
}

fn word(part: &str, name: &str, lang: Lang) -> String {
    let key = format!("log-source-{part}-{}", name.replace('_', "-"));
    if texts().has(lang, &key) { texts().text(lang, &key) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_log_is_told_in_words_and_an_unknown_one_as_it_is() {
        let source = |product: &str, category: &str| RuleLogSource {
            product: Some(product.to_owned()),
            category: Some(category.to_owned()),
            service: None,
        };
        assert_eq!(words(&source("windows", "process_creation"), Lang::Vi), "Windows / tạo tiến trình");
        assert_eq!(words(&source("windows", "process_creation"), Lang::En), "Windows / process creation");
        assert_eq!(words(&source("acme", "x_y"), Lang::Vi), "acme / x_y");
    }
}
