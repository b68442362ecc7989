//! Questions in SQL over the whole catalogue, read-only, in the asker's scope. The catalogue says what may be
//! asked and answers; here are the page and the API.

mod api;
mod examples;
mod pages;

pub use examples::EXAMPLES;

use crate::search::run::enter;
use crate::sources::reach::touched_in_scope;
use kit::Error;
use kit::catalogue::{QueryAnswer, QueryLimits};
use kit::page::Address;
use kit::web::Routes;
use kit::web::Visit;
use organisation::audit::{Reading, Touched, record_reading};
use std::time::Duration;

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// Longest statement that is read, in bytes.
const LONGEST_SQL: usize = 20_000;
/// Most rows of one answer.
const MOST_ROWS: usize = 10_000;

/// Where a statement stands on its page.
fn page_of(sql: &str) -> Address {
    Address::parse("/questions").with("sql", sql)
}

/// Asks the catalogue and tells the audit trail, once per request.
async fn ask(visit: &Visit, sql: &str, max_rows: usize, purpose: &str) -> Result<QueryAnswer, Error> {
    if sql.len() > LONGEST_SQL {
        return Err(Error::invalid("sql", "field-too-long"));
    }
    let _place = enter(visit).await?;
    let limits = QueryLimits { max_rows: max_rows.min(MOST_ROWS), timeout: Duration::from_secs(30) };
    let answer = visit.app.catalogue.query(visit.scope(), sql, limits).await;
    // A refused question is part of the trail as well: somebody tried.
    let count = answer.as_ref().map_or(0, |answer| answer.rows.len() as u64);
    let touched = match &answer {
        Ok(answer) if answer.events_read => touched_in_scope(&visit.read()).await?,
        Err(error) if tells_of_rows(error) && sql.to_lowercase().contains("events") => {
            touched_in_scope(&visit.read()).await?
        }
        _ => Touched::new(),
    };
    let tx = visit.begin().await?;
    let reading = Reading { object_kind: "question", object_id: "", purpose, query: sql, count, touched: &touched };
    record_reading(&tx, visit.now(), &reading).await?;
    tx.commit().await?;
    answer
}

/// Whether an error may tell of the row that it came from: those of evaluating, not those of reading the question.
fn tells_of_rows(error: &Error) -> bool {
    match error {
        Error::Mistake(mistake) => event_store::Mistake::may_tell_of_rows(mistake.code),
        // What the engine says in words that nobody has read yet.
        Error::Refused { key, .. } => *key == "error-query-wrong",
        _ => false,
    }
}
