//! The search language: `user_name:root and not source_ip:10.0.0.0/8 "failed password"`. One text becomes a
//! condition over the table `events`, or a test of a single event for the live tail.

mod condition;
mod facets;
mod language;
mod matching;
mod names;
mod newest;
mod page;
mod parser;
mod passage;
mod request;
mod since;
mod slices;
mod stream;
mod tokens;
mod unknown;
mod values;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use condition::condition;
pub use language::{Bound, Field, Node, Predicate, Query, Term, Test};
pub use matching::Matcher;
pub use names::Names;
pub use parser::parse;
pub use request::{Bucket, Cursor, Facet, Histogram, SLICE_ROWS, SearchRequest, SearchResult, SearchUpdate};
pub(crate) use request::{column, time_literal};
pub use since::{Since, SinceRequest, Tally};
pub use stream::SearchUpdates;
pub use unknown::UnknownField;
