//! What is counted beside the rows of a search, ready to be drawn: at once, or while the search goes on.

use super::clause::{exclude, include};
use super::run::{Progress, State, told_unreadable};
use super::senders::Sender;
use super::{Question, column_doc};
use event_store::{Facet, SearchResult};
use kit::catalogue::Unreadable;
use kit::page::{Address, Histogram, Page, Series};
use std::collections::HashMap;

/// Fields whose values are shown without asking.
const OPEN: [&str; 4] = ["source_id", "event_category", "source_ip", "user_name"];

/// Days without their events that are named.
const DAYS_TOLD: usize = 10;

/// One field with its most frequent values.
pub(super) struct FieldSummary {
    pub name: String,
    pub doc: String,
    pub values: Vec<FieldValue>,
    pub other: u64,
    /// Whether its values are shown at once.
    pub open: bool,
    /// Whether it is a column of the rows, and the address that changes that.
    pub shown: bool,
    pub toggle: String,
}

pub(super) struct FieldValue {
    pub text: String,
    pub count: u64,
    pub include: String,
    pub exclude: String,
}

/// Total, histogram, field list, and what they are made of.
pub(super) struct Figures {
    pub fields: Vec<FieldSummary>,
    pub histogram: Histogram,
    /// In words: names that are no columns, where nothing was found.
    pub unknown: Vec<String>,
    pub total: u64,
    pub total_exact: bool,
    pub facets_over: u64,
    pub files_read: u64,
    pub files_total: u64,
    /// In words: files that could not be read, with their days.
    pub unreadable: Vec<String>,
    pub milliseconds: u64,
}

impl Figures {
    /// `address` is that of the page.
    pub(super) fn of(
        page: &Page,
        address: &Address,
        question: &Question,
        result: &SearchResult,
        senders: &HashMap<String, Sender>,
    ) -> Self {
        let words = |unknown: &event_store::UnknownField| match unknown.meant {
            Some(meant) => page.tn2("search-unknown-meant", "field", unknown.field.as_str(), "meant", meant),
            None => page.tn("search-unknown", "field", unknown.field.as_str()),
        };
        let summary = |facet: &Facet| field(page, address, question, facet, senders);
        Self {
            fields: result.facets.iter().filter(|facet| !facet.values.is_empty()).map(summary).collect(),
            histogram: histogram(page, result),
            unknown: result.unknown_fields.iter().map(words).collect(),
            total: result.total,
            total_exact: result.total_exact,
            facets_over: result.facets_over,
            files_read: result.files_read as u64,
            files_total: result.files_total as u64,
            unreadable: unreadable(page, &told_unreadable(&result.unreadable)),
            milliseconds: result.elapsed.as_millis().try_into().unwrap_or(u64::MAX),
        }
    }
}

fn field(
    page: &Page,
    address: &Address,
    question: &Question,
    facet: &Facet,
    senders: &HashMap<String, Sender>,
) -> FieldSummary {
    let value = |(value, count): &(String, u64)| FieldValue {
        text: match senders.get(value) {
            Some(sender) if facet.field == "source_id" => sender.source_name.clone(),
            _ => value.clone(),
        },
        count: *count,
        include: address.with("q", include(&question.query, &facet.field, value)).to_string(),
        exclude: address.with("q", exclude(&question.query, &facet.field, value)).to_string(),
    };
    let shown = question.columns.contains(&facet.field);
    let mut columns = question.columns.clone();
    if shown {
        columns.retain(|name| *name != facet.field);
    } else {
        columns.push(facet.field.clone());
    }
    FieldSummary {
        doc: column_doc(page, &facet.field),
        values: facet.values.iter().map(value).collect(),
        other: (facet.distinct as u64).saturating_sub(facet.values.len() as u64),
        open: OPEN.contains(&facet.field.as_str()),
        shown,
        toggle: address.with("columns", columns.join(",")).to_string(),
        name: facet.field.clone(),
    }
}

/// What an answer lacks, in words: a sentence for those that can be mended, for an archive that is away, and for what is
/// lost.
pub(crate) fn unreadable(page: &Page, all: &[Unreadable]) -> Vec<String> {
    let words = |why: &[&str], key| {
        let some = all.iter().filter(|one| why.contains(&one.why.as_str()));
        let files = some.clone().map(|one| one.files).sum::<u64>();
        let mut days: Vec<&str> = some.flat_map(|one| &one.days).map(String::as_str).collect();
        days.sort_unstable();
        days.dedup();
        let more = days.len().saturating_sub(DAYS_TOLD);
        days.truncate(DAYS_TOLD);
        let days = days.join(", ") + if more > 0 { " …" } else { "" };
        (files > 0).then(|| page.tn2(key, "count", page.format.number(files), "days", days.as_str()))
    };
    [
        words(&["missing", "damaged"], "search-unreadable"),
        words(&["unreachable"], "search-unreachable"),
        words(&["lost"], "search-events-lost"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn histogram(page: &Page, result: &SearchResult) -> Histogram {
    let histogram = &result.histogram;
    Histogram {
        id: "search-histogram".to_owned(),
        title: page.t("search-histogram-title"),
        start: histogram.from,
        width: histogram.bucket_micros,
        series: vec![Series {
            name: page.t("search-events"),
            counts: histogram.buckets.iter().map(|bucket| bucket.count).collect(),
            colour: "accent".to_owned(),
        }],
        zoom: Some(("from".to_owned(), "to".to_owned())),
    }
}

/// How far the count is, in words; also those for when it is stopped from outside.
pub(super) struct Way {
    pub under_way: bool,
    pub words: String,
    /// Files behind of files to do; what is in memory alone has none.
    pub files: String,
    pub has_files: bool,
    pub files_done: u64,
    pub files_to_do: u64,
    pub stopped: String,
    pub lost: String,
}

impl Way {
    pub(super) fn of(page: &Page, progress: &Progress, seconds: u64) -> Self {
        let (done, all) = (page.format.number(progress.files_done), page.format.number(progress.files_to_do));
        let until = progress.reached.map(|reached| page.format.date_time(reached));
        let until = match &until {
            Some(time) => page.tn("search-counted-back", "time", time.as_str()),
            None => page.t("search-counted-nothing"),
        };
        let words = match progress.state {
            State::UnderWay => page.tn("search-counting", "back", until.as_str()),
            State::Done => page.t("search-counted"),
            State::ReadTooMuch => page.tn("search-read-too-much", "back", until.as_str()),
            State::OutOfTime => page.tn2("search-out-of-time", "seconds", seconds, "back", until.as_str()),
        };
        Self {
            under_way: progress.state == State::UnderWay,
            words,
            files: page.tn2("search-counting-files", "done", done, "all", all),
            has_files: progress.files_to_do > 0,
            files_done: progress.files_done,
            files_to_do: progress.files_to_do.max(1),
            stopped: page.tn("search-stopped", "back", until.as_str()),
            lost: page.tn("search-lost", "back", until.as_str()),
        }
    }
}
