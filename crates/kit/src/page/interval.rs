//! The interval bar: every proven number. Solid is proven, hatched is unproven, hollow is disproven; a tick marks
//! the target and the figures stand beside it in words. Never a bare percentage.

use super::Page;

/// Movement of a reading since an earlier one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Change of the proven end, in shares of one.
    pub change: f64,
    /// How far back the earlier reading is, in weeks.
    pub weeks: u32,
}

/// Counts of claims by verdict, with what the bar says beside them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interval {
    pub proven: u64,
    pub unproven: u64,
    pub disproven: u64,
    /// Target as a share of one.
    pub target: Option<f64>,
    pub trend: Option<Trend>,
    /// The rows that make the number.
    pub href: String,
    /// What is left to do, in words, for example "17 hệ thống cần làm"; empty for none.
    pub to_do: String,
    pub to_do_href: String,
}

impl Interval {
    fn total(&self) -> f64 {
        (self.proven + self.unproven + self.disproven) as f64
    }

    pub fn is_empty(&self) -> bool {
        self.proven + self.unproven + self.disproven == 0
    }

    /// Lower end: what is proven.
    pub fn lower(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.proven as f64 / self.total() }
    }

    /// Upper end: what is not disproven.
    pub fn upper(&self) -> f64 {
        if self.is_empty() { 0.0 } else { (self.proven + self.unproven) as f64 / self.total() }
    }

    /// Lengths in percent for the drawing.
    pub fn lower_length(&self) -> String {
        length(self.lower())
    }

    pub fn unproven_length(&self) -> String {
        length(self.upper() - self.lower())
    }

    pub fn upper_length(&self) -> String {
        length(self.upper())
    }

    pub fn rest_length(&self) -> String {
        length(1.0 - self.upper())
    }

    pub fn target_length(&self) -> Option<String> {
        self.target.map(|target| length(target.clamp(0.0, 1.0)))
    }

    /// "71–93 %", or "93 %" where nothing is unproven. A share is rounded inwards, so that 99,6 % never reads as all
    /// and 0,3 % never as none.
    pub fn figures(&self, page: &Page) -> String {
        if self.is_empty() {
            return page.t("shell-interval-empty");
        }
        let lower = whole_percent(self.lower());
        let upper = whole_percent(self.upper());
        if lower == upper { format!("{lower}\u{a0}%") } else { format!("{lower}–{upper}\u{a0}%") }
    }

    /// The whole bar in one sentence, for those who do not see it.
    pub fn sentence(&self, page: &Page) -> String {
        let number = |count: u64| page.format.number(count);
        page.tm(
            "shell-interval-sentence",
            &[
                ("figures", self.figures(page).into()),
                ("proven", number(self.proven).into()),
                ("unproven", number(self.unproven).into()),
                ("disproven", number(self.disproven).into()),
            ],
        )
    }

    /// "mục tiêu 100 %", empty without a target.
    pub fn target_words(&self, page: &Page) -> String {
        self.target
            .map(|target| page.tn("shell-interval-target", "target", page.format.percent(target)))
            .unwrap_or_default()
    }

    /// "↑ 4 điểm, 4 tuần", "→ 4 tuần"; empty without an earlier reading.
    pub fn trend_words(&self, page: &Page) -> String {
        let Some(trend) = self.trend else { return String::new() };
        let points = (trend.change * 100.0).round();
        let key = if points > 0.0 {
            "shell-interval-up"
        } else if points < 0.0 {
            "shell-interval-down"
        } else {
            "shell-interval-same"
        };
        page.tn2(key, "points", page.format.decimal(points.abs(), 0), "weeks", i64::from(trend.weeks))
    }
}

fn length(share: f64) -> String {
    format!("{:.2}%", (share * 100.0).clamp(0.0, 100.0))
}

fn whole_percent(share: f64) -> u32 {
    let percent = share * 100.0;
    let rounded = percent.round();
    let inward = if rounded >= 100.0 && percent < 100.0 {
        99.0
    } else if rounded <= 0.0 && percent > 0.0 {
        1.0
    } else {
        rounded
    };
    inward as u32
}
