//! A sparkline: counts over time as small bars, drawn on the server as SVG.

use super::Page;

/// Counts in the order of time, with a name for those who hear the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sparkline {
    pub counts: Vec<u64>,
    pub name: String,
}

/// One bar: left edge and width in percent, top and height of 24.
pub struct Bar {
    pub x: String,
    pub width: String,
    pub y: String,
    pub height: String,
}

impl Sparkline {
    pub fn bars(&self) -> Vec<Bar> {
        let highest = self.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        let step = 100.0 / self.counts.len().max(1) as f64;
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(index, count)| {
                let height = (*count as f64 / highest * 20.0).max(2.0);
                Bar {
                    x: format!("{:.2}%", step * (index as f64 + 0.1)),
                    width: format!("{:.2}%", step * 0.8),
                    y: format!("{:.1}", 22.0 - height),
                    height: format!("{height:.1}"),
                }
            })
            .collect()
    }

    /// "Sự kiện mỗi giờ: cao nhất 42, cuối cùng 3".
    pub fn sentence(&self, page: &Page) -> String {
        page.tm(
            "shell-sparkline",
            &[
                ("name", self.name.clone().into()),
                ("highest", page.format.number(self.counts.iter().copied().max().unwrap_or(0)).into()),
                ("last", page.format.number(self.counts.last().copied().unwrap_or(0)).into()),
            ],
        )
    }
}
