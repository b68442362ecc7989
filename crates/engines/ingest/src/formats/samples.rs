//! The sample records that format files carry, run against the whole set. The connect page may say "tested with
//! the real sender" only of formats whose samples were seen.

use super::FormatSet;
use super::compile::Format;
use super::definition::{Evidence, Sample};
use event::{Event, Origin, RawRecord};
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// A format as people list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormatSummary<'a> {
    pub name: &'a str,
    /// `name@version`, as stored with events.
    pub id: &'a str,
    pub title: &'a str,
    pub samples: usize,
    /// At least one sample is modelled on a real record.
    pub seen: bool,
}

/// A sample that was not understood as its file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleFailure {
    pub format: String,
    pub line: String,
    pub difference: String,
}

/// When the samples are taken to have arrived: after the newest of them, so that years left out are this one's.
pub const SAMPLES_ARRIVED: event::Micros = 1_798_675_200_000_000;

impl FormatSet {
    /// Runs all samples, as if they had arrived at `arrival`. Gives the number that passed, and the failures.
    pub fn check_samples(&self, arrival: event::Micros) -> (usize, Vec<SampleFailure>) {
        let (mut passed, mut failures) = (0, Vec::new());
        for format in &self.formats {
            for sample in &format.samples {
                let event = self.parse(&RawRecord {
                    bytes: sample.line.clone().into(),
                    arrival,
                    origin: Arc::new(Origin { header: sample.header.clone(), ..Origin::default() }),
                    position: 1,
                });
                let wanted = sample.format.as_deref().unwrap_or(&format.name);
                match difference(&event, sample, wanted) {
                    None => passed += 1,
                    Some(difference) => failures.push(SampleFailure {
                        format: format.name.to_string(),
                        line: sample.line.clone(),
                        difference,
                    }),
                }
            }
        }
        (passed, failures)
    }

    /// Formats with at least one sample modelled on a real record.
    pub fn seen(&self) -> Vec<&str> {
        self.formats.iter().filter(|format| is_seen(format)).map(|format| &*format.name).collect()
    }

    /// All formats, in the order in which they are tried.
    pub fn summaries(&self) -> Vec<FormatSummary<'_>> {
        self.formats.iter().map(summary).collect()
    }
}

fn summary(format: &Format) -> FormatSummary<'_> {
    FormatSummary {
        name: &format.name,
        id: &format.id,
        title: &format.title,
        samples: format.samples.len(),
        seen: is_seen(format),
    }
}

fn is_seen(format: &Format) -> bool {
    format.samples.iter().any(|sample| sample.evidence == Evidence::Seen && !sample.origin.is_empty())
}

fn difference(event: &Event, sample: &Sample, wanted: &str) -> Option<String> {
    let differs =
        |what: &str, have: &str, want: &str| (have != want).then(|| format!("{what}: have {have:?}, want {want:?}"));
    let format = event.format.split('@').next().unwrap_or_default();
    if let Some(problem) = differs("format", format, wanted) {
        return Some(problem);
    }
    if let Some(time) = &sample.time {
        let have = Timestamp::from_microsecond(event.time).map(|time| time.to_string()).unwrap_or_default();
        let want = time.parse::<Timestamp>().map(|time| time.to_string()).unwrap_or_default();
        if let Some(problem) = differs("time", &have, &want) {
            return Some(problem);
        }
    }
    if let Some(quality) = &sample.time_quality
        && let Some(problem) = differs("time_quality", event.time_quality.as_str(), quality)
    {
        return Some(problem);
    }
    if sample.product.is_some()
        && let Some(problem) = differs(
            "product",
            event.log_source.product.as_deref().unwrap_or_default(),
            sample.product.as_deref().unwrap_or_default(),
        )
    {
        return Some(problem);
    }
    let lists = [
        ("category", &event.log_source.categories, sample.category.list()),
        ("service", &event.log_source.services, sample.service.list()),
    ];
    for (what, have, want) in lists {
        if let Some(missing) = want.iter().find(|word| !have.iter().any(|one| **one == ***word)) {
            return Some(format!("{what}: {missing:?} is not among {have:?}"));
        }
    }
    for (name, want) in &sample.columns {
        let have = event::Column::from_name(name).and_then(|column| event.columns.get(column));
        let have = have.and_then(event::Value::as_text).unwrap_or_default();
        if let Some(problem) = differs(name, &have, want) {
            return Some(problem);
        }
    }
    sample.fields.iter().find_map(|(name, want)| {
        let mut found = false;
        if let Some(value) = event.fields.get(name) {
            value.any_text(&mut |text| {
                found |= text == want;
                found
            });
        }
        (!found).then(|| format!("field {name}: have {:?}, want {want:?}", event.fields.get(name)))
    })
}
