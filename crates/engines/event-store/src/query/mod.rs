//! Questions in SQL over events and the tables a caller adds, read-only, inside the caller's set of sources,
//! within limits of rows, time and memory.

mod budget;
mod compact;
mod engine;
mod events;
mod external;
mod flow;
pub(crate) mod functions;
mod growth;
mod guard;
mod mistakes;
mod names;
mod output;
mod places;
mod pool;
mod readers;
mod scoped;
mod touched;
mod wanted;

#[cfg(test)]
mod guard_tests;

pub use budget::ReadLimits;
pub(crate) use compact::compact;
pub(crate) use engine::{Engine, RESULT_BYTES, Session};
pub use external::{Cell, ExternalColumn, ExternalKind, ExternalRows, ExternalTable};
pub(crate) use flow::{Flow, Parts};
pub use output::QueryResult;
pub(crate) use output::{json_rows, weight};

use crate::search::Names;
use crate::{Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Which events a query may see. Enforced below the SQL, on the scan itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sources {
    All,
    /// Events bound to one of these sources and no others; an empty set sees nothing.
    Only(Arc<BTreeSet<String>>),
}

impl Sources {
    /// Whether a file with these sources (`None`: unknown) can hold events for the asker.
    pub(crate) fn reach(&self, held: Option<&BTreeSet<String>>) -> bool {
        match (self, held) {
            (Self::Only(ids), Some(held)) => !held.is_disjoint(ids),
            _ => true,
        }
    }

    pub fn only(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Only(Arc::new(ids.into_iter().map(Into::into).collect()))
    }
}

/// What must not wait for what: questions in SQL may run long and have threads of their own, so that a page with its
/// few rows is never behind them; and what runs by itself has a thread and places of its own, so that no person is ever
/// behind that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Page,
    Question,
    /// Schedules, hunts, exports: each kind is an asker here, and what it reads is not bounded.
    Background,
}

/// Who asks and how much they may use.
#[derive(Debug, Clone)]
pub struct QueryContext {
    pub sources: Sources,
    /// More tables, already in the asker's scope.
    pub tables: Vec<ExternalTable>,
    /// Rows returned at most; `truncated` says that there were more.
    pub max_rows: usize,
    /// From when it has a place on.
    pub timeout: Duration,
    /// Longest time that it waits for a place.
    pub patience: Duration,
    /// Who shares places and bytes with their own other questions; `None` is the program itself, which is not bounded.
    pub asker: Option<Arc<str>>,
    /// Bytes that sorts, joins and groupings may hold.
    pub memory: usize,
    pub lane: Lane,
    /// What names in the text of a search stand for.
    pub names: Names,
    pub cancel: CancellationToken,
}

impl QueryContext {
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            tables: Vec::new(),
            max_rows: 10_000,
            timeout: Duration::from_secs(30),
            patience: Duration::from_secs(60),
            asker: None,
            memory: 192 << 20,
            lane: Lane::Page,
            names: Names::default(),
            cancel: CancellationToken::new(),
        }
    }

    #[must_use]
    pub fn with_tables(mut self, tables: Vec<ExternalTable>) -> Self {
        self.tables = tables;
        self
    }
}

impl Store {
    /// Answers one SELECT, WITH or EXPLAIN.
    ///
    /// # Errors
    /// `Mistake` with a code for anything else and for what the planner finds wrong, `Query` with the engine's words
    /// where they are not recognised, `Busy` where too many others are asking, `Timeout`, `Memory`, `Spill`,
    /// `ReadTooMuch`, `ReadEnough`, `Cancelled`.
    pub async fn query(&self, sql: &str, context: &QueryContext) -> Result<QueryResult, StoreError> {
        let sql = sql.to_owned();
        self.engine()
            .run(context, self.shared().snapshot()?, move |session| async move {
                // Here and not in the caller: trees of long conditions need the stack of the query threads.
                let statement = guard::parse(&sql)?;
                let plan = guard::plan(&session, statement).await?;
                session.collect(plan).await
            })
            .await
    }

    /// The columns of `events` with their meaning.
    pub fn event_columns() -> Vec<crate::ColumnDoc> {
        crate::columns::docs()
    }

    /// Functions that SQL may call, sorted.
    pub fn sql_functions() -> Vec<String> {
        functions::names()
    }
}
