//! How long events are kept: what the law asks for at least (`content/monitoring/retention.toml`), unless the
//! configuration says otherwise.

use crate::content::Content;
use anyhow::{Context, Result};
use kit::Lang;
use kit::locale::texts;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    #[serde(rename = "minimum")]
    minima: Vec<Minimum>,
}

/// A duty to keep some kind of log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Minimum {
    #[expect(dead_code, reason = "for whoever edits the file")]
    what: Text,
    days: u32,
    basis: Basis,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "for whoever edits the file")]
struct Text {
    vi: String,
    en: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basis {
    document: String,
    article: String,
    #[expect(dead_code, reason = "for whoever edits the file")]
    source: String,
}

impl Retention {
    pub fn load(content: &Content) -> Result<Self> {
        let found: Self = toml::from_str(&content.text("monitoring/retention.toml")?).context("retention.toml")?;
        anyhow::ensure!(found.minima.iter().any(|one| one.days > 0), "retention.toml names no minimum");
        Ok(found)
    }

    /// Days that events are kept.
    pub fn days(&self, configured: Option<u32>) -> u32 {
        configured.unwrap_or_else(|| self.minima.iter().map(|one| one.days).max().unwrap_or(u32::MAX))
    }

    /// In words; the error names what the configured days fall short of.
    pub fn judge(&self, configured: Option<u32>, lang: Lang) -> Result<String, String> {
        let days = self.days(configured);
        let short = self.minima.iter().filter(|one| one.days > days);
        let short: Vec<String> =
            short.map(|one| format!("{} {}: {}", one.basis.document, one.basis.article, one.days)).collect();
        let say = |key, arguments: &[_]| texts().text_with(lang, key, arguments);
        match short.is_empty() {
            true => Ok(say("doctor-retention-well", &[("days", days.into())])),
            false => Err(say("doctor-retention-short", &[("days", days.into()), ("duties", short.join("; ").into())])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_duty_holds_unless_configured() {
        let retention = Retention::load(&Content::default()).unwrap();
        assert!(retention.days(None) >= 366, "twelve months, leap year or not");
        assert!(retention.judge(None, Lang::En).is_ok());
        assert_eq!(retention.days(Some(30)), 30);
        assert!(retention.judge(Some(30), Lang::Vi).unwrap_err().contains("333/2026"));
    }
}
