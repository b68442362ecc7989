//! A search as it goes: one moment of the store, walked from the newest to the oldest, with an update after each slice
//! of time. The whole answer is these updates put together.

use super::condition::condition;
use super::language::{Node, Query};
use super::passage;
use super::request::{MOST_ROWS, SearchRequest, SearchResult, SearchUpdate};
use super::slices::Extent;
use super::walk::Walk;
use crate::manifest::SegmentRow;
use crate::memory::{Snapshot, times};
use crate::mistake::Mistake;
use crate::query::{Flow, Sources};
use crate::segment::Segment;
use crate::unreadable::{Gap, Unread, Unreadable, Why, gather};
use crate::{Histogram, QueryContext, Store, StoreError, columns};
use datafusion::logical_expr::Expr;
use event::Micros;
use std::sync::Arc;

/// Updates of a search under way. Dropped, it ends the search.
pub struct SearchUpdates(Flow<SearchUpdate>);

impl SearchUpdates {
    /// The next update; an error is the last, and what came before it holds. `None` after the update that is `done`.
    pub async fn next(&mut self) -> Option<Result<SearchUpdate, StoreError>> {
        self.0.next().await
    }
}

/// Events in memory are told apart by time as finely as this.
const MEMORY_EXTENTS: usize = 500;

/// A search made ready: everything that is the same for all its slices.
pub(super) struct Prepared {
    pub request: SearchRequest,
    pub query: Query,
    pub filter: Expr,
    /// Every event is a match, and the asker may see every one.
    pub is_everything: bool,
    pub snapshot: Snapshot,
    /// First and last time asked for, both included.
    pub from: Micros,
    pub until: Micros,
    pub histogram: Histogram,
    /// Segments that may hold matches, as far as time and sources tell.
    pub segments: Vec<Arc<Segment>>,
    /// Others that are gone.
    pub gaps: Vec<Gap>,
    /// The asker may see every source, and so how many events there are.
    pub sees_all: bool,
}

impl Prepared {
    /// Where events lie.
    pub(super) fn extents(&self) -> Vec<Extent> {
        let segments = self.segments.iter().map(|one| Extent {
            from: one.row.min_time,
            until: one.row.max_time,
            rows: one.row.rows,
        });
        // Rows in memory come in the order of their arrival: one of a fast clock would stretch all those beside it.
        let mut held: Vec<Micros> = self.snapshot.memory.iter().flat_map(times).copied().collect();
        held.sort_unstable();
        let piece = held.len() / MEMORY_EXTENTS + 1;
        let memory = held.chunks(piece).filter_map(|piece| {
            let (from, until) = (*piece.first()?, *piece.last()?);
            Some(Extent { from, until, rows: piece.len() as u64 })
        });
        segments.chain(memory).collect()
    }

    /// Files that could not be read, or not whole, as far as is known now.
    pub(super) fn unreadable(&self, left_out: Vec<Unread>) -> Vec<Unreadable> {
        let count = |events: u64| if self.sees_all { events } else { 0 };
        let gone = self.gaps.iter().map(|gap| Unread::new(gap.why, &gap.row, count(gap.row.rows)));
        let damaged = self.segments.iter().filter(|one| one.has_lost_rows());
        let damaged = damaged.map(|one| Unread::new(Why::Damaged, &one.row, count(one.lost_rows())));
        gather(gone.chain(damaged).chain(left_out))
    }
}

impl Store {
    /// Answers a search.
    ///
    /// # Errors
    /// `Search` for a text that cannot be read; otherwise as [`Store::query`].
    pub async fn search(&self, request: &SearchRequest, context: &QueryContext) -> Result<SearchResult, StoreError> {
        let mut updates = self.search_updates(request, context)?;
        let mut result = SearchResult::default();
        while let Some(update) = updates.next().await {
            result.take(update?);
        }
        Ok(result)
    }

    /// The same as it goes: rows as soon as they are found, and what is counted so far. The timeout of the context
    /// bounds the whole.
    ///
    /// # Errors
    /// `Search` for a text that cannot be read. What else can go wrong comes as an update.
    pub fn search_updates(&self, request: &SearchRequest, context: &QueryContext) -> Result<SearchUpdates, StoreError> {
        let prepared = self.prepare(request, context)?;
        let context = QueryContext { max_rows: MOST_ROWS, ..context.clone() };
        let snapshot = prepared.snapshot.clone();
        let walk = move |session, parts| Walk::new(session, parts, prepared).run();
        Ok(SearchUpdates(self.engine().flow(&context, snapshot, walk)?))
    }

    fn prepare(&self, request: &SearchRequest, context: &QueryContext) -> Result<Prepared, StoreError> {
        let query = self.parse(&request.query)?.with_names(&context.names)?;
        if let Some(unknown) = request.columns.iter().find(|name| !columns::exists(name)) {
            let words = format!("there is no column {unknown}");
            return Err(Mistake::new("search-unknown-column", words).with("column", unknown).into());
        }
        let filter = condition(&query).map_err(|error| StoreError::Query(error.to_string()))?;
        let snapshot = self.shared().snapshot()?;
        let from = request.from.unwrap_or(Micros::MIN);
        let until = request.to.map_or(Micros::MAX, |to| to.saturating_sub(1));
        let asked = |row: &SegmentRow| {
            row.min_time <= until && from <= row.max_time && context.sources.reach(row.sources.as_ref())
        };
        let histogram = match span(request, &snapshot) {
            Some(span) if request.buckets > 0 => passage::empty(span, request.buckets),
            _ => Histogram::default(),
        };
        Ok(Prepared {
            segments: snapshot.segments.iter().filter(|one| asked(&one.row)).cloned().collect(),
            gaps: self.shared().gaps.iter().filter(|gap| asked(&gap.row)).cloned().collect(),
            sees_all: context.sources == Sources::All,
            request: request.clone(),
            is_everything: query.root == Node::All && context.sources == Sources::All,
            query,
            filter,
            snapshot,
            from,
            until,
            histogram,
        })
    }
}

fn ends(times: impl Iterator<Item = Micros>) -> Option<(Micros, Micros)> {
    times.fold(None, |ends, time| match ends {
        Some((least, greatest)) => Some((time.min(least), time.max(greatest))),
        None => Some((time, time)),
    })
}

/// First and last event time that the histogram shows.
fn span(request: &SearchRequest, snapshot: &Snapshot) -> Option<(Micros, Micros)> {
    let segments = snapshot.segments.iter().flat_map(|one| [one.row.min_time, one.row.max_time]);
    let held = ends(segments.chain(snapshot.memory.iter().flat_map(|batch| times(batch).iter().copied())));
    let from = request.from.or(held.map(|(least, _)| least))?;
    let to = request.to.map(|to| to.saturating_sub(1)).or(held.map(|(_, greatest)| greatest))?;
    (from <= to).then_some((from, to))
}
