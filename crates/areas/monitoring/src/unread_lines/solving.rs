//! Which templates a format reads by now: their samples are read again whenever other formats come into force.

use super::store::{self, Filter};
use super::{State, UnreadLine};
use crate::search::run::{refusal, text, time};
use event::{Origin, RawRecord};
use event_store::{QueryContext, Sources, Store};
use ingest::FormatSet;
use kit::clock::Micros;
use kit::{Db, Error, Scope};
use organisation::audit;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Templates that are tried, the most frequent first.
const MOST: u64 = 1_000;
/// Templates whose samples are fetched together.
const TOGETHER: usize = 100;

/// Tries the queue on the formats in force. Gives how many templates got more lines meanwhile, and are to be tried again.
pub(crate) async fn solve(
    db: &Db,
    scope: &Scope,
    store: &Store,
    formats: &FormatSet,
    now: Micros,
) -> Result<usize, Error> {
    let scoped = db.scoped(scope);
    let filter = Filter { state: Some(State::New), ..Filter::default() };
    let open = store::list(&scoped.read(), &filter, MOST, 0).await?;
    let mut solved = Vec::new();
    for together in open.chunks(TOGETHER) {
        let rows = samples(store, together).await?;
        solved.extend(together.iter().filter_map(|one| Some((one, reader(formats, one, &rows)?))));
    }
    if solved.is_empty() {
        return Ok(0);
    }
    let tx = scoped.begin().await?;
    let mut grown = 0;
    for (one, format) in &solved {
        if !store::solve(&tx, one, format, now).await? {
            grown += 1;
            continue;
        }
        let details = json!({ "format": format, "lines": one.lines });
        let agency = one.agency_id.as_deref();
        audit::record(&tx, now, "unread-line.solve", "unread-line", &one.id, agency, details).await?;
    }
    tx.commit().await?;
    Ok(grown)
}

/// Rows of the event store behind the samples of these templates, by sequence.
async fn samples(store: &Store, of: &[UnreadLine]) -> Result<HashMap<u64, Map<String, Value>>, Error> {
    let seqs: Vec<String> = of.iter().flat_map(|one| &one.samples).map(u64::to_string).collect();
    if seqs.is_empty() {
        return Ok(HashMap::new());
    }
    let mut context = QueryContext::new(Sources::All);
    context.max_rows = seqs.len();
    let sql = format!("SELECT seq, arrival, raw, raw_encoding FROM events WHERE seq IN ({})", seqs.join(", "));
    let found = store.query(&sql, &context).await.map_err(refusal)?;
    let rows = found.to_json_rows().map_err(refusal)?;
    Ok(rows.into_iter().map(|row| (crate::search::run::sequence(&row), row)).collect())
}

/// The format that reads the samples that are still there, where there are any and all of them are read.
fn reader(formats: &FormatSet, of: &UnreadLine, rows: &HashMap<u64, Map<String, Value>>) -> Option<String> {
    let mut read = None;
    for row in of.samples.iter().filter_map(|seq| rows.get(seq)) {
        if text(row, "raw_encoding").is_some() {
            return None;
        }
        let event = formats.parse(&RawRecord {
            bytes: text(row, "raw").unwrap_or_default().into(),
            arrival: time(row, "arrival").unwrap_or_default(),
            origin: Arc::new(Origin::default()),
            position: 0,
        });
        if formats.is_unread(&event) {
            return None;
        }
        read = Some(event.format.to_string());
    }
    read
}
