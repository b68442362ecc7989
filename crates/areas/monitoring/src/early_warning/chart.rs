//! The chart of something unusual: columns with what is normal as a line across each, drawn on the server as SVG. The same
//! figures stand in a table behind it.

use super::Warning;
use baseline::{Bar, Label, Normal};
use kit::page::Page;

/// Height of the drawing, and what of it columns take.
const HEIGHT: f64 = 72.0;
const ROOM: f64 = 66.0;

pub struct Chart {
    pub title: String,
    pub columns: Vec<Drawn>,
}

/// One column: left edge and width in percent, the rest in pixels.
pub struct Drawn {
    pub x: String,
    pub width: String,
    pub y: String,
    pub height: String,
    /// Where the line of what is normal runs, and its ends in percent.
    pub normal: Option<(String, String, String)>,
    pub marked: bool,
    pub name: String,
    pub value: String,
    pub usual: Option<String>,
}

impl Chart {
    pub fn of(warning: &Warning, page: &Page) -> Self {
        let bars = &warning.anomaly.bars;
        let highest = bars.iter().flat_map(|bar| [bar.value, bar.normal.unwrap_or_default()]).fold(1.0_f64, f64::max);
        let step = 100.0 / bars.len().max(1) as f64;
        let key = match warning.anomaly.normal {
            Normal::Count { .. } => "early-warning-chart-count",
            Normal::FirstSeen { .. } | Normal::Rare { .. } => "early-warning-chart-values",
            Normal::Hour { .. } => "early-warning-chart-hours",
            Normal::Interval { .. } => "early-warning-chart-intervals",
        };
        let decimals = usize::from(matches!(warning.anomaly.normal, Normal::Interval { .. }));
        let drawn = |(place, bar): (usize, &Bar)| {
            let left = step * (place as f64 + 0.1);
            let height = if bar.value > 0.0 { (bar.value / highest * ROOM).max(2.0) } else { 0.0 };
            let line = |normal: f64| {
                let y = HEIGHT - (normal / highest * ROOM).max(0.5);
                (
                    format!("{y:.1}"),
                    format!("{:.2}%", step * place as f64),
                    format!("{:.2}%", step * (place as f64 + 1.0)),
                )
            };
            Drawn {
                x: format!("{left:.2}%"),
                width: format!("{:.2}%", step * 0.8),
                y: format!("{:.1}", HEIGHT - height),
                height: format!("{height:.1}"),
                normal: bar.normal.map(line),
                marked: bar.marked,
                name: name(&bar.label, page),
                value: page.format.decimal(bar.value, decimals),
                usual: bar.normal.map(|normal| page.format.decimal(normal, 1)),
            }
        };
        Self { title: page.t(key), columns: bars.iter().enumerate().map(drawn).collect() }
    }

    pub fn has_usual(&self) -> bool {
        self.columns.iter().any(|column| column.usual.is_some())
    }
}

fn name(label: &Label, page: &Page) -> String {
    match label {
        Label::Time(at) => page.format.date_time(*at),
        Label::HourOfDay(hour) => format!("{hour:02}:00"),
        Label::Value(value) => value.clone(),
        Label::Place(place) => place.to_string(),
    }
}
