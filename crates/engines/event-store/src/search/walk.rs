//! The way of a search through its slices, and what it has gathered.

use super::facets;
use super::page::{Page, cursors, newest};
use super::passage::{Passage, add_count, broken, count};
use super::request::{Histogram, SearchResult, SearchUpdate, column, time_literal};
use super::slices::{Slice, Slices};
use super::stream::Prepared;
use crate::StoreError;
use crate::memory::Snapshot;
use crate::query::{Parts, Session};
use crate::segment::MINUTE;
use crate::verify::{find_damaged, verdicts};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::prelude::DataFrame;
use event::Micros;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A slice that takes less is followed by a larger one, one that takes longer than the other by a smaller one: updates
/// come about as often as people look.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_millis(1_000);

pub(super) struct Walk {
    session: Arc<Session>,
    parts: Parts<SearchUpdate>,
    search: Prepared,
    so_far: SearchResult,
    page: Page,
    /// The newest matches, for the field list.
    sample: Vec<RecordBatch>,
    sampled: usize,
    reached: Option<Micros>,
    began: Instant,
}

/// What is done in a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Look for the rows of the page and for nothing else.
    Rows,
    /// Look at every match; the newest are found on the way.
    Count,
}

impl Walk {
    pub(super) fn new(session: Arc<Session>, parts: Parts<SearchUpdate>, search: Prepared) -> Self {
        let so_far = SearchResult {
            histogram: search.histogram.clone(),
            files_total: session.touched.total,
            ..SearchResult::default()
        };
        let page = Page::new(&search.request);
        Self {
            session,
            parts,
            search,
            so_far,
            page,
            sample: Vec::new(),
            sampled: 0,
            reached: None,
            began: Instant::now(),
        }
    }

    pub(super) async fn run(mut self) -> Result<(), StoreError> {
        let request = &self.search.request;
        let (counts, before) = (request.buckets > 0 || request.facets, request.before.map(|before| before.time));
        // A page further back would come only once everything before it is counted, so its rows are fetched first.
        if let Some(before) = before.filter(|_| counts) {
            let rows = self.go(Work::Rows, before).await?;
            self.page.complete = true;
            self.tell(rows, false).await?;
        }
        let rows = match counts {
            true => self.go(Work::Count, Micros::MAX).await?,
            false => self.go(Work::Rows, before.unwrap_or(Micros::MAX)).await?,
        };
        self.end(counts, rows).await
    }

    /// Walks from `until` back, with an update after each slice but the last; gives the rows of that one.
    async fn go(&mut self, work: Work, until: Micros) -> Result<Vec<Map<String, Value>>, StoreError> {
        let mut slices = Slices::new(self.search.extents(), self.search.from, self.search.until.min(until));
        let least = self.search.request.slice_rows.max(1);
        let mut size = least;
        loop {
            // Nothing is to be seen of the rest but its counts, and the manifest has them.
            let whole = work == Work::Count && self.minutes_suffice();
            let Some(slice) = slices.cut(if whole { u64::MAX } else { size }) else { return Ok(Vec::new()) };
            let began = Instant::now();
            let rows = self.look(work, slice).await?;
            if work == Work::Count {
                self.reached = Some(slice.from);
            }
            if slices.is_empty() || work == Work::Rows && self.page.complete {
                return Ok(rows);
            }
            match began.elapsed() {
                took if took < SHORT => size = size.saturating_mul(2),
                took if took > LONG => size = (size / 2).max(least),
                _ => {}
            }
            self.tell(rows, false).await?;
        }
    }

    async fn end(&mut self, counts: bool, rows: Vec<Map<String, Value>>) -> Result<(), StoreError> {
        self.page.complete = true;
        self.so_far.total_exact = counts;
        if self.page.rows == 0 {
            self.so_far.unknown_fields = self.search.query.unknown_fields();
        }
        self.tell(rows, true).await
    }

    /// Works through one slice; gives the rows that go onto the page.
    async fn look(&mut self, work: Work, slice: Slice) -> Result<Vec<Map<String, Value>>, StoreError> {
        let _turn = self.parts.turn().await?;
        let part = self.search.snapshot.within(slice.from, slice.until).map_err(broken)?;
        let before = verdicts(&part.segments);
        match self.look_once(work, slice, &part).await {
            // What can be read is told now, and which days are not in it.
            Err(StoreError::Unreachable { .. }) => {
                self.session.touched.leave_out_unreachable();
                self.look_once(work, slice, &part).await
            }
            // Where a file cannot be read, the damaged ones are found and left out.
            Err(error @ StoreError::Segment { .. }) => {
                let segments = part.segments.clone();
                let found = tokio::task::spawn_blocking(move || find_damaged(&segments, before)).await.unwrap_or(false);
                if found { self.look_once(work, slice, &part).await } else { Err(error) }
            }
            outcome => outcome,
        }
    }

