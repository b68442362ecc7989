//! Kinds of log that each source really sends: what rules can be fed with. Heard with every event that arrives live,
//! written when a kind is new and then once an hour.

use super::store::execute;
use event::LogSource;
use kit::clock::{HOUR, Micros};
use kit::{Connection, Error, Tx};
use sea_orm::{Statement, Value};
use std::sync::Arc;

/// Kinds remembered for one source; a source that sends more is a mixture and says nothing of the rest.
const MOST: usize = 64;

#[derive(Debug)]
struct HeardKind {
    log_source: LogSource,
    first: Micros,
    last: Micros,
    written: Option<Micros>,
}

impl HeardKind {
    fn is_due(&self) -> bool {
        self.written.is_none_or(|written| self.last.saturating_sub(written) >= HOUR)
    }
}

/// Kinds of log heard of one source, the frequent ones first.
#[derive(Debug, Default)]
pub(super) struct LogSources(Vec<HeardKind>);

impl LogSources {
    pub(super) fn hear(&mut self, log_source: &LogSource, arrival: Micros) {
        if log_source.is_empty() {
            return;
        }
        match self.0.iter().position(|kind| kind.log_source == *log_source) {
            Some(place) => {
                if let Some(kind) = self.0.get_mut(place) {
                    kind.last = kind.last.max(arrival);
                }
                if place > 0 {
                    self.0.swap(place, place - 1);
                }
            }
            None if self.0.len() < MOST => {
                self.0.push(HeardKind { log_source: log_source.clone(), first: arrival, last: arrival, written: None })
            }
            None => {}
        }
    }

    /// Writes what is due. Call [`Self::written`] once the transaction is committed.
    pub(super) async fn write(&self, tx: &Tx<'_>, source_id: &str) -> Result<(), Error> {
        for kind in self.0.iter().filter(|kind| kind.is_due()) {
            let sql = "INSERT INTO source_telemetry (source_id, log_source, first_seen, last_seen) \
                       VALUES ($1, $2, $3, $4) ON CONFLICT (source_id, log_source) DO UPDATE SET \
                       last_seen = CASE WHEN source_telemetry.last_seen < excluded.last_seen \
                       THEN excluded.last_seen ELSE source_telemetry.last_seen END";
            let values = [source_id.into(), encode(&kind.log_source).into(), kind.first.into(), kind.last.into()];
            execute(tx, sql, values).await?;
        }
        Ok(())
    }

    pub(super) fn written(&mut self) {
        for kind in self.0.iter_mut().filter(|kind| kind.is_due()) {
            kind.written = Some(kind.last);
        }
    }
}

fn encode(log_source: &LogSource) -> String {
    let words = |words: &[Arc<str>]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
    let parts = (log_source.product.as_deref(), words(&log_source.categories), words(&log_source.services));
    serde_json::to_string(&parts).unwrap_or_default()
}

fn decode(text: &str) -> Option<LogSource> {
    let (product, categories, services): (Option<String>, Vec<String>, Vec<String>) =
        serde_json::from_str(text).ok()?;
    let words = |words: Vec<String>| words.into_iter().map(Arc::from).collect();
    Some(LogSource { product: product.map(Arc::from), categories: words(categories), services: words(services) })
}

/// Kinds of log that arrived since a moment from sources in scope, of one system or of all, each once.
pub async fn arriving(
    connection: &impl Connection,
    system_id: Option<&str>,
    since: Micros,
) -> Result<Vec<LogSource>, Error> {
    let mut values: Vec<Value> = vec![since.into()];
    let mut conditions = vec![connection.scope().agency_condition("a.agency_id")];
    if let Some(system) = system_id {
        values.push(system.into());
        conditions.push("a.system_id = $2".to_owned());
    }
    let sql = format!(
        "SELECT DISTINCT t.log_source FROM source_telemetry t \
         LEFT JOIN source_assignments a ON a.source_id = t.source_id AND a.valid_to IS NULL \
         WHERE t.last_seen >= $1 AND {}",
        conditions.join(" AND ")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut found = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        found.extend(decode(&row.try_get::<String>("", "log_source")?));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(product: &str, category: &str) -> LogSource {
        LogSource { product: Some(product.into()), categories: vec![category.into()], services: Vec::new() }
    }

    #[test]
    fn a_kind_is_written_when_it_is_new_and_then_once_an_hour() {
        let mut heard = LogSources::default();
        heard.hear(&kind("windows", "process_creation"), HOUR);
        heard.hear(&LogSource::default(), HOUR);
        assert_eq!(heard.0.iter().filter(|kind| kind.is_due()).count(), 1);
        heard.written();
        heard.hear(&kind("windows", "process_creation"), HOUR + HOUR / 2);
        assert_eq!(heard.0.iter().filter(|kind| kind.is_due()).count(), 0);
        heard.hear(&kind("windows", "process_creation"), 2 * HOUR);
        heard.hear(&kind("zeek", "dns"), 2 * HOUR);
        assert_eq!(heard.0.iter().filter(|kind| kind.is_due()).count(), 2);
    }

    #[test]
    fn a_source_that_sends_everything_is_bounded_and_kinds_lead_back() {
        let mut heard = LogSources::default();
        for number in 0..1_000 {
            heard.hear(&kind("mixture", &number.to_string()), HOUR);
        }
        assert_eq!(heard.0.len(), MOST);
        let log_source = LogSource { services: vec!["a\"b".into()], ..kind("x", "y") };
        assert_eq!(decode(&encode(&log_source)), Some(log_source));
    }
}
