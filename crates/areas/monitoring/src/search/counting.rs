//! The rest of a search, after the page with its first rows: the same search once more from the newest on, as
//! server-sent events of finished HTML. It ends with the page that listens.

use super::figures::{Figures, Way};
use super::pages::{Row, row_of};
use super::places::Place;
use super::run::{self, Failure, PER_PAGE, Progress, State};
use super::senders::{Sender, senders, touched};
use super::{Question, asked, cursor_code, cursor_of};
use askama::Template;
use axum::response::sse::{Event, KeepAlive, Sse};
use event_store::{SearchResult, SearchUpdate, SearchUpdates};
use futures::Stream;
use kit::clock::Micros;
use kit::page::{Address, Page};
use kit::web::{Fail, Routes, Visit};
use kit::{Capability, Error};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// Nobody reads figures that change more often.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) fn routes() -> Routes {
    Routes::new().get("/search/counting", Capability::ViewEvents, count)
}

/// What the page has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// When its range ended: the same question is asked again.
    pub at: Micros,
    /// Everything from here on is counted.
    pub reached: Option<Micros>,
    /// Place of its last row, and whether others can follow.
    pub last: Option<(Micros, u64)>,
    pub complete: bool,
}

impl Shown {
    /// Where the page asks for the rest; `page` is its own address.
    pub(super) fn address(&self, page: &Address) -> Address {
        let mut address = page.at("/search/counting").without("live").with("at", self.at);
        if let Some(reached) = self.reached {
            address = address.with("reached", reached);
        }
        if let Some((time, seq)) = self.last {
            address = address.with("last", cursor_code(time, seq));
        }
        if self.complete { address.with("complete", 1) } else { address }
    }

    /// Takes itself out of the address that the page asked; what is left is the page's own.
    fn of(address: &Address, now: Micros) -> (Self, Address) {
        let number = |name: &str| address.value(name).and_then(|text| text.parse::<Micros>().ok());
        let shown = Self {
            at: number("at").unwrap_or(now).min(now),
            reached: number("reached"),
            last: address.value("last").and_then(cursor_of),
            complete: address.has("complete", "1"),
        };
        let page =
            ["at", "reached", "last", "complete"].into_iter().fold(address.at("/search"), |a, name| a.without(name));
        (shown, page)
    }
}

async fn count(visit: Visit) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Fail> {
    visit.require(Capability::ViewEvents)?;
    let place = run::enter(&visit).await?;
    let (shown, address) = Shown::of(&visit.address, visit.now());
    let mut question = asked(&address, shown.at)?;
    if shown.complete {
        question.before = None;
    }
    let limit = if shown.complete { 1 } else { PER_PAGE };
    let updates = run::updates(&visit, &question, limit).await.map_err(|failure| Fail::from(Error::from(failure)))?;
    let page = visit.page().await?;
    let count = Count {
        visit,
        page,
        address,
        question,
        updates,
        shown,
        senders: HashMap::new(),
        told: BTreeSet::new(),
        so_far: SearchResult::default(),
        progress: None,
        sent: None,
        facets_over: None,
        rows: 0,
        ended: false,
        _place: place,
    };
    let stream = futures::stream::unfold(count, |mut count| async move {
        let parts = count.next().await?;
        Some((futures::stream::iter(parts.into_iter().map(Ok)), count))
    });
    Ok(Sse::new(futures::StreamExt::flatten(stream)).keep_alive(KeepAlive::default()))
}

struct Count {
    visit: Visit,
    page: Page,
    address: Address,
    question: Question,
    updates: SearchUpdates,
    shown: Shown,
    senders: HashMap<String, Sender>,
    /// Agencies whose audit trail knows.
    told: BTreeSet<String>,
    so_far: SearchResult,
    progress: Option<Progress>,
    sent: Option<Instant>,
    /// Matches behind the field list that was sent last.
    facets_over: Option<u64>,
    rows: usize,
    ended: bool,
    _place: Place,
}