    /// Changes nothing where it fails.
    async fn look_once(
        &mut self,
        work: Work,
        slice: Slice,
        part: &Snapshot,
    ) -> Result<Vec<Map<String, Value>>, StoreError> {
        let session = Arc::clone(&self.session);
        let mut histogram = self.so_far.histogram.clone();
        let (part, counted) = match work == Work::Count && self.minutes_suffice() {
            true => &counted_by_minutes(part, slice, &mut histogram),
            false => &(part.clone(), 0),
        };
        let matches = self.matches(slice, part)?;
        if work == Work::Rows {
            let keys = newest(&session, &matches, self.search.request.before, self.page.wanted()).await?;
            return self.page.add(&session, &matches, keys).await;
        }
        let for_sample = self.wanted_for_sample();
        let mut passage = count(&session, &matches, histogram, self.wanted()).await?;
        passage.total += counted;
        let keys = if self.page.complete { Vec::new() } else { cursors(&passage.newest)? };
        let rows = self.page.add(&session, &matches, keys).await?;
        self.gather(passage, for_sample)?;
        Ok(rows)
    }

    fn wanted_for_sample(&self) -> usize {
        if self.search.request.facets { facets::SAMPLE - self.sampled } else { 0 }
    }

    /// Newest matches of the next slice that are of use.
    fn wanted(&self) -> usize {
        self.page.wanted().max(self.wanted_for_sample())
    }

    /// Whether all that is still to be known is how many events there were in each minute.
    fn minutes_suffice(&self) -> bool {
        let buckets = &self.so_far.histogram;
        self.wanted() == 0
            && self.search.is_everything
            && (buckets.buckets.is_empty() || buckets.bucket_micros % MINUTE == 0)
    }

    fn matches(&self, slice: Slice, part: &Snapshot) -> Result<DataFrame, StoreError> {
        let mut filter = self.search.filter.clone();
        // Rows in memory are of the slice already; where the files are as well, nobody needs to look at times.
        if part.segments.iter().any(|one| one.row.min_time < slice.from || slice.until < one.row.max_time) {
            filter = filter.and(column("time").between(time_literal(slice.from), time_literal(slice.until)));
        }
        let events = self.session.stored_in(part.clone())?;
        events.filter(filter).map_err(|error| self.session.explain(&error))
    }

    fn gather(&mut self, passage: Passage, for_sample: usize) -> Result<(), StoreError> {
        self.so_far.histogram = passage.histogram;
        self.so_far.total += passage.total;
        let more = for_sample.min(passage.newest.num_rows());
        if more > 0 {
            self.sample.push(passage.newest.slice(0, more));
            self.sampled += more;
            let sample = concat_batches(&passage.newest.schema(), &self.sample).map_err(broken)?;
            self.so_far.facets = facets::facets(&sample);
            self.so_far.facets_over = self.sampled as u64;
        }
        Ok(())
    }

    async fn tell(&mut self, rows: Vec<Map<String, Value>>, done: bool) -> Result<(), StoreError> {
        let search = &self.search;
        let counts = search.request.buckets > 0 || search.request.facets;
        if !counts {
            self.so_far.total = self.page.rows as u64;
        }
        self.so_far.next = self.page.next;
        self.so_far.files_read = self.session.touched.read();
        self.so_far.unreadable = search.unreadable(self.session.touched.left_out());
        self.so_far.unreadable_files = self.so_far.unreadable.iter().map(|one| one.files).sum();
        self.so_far.elapsed = self.began.elapsed();
        let behind = |from: Micros| search.segments.iter().filter(|one| from <= one.row.min_time).count();
        let files_done = if done { search.segments.len() } else { self.reached.map_or(0, behind) };
        let update = SearchUpdate {
            so_far: SearchResult { rows, ..self.so_far.clone() },
            page_complete: self.page.complete,
            reached: self.reached,
            files_to_do: search.segments.len(),
            files_done,
            done,
        };
        self.parts.send(update).await
    }
}

/// Counts files that lie whole in the slice by what the manifest says of their minutes; gives what is left to be read,
/// and how many events were counted.
fn counted_by_minutes(part: &Snapshot, slice: Slice, histogram: &mut Histogram) -> (Snapshot, u64) {
    let (mut left, mut counted) = (Vec::new(), 0);
    for one in part.segments.iter() {
        let row = &one.row;
        let whole = slice.from <= row.min_time && row.max_time <= slice.until && !one.has_lost_rows();
        let minutes = row.minutes.as_ref().filter(|_| whole);
        match minutes.and_then(|minutes| minutes.counts(row.min_time, row.rows)) {
            Some(minutes) => {
                minutes.into_iter().for_each(|(minute, count)| add_count(histogram, minute, count));
                counted += row.rows;
            }
            None => left.push(one.clone()),
        }
    }
    (Snapshot { segments: Arc::new(left), memory: part.memory.clone() }, counted)
}
