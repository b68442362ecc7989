//! Search in events: what an address asks, the clauses that links add to a query, and the pages over the event
//! store's own language. Nothing here decides what matches.

pub mod api;
pub mod clause;
mod counting;
pub mod event_page;
pub(crate) mod figures;
mod lines;
mod live_tail;
pub mod names;
pub mod pages;
pub mod places;
pub mod run;
pub mod senders;

use crate::timespan::Timespan;
use event_store::Store;
use kit::Error;
use kit::clock::{MINUTE, Micros};
use kit::page::{Address, Page};
use kit::web::Routes;

pub fn routes() -> Routes {
    pages::routes()
        .merge(counting::routes())
        .merge(event_page::routes())
        .merge(live_tail::routes())
        .merge(api::routes())
}

/// Columns a list shows when the address names none.
pub const DEFAULT_COLUMNS: [&str; 3] = ["host_name", "source_ip", "user_name"];
/// Most columns of a list.
const MOST_COLUMNS: usize = 12;
/// Longest query that is read, in characters.
const LONGEST_QUERY: usize = 4_000;

/// A range ends now. Events of a clock that is fast by more than this do not stand before what really is new.
const FAST_CLOCK: Micros = MINUTE;

/// What an address asks of the event store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub query: String,
    pub span: Timespan,
    /// Common columns to show, in order.
    pub columns: Vec<String>,
    /// Where the page before ended.
    pub before: Option<(Micros, u64)>,
}

impl Question {
    pub fn of(address: &Address, now: Micros) -> Self {
        let query = address.value("q").unwrap_or_default().trim();
        let mut span = Timespan::of(address, now, "24h");
        if !matches!(span.range, "" | "all") {
            span.to = Some(now.saturating_add(FAST_CLOCK));
        }
        Self {
            query: query.chars().filter(|letter| !letter.is_control()).take(LONGEST_QUERY).collect(),
            span,
            columns: columns(address),
            before: address.value("before").and_then(cursor_of),
        }
    }
}

/// The same, refused where its time cannot be read or ends before it begins.
pub fn asked(address: &Address, now: Micros) -> Result<Question, Error> {
    let problems = Timespan::problems(address);
    if problems.is_empty() { Ok(Question::of(address, now)) } else { Err(Error::Invalid(problems)) }
}

fn columns(address: &Address) -> Vec<String> {
    let Some(_) = address.value("columns") else { return DEFAULT_COLUMNS.map(ToOwned::to_owned).to_vec() };
    let known = Store::event_columns();
    let mut columns: Vec<String> = Vec::new();
    let asked = address.pairs().iter().filter(|(name, _)| name == "columns").flat_map(|(_, value)| value.split(','));
    for name in asked {
        if known.iter().any(|column| column.name == name) && !columns.iter().any(|have| have == name) {
            columns.push(name.to_owned());
        }
    }
    columns.truncate(MOST_COLUMNS);
    columns
}

/// What a common column means, in the language of the page; empty for fields of a format's own.
pub fn column_doc(page: &Page, name: &str) -> String {
    let known = Store::event_columns().iter().any(|column| column.name == name);
    if known { page.t(&format!("catalogue-events-{name}")) } else { String::new() }
}

/// `1795219200000000.4711`: time and sequence of the last row of a page.
pub fn cursor_code(time: Micros, seq: u64) -> String {
    format!("{time}.{seq}")
}

fn cursor_of(text: &str) -> Option<(Micros, u64)> {
    let (time, seq) = text.split_once('.')?;
    Some((time.parse().ok()?, seq.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back() {
        assert_eq!(cursor_of(&cursor_code(-5, 7)), Some((-5, 7)));
        assert_eq!(cursor_of("now"), None);
    }

    #[test]
    fn only_columns_that_exist_are_asked_for() {
        let question =
            Question::of(&Address::parse("/search?columns=user_name,raw%20FROM,user_name&columns=host_ip"), 0);
        assert_eq!(question.columns, vec!["user_name", "host_ip"]);
    }

    #[test]
    fn a_range_ends_now_and_what_was_asked_for_by_its_ends_is_left_as_it_is() {
        let now = 1_795_227_120_000_000;
        let end = |address: &str| Question::of(&Address::parse(address), now).span.to;
        assert_eq!(end("/search"), Some(now + MINUTE));
        assert_eq!(end("/search?range=7d"), Some(now + MINUTE));
        assert_eq!(end("/search?range=all"), None);
        assert_eq!(end("/search?from=1795227180000"), None);
    }

    #[test]
    fn control_characters_never_reach_the_query() {
        assert_eq!(Question::of(&Address::parse("/search?q=a%00b%0Ac"), 0).query, "abc");
    }
}
