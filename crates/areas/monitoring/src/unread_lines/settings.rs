//! How many lines that nothing reads are looked at, and how many templates of them are kept: `[unread_lines]` of
//! `content/monitoring/sources.toml`.

use crate::settings::Checks;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnreadLineSettings {
    /// Lines looked at of those that are taken through the pipeline together; where there are more, each stands for several.
    pub looked_at: usize,
    /// Templates kept of all sources.
    pub templates: usize,
    pub templates_per_source: usize,
    /// Share of words that lines of a template have in common, from 0 to 1.
    pub similarity: f64,
    /// Sample lines of a template.
    pub samples: usize,
    /// Days after which a template is forgotten of which no line came.
    pub forget_days: i64,
}

impl UnreadLineSettings {
    pub(crate) fn check(&self, checks: &mut Checks<'_>) {
        checks.within("unread_lines.looked_at", self.looked_at, 1..=2_000);
        checks.within("unread_lines.templates", self.templates, 1..=20_000);
        checks.within("unread_lines.templates_per_source", self.templates_per_source, 1..=self.templates);
        checks.within("unread_lines.similarity", self.similarity, 0.1..=1.0);
        checks.within("unread_lines.samples", self.samples, 1..=20);
        checks.within("unread_lines.forget_days", self.forget_days, 1..=3_650);
    }
}
