//! How long sources may be silent, and what is remembered of the logs they send: `content/monitoring/sources.toml`.

use crate::settings::{Basis, Bounds, Checked, Checks};
use crate::unread_lines::settings::UnreadLineSettings;
use event::Listener;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    pub basis: Basis,
    imported_silence_minutes: i64,
    pub silence_minutes: Bounds,
    pub field_lists: FieldListSettings,
    pub unread_lines: UnreadLineSettings,
}

/// What is remembered of `#Fields:` lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldListSettings {
    pub logs: usize,
    pub logs_per_source: usize,
    /// In bytes.
    pub longest: usize,
}

/// Longest silence that anything may be allowed, in minutes: a year.
const LONGEST: i64 = 527_040;

impl Checked for SourceSettings {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("imported_silence_minutes", self.imported_silence_minutes, 1..=LONGEST);
        checks.bounds("silence_minutes", &self.silence_minutes, 1..=LONGEST);
        let lists = self.field_lists;
        checks.within("field_lists.logs", lists.logs, 1..=65_536);
        checks.within("field_lists.logs_per_source", lists.logs_per_source, 1..=lists.logs);
        checks.within("field_lists.longest", lists.longest, 64..=65_536);
        self.unread_lines.check(checks);
    }
}

impl SourceSettings {
    /// Minutes without a record after which a source is silent that nobody registered.
    pub fn first_silence(&self, listener: Option<Listener>) -> i64 {
        match listener {
            Some(Listener::Import) => self.imported_silence_minutes,
            _ => self.silence_minutes.default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn files_that_are_imported_come_now_and_then() {
        let settings = Settings::embedded().expect("sound").sources;
        let of = |listener| settings.first_silence(listener);
        assert_eq!(of(Some(Listener::SyslogTcp)), settings.silence_minutes.default);
        assert_eq!(of(None), settings.silence_minutes.default);
        assert!(of(Some(Listener::Import)) > of(None));
    }
}