#[derive(Template)]
#[template(path = "search/templates/rows.html")]
struct Rows<'count> {
    page: &'count Page,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "search/templates/summary.html")]
struct Summary<'count> {
    page: &'count Page,
    question: &'count Question,
    figures: &'count Figures,
}

#[derive(Template)]
#[template(path = "search/templates/field_list.html")]
struct FieldList<'count> {
    page: &'count Page,
    figures: &'count Figures,
}

#[derive(Template)]
#[template(path = "search/templates/way.html")]
struct WayPart<'count> {
    page: &'count Page,
    way: &'count Way,
}

#[derive(Template)]
#[template(path = "search/templates/older.html")]
struct Older<'count> {
    page: &'count Page,
    older: String,
}

#[derive(Template)]
#[template(path = "search/templates/none.html")]
struct Nothing<'count> {
    page: &'count Page,
    figures: &'count Figures,
}

fn part(name: &str, template: &impl Template) -> Result<Event, Error> {
    let html = template.render().map_err(Error::internal)?;
    Ok(Event::default().event(name).data(on_one_line(&html)))
}

/// An event ends at the end of a line.
fn on_one_line(html: &str) -> String {
    html.replace(['\n', '\r'], " ")
}

impl Count {
    /// What to send next; `None` once everything is.
    async fn next(&mut self) -> Option<Vec<Event>> {
        while !self.ended {
            let parts = match self.updates.next().await {
                Some(Ok(update)) => self.take(update).await,
                Some(Err(error)) => match State::stopped(&error) {
                    Some(state) if self.progress.is_some() => self.end_as(state),
                    _ => Err(Error::from(Failure::from(error))),
                },
                None => return None,
            };
            match parts {
                Ok(parts) if parts.is_empty() => {}
                Ok(parts) => return Some(parts),
                Err(error) => {
                    tracing::warn!(%error, "a search ended while its page was open");
                    self.ended = true;
                    let words = match error.status() {
                        ..500 => error.in_words(self.visit.lang),
                        _ => self.visit.t(error.key()),
                    };
                    let words = on_one_line(&words);
                    return Some(vec![Event::default().event("failed").data(words)]);
                }
            }
        }
        None
    }

    async fn take(&mut self, update: SearchUpdate) -> Result<Vec<Event>, Error> {
        let progress = Progress::of(&update);
        let known = self.page_knows(&progress);
        self.so_far.take(update);
        self.progress = Some(progress);
        let rows = self.new_rows();
        self.name(&rows, known).await?;
        let row = |row| row_of(&self.page, &self.address, &self.question, row, &self.senders);
        let rows = Rows { page: &self.page, rows: rows.iter().map(row).collect() };
        self.rows += rows.rows.len();
        let early = self.sent.is_some_and(|sent| sent.elapsed() < PAUSE) && rows.rows.is_empty();
        if (early || known && rows.rows.is_empty()) && progress.state == State::UnderWay {
            return Ok(Vec::new());
        }
        let mut parts = Vec::new();
        if !rows.rows.is_empty() {
            parts.push(part("rows", &rows)?);
        }
        if !known {
            parts.extend(self.figures()?);
        }
        match progress.state {
            State::Done => parts.extend(self.end_as(State::Done)?),
            _ => parts.push(self.way(&progress)?),
        }
        self.sent = Some(Instant::now());
        Ok(parts)
    }

    /// Whether the page has figures that are further than these.
    fn page_knows(&self, progress: &Progress) -> bool {
        let behind = match (self.shown.reached, progress.reached) {
            (Some(shown), Some(reached)) => shown < reached,
            (Some(_), None) => true,
            (None, _) => false,
        };
        behind && progress.state == State::UnderWay
    }

