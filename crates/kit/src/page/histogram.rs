//! A histogram over time: pure ECharts options in a data block, drawn by `own/charts.js`, and the same figures as a
//! table behind it. The title is the question that the chart answers.

use super::{Page, json_block};
use crate::clock::Micros;
use serde_json::json;

/// One series, one count a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    pub name: String,
    pub counts: Vec<u64>,
    /// Name of a colour of the theme: `accent`, `critical`, `high`, `medium`, `low`, `informational`, `muted`.
    pub colour: String,
}

/// Buckets of equal width from `start`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Unique on the page; becomes an element's id.
    pub id: String,
    /// A question: "Nguồn nào im lặng hơn bình thường?"
    pub title: String,
    pub start: Micros,
    pub width: Micros,
    pub series: Vec<Series>,
    /// Names of the query's two time parameters; where set, dragging over the chart goes to that span.
    pub zoom: Option<(String, String)>,
}

impl Histogram {
    /// Number of buckets.
    pub fn len(&self) -> usize {
        self.series.iter().map(|series| series.counts.len()).max().unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.series.iter().all(|series| series.counts.iter().all(|count| *count == 0))
    }

    /// Start of bucket `index`.
    pub fn at(&self, index: usize) -> Micros {
        self.start.saturating_add(self.width.saturating_mul(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    pub fn total(&self) -> u64 {
        self.series.iter().flat_map(|series| &series.counts).sum()
    }

    /// Rows for the table behind: time and the figure of each series; empty buckets are left out.
    pub fn rows(&self, page: &Page) -> Vec<(String, Vec<String>)> {
        (0..self.len())
            .filter_map(|index| {
                let counts: Vec<u64> =
                    self.series.iter().map(|series| series.counts.get(index).copied().unwrap_or(0)).collect();
                (counts.iter().sum::<u64>() > 0).then(|| {
                    let words = counts.into_iter().map(|count| page.format.number(count)).collect();
                    (page.format.date_time(self.at(index)), words)
                })
            })
            .collect()
    }

    /// Options and settings for the data block.
    pub fn options(&self, page: &Page) -> String {
        let labels: Vec<String> = (0..self.len()).map(|index| self.label(page, index)).collect();
        let starts: Vec<i64> = (0..=self.len()).map(|index| self.at(index) / 1000).collect();
        let series: Vec<_> = self
            .series
            .iter()
            .map(|series| {
                json!({ "type": "bar", "stack": "all", "name": series.name, "data": series.counts, "colour": series.colour })
            })
            .collect();
        let options = json!({
            "animation": false,
            "grid": { "left": 8, "right": 8, "top": if self.series.len() > 1 { 32 } else { 12 }, "bottom": 4, "containLabel": true },
            "tooltip": { "trigger": "axis", "renderMode": "richText", "axisPointer": { "type": "shadow" } },
            "legend": { "show": self.series.len() > 1, "top": 0, "left": 0, "icon": "rect" },
            "xAxis": { "type": "category", "data": labels },
            "yAxis": { "type": "value", "minInterval": 1 },
            "series": series,
        });
        let zoom = self.zoom.as_ref().map(|(from, to)| json!({ "from": from, "to": to }));
        json_block(&json!({ "options": options, "starts": starts, "zoom": zoom }))
    }

    fn label(&self, page: &Page, index: usize) -> String {
        let at = self.at(index);
        if self.width >= crate::clock::DAY {
            page.format.date(at)
        } else if self.width.saturating_mul(i64::try_from(self.len()).unwrap_or(1)) > crate::clock::DAY {
            page.format.day_time(at)
        } else {
            page.format.time(at)
        }
    }
}