    /// Rows that came with the last update and are not on the page.
    fn new_rows(&mut self) -> Vec<Map<String, Value>> {
        let rows = std::mem::take(&mut self.so_far.rows);
        if self.shown.complete {
            return Vec::new();
        }
        let place = |row: &_| (run::time(row, "time").unwrap_or_default(), run::sequence(row));
        rows.into_iter().filter(|row| self.shown.last.is_none_or(|last| place(row) < last)).collect()
    }

    /// Learns the names of new senders, and tells the audit trail what is seen beyond what the page had.
    async fn name(&mut self, rows: &[Map<String, Value>], known: bool) -> Result<(), Error> {
        let of_rows: BTreeSet<String> = rows.iter().filter_map(|row| run::text(row, "source_id")).collect();
        let all = of_rows.iter().cloned().chain(run::source_ids(&self.so_far));
        let new: Vec<String> = all.filter(|id| !self.senders.contains_key(id)).collect();
        if !new.is_empty() {
            self.senders.extend(senders(&self.visit.read(), new, self.visit.now()).await?);
        }
        let mut concerned = touched(rows, &self.senders);
        concerned.retain(|agency, shown| self.told.insert(agency.clone()) || shown.is_some());
        if !rows.is_empty() || !known && !concerned.is_empty() {
            run::audit(&self.visit, "search", &self.question.query, rows.len() as u64, &concerned).await?;
        }
        Ok(())
    }

    /// Total, histogram, and the field list where it has changed.
    fn figures(&mut self) -> Result<Vec<Event>, Error> {
        let figures = Figures::of(&self.page, &self.address, &self.question, &self.so_far, &self.senders);
        let mut parts = vec![
            part("summary", &Summary { page: &self.page, question: &self.question, figures: &figures })?,
            Event::default().event("histogram").data(on_one_line(self.page.histogram(&figures.histogram).as_str())),
        ];
        if self.facets_over != Some(figures.facets_over) {
            self.facets_over = Some(figures.facets_over);
            parts.push(part("fields", &FieldList { page: &self.page, figures: &figures })?);
        }
        Ok(parts)
    }

    fn way(&self, progress: &Progress) -> Result<Event, Error> {
        let seconds = run::monitoring(&self.visit.app)?.searches.limits.time.as_secs();
        part("way", &WayPart { page: &self.page, way: &Way::of(&self.page, progress, seconds) })
    }

    /// The last parts: how it ended, where the next page begins, and that there was nothing.
    fn end_as(&mut self, state: State) -> Result<Vec<Event>, Error> {
        self.ended = true;
        let Some(progress) = self.progress.map(|progress| Progress { state, ..progress }) else {
            return Err(Error::Refused { status: 400, key: "error-query-timeout", words: String::new() });
        };
        let mut parts = vec![self.way(&progress)?];
        if let Some(next) = self.so_far.next.filter(|_| !self.shown.complete) {
            let older = self.address.without("live").with("before", cursor_code(next.time, next.seq)).to_string();
            parts.push(part("older", &Older { page: &self.page, older })?);
        }
        let nothing = self.rows == 0 && self.shown.last.is_none() && self.so_far.total == 0;
        if nothing && state == State::Done {
            let figures = Figures::of(&self.page, &self.address, &self.question, &self.so_far, &self.senders);
            parts.push(part("none", &Nothing { page: &self.page, figures: &figures })?);
        }
        let seconds = run::monitoring(&self.visit.app)?.searches.limits.time.as_secs();
        parts.push(Event::default().event("end").data(Way::of(&self.page, &progress, seconds).words));
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_has_survives_its_way_to_the_server_and_back() {
        let page = Address::parse("/search?q=root&range=7d");
        let shown = Shown { at: 50, reached: Some(-3), last: Some((9, 2)), complete: true };
        let asked = Address::parse(&shown.address(&page).to_string());
        assert_eq!(Shown::of(&asked, 60), (shown, page));
        let other = Shown { at: 40, reached: None, last: None, complete: false };
        assert_eq!(Shown::of(&Address::parse("/search/counting?at=70"), 40).0, other, "no page is of the future");
    }
}
