//! The last `#Fields:` line of every log that is sent line by line (W3C format), by source and by what the sender says of the
//! log. Lines below are read by it, as those of a file are. It outlives a restart: what is read from the event log again is
//! read by the list that held then (`docs/decisions/0024-field-lists.md`).

use crate::sources::settings::FieldListSettings;
use event::Event;
use ingest::FormatSet;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Bytes of what a sender says of a log.
const LONGEST_LOG: usize = 512;
/// Lists of one log that are kept, the last among them, for what is read from the event log again.
const KEPT: usize = 8;

#[derive(Debug, Default)]
pub(super) struct FieldLists {
    by_source: HashMap<Arc<str>, BTreeMap<String, Log>>,
    /// Logs of all sources.
    logs: usize,
    /// Logs of which the registers hold something else.
    changed: BTreeSet<(Arc<str>, String)>,
}

#[derive(Debug, Default)]
struct Log {
    /// In the order in which they were stated.
    lists: Vec<Stated>,
    /// When one was stated last, be it the same as before.
    last: u64,
}

/// A list with the event that states it; empty where none holds from there on.
#[derive(Debug)]
struct Stated {
    seq: u64,
    names: Arc<str>,
}

impl FieldLists {
    /// What the last run left. `last` is the end of the event log: what was stated beyond it is of another.
    pub(super) async fn take_up(connection: &impl Connection, last: u64) -> Result<Self, Error> {
        let sql = "SELECT source_id, log, sequence, names FROM field_lists ORDER BY source_id, log, sequence";
        let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
        let mut lists = Self::default();
        for row in rows {
            let source: Arc<str> = row.try_get::<String>("", "source_id")?.into();
            let log: String = row.try_get("", "log")?;
            let seq = u64::try_from(row.try_get::<i64>("", "sequence")?).unwrap_or_default();
            if seq > last {
                lists.changed.insert((source, log));
                continue;
            }
            let names = row.try_get::<String>("", "names")?.into();
            let known = lists.by_source.entry(source).or_default().entry(log).or_default();
            known.lists.push(Stated { seq, names });
            known.last = seq;
        }
        lists.logs = lists.by_source.values().map(BTreeMap::len).sum();
        Ok(lists)
    }

    /// The list by which an event is to be read, where its log has stated one. An event that states one is taken in.
    pub(super) fn of(&mut self, formats: &FormatSet, event: &Event, settings: &FieldListSettings) -> Option<Arc<str>> {
        // Whoever reads a file knows what stands above.
        if event.origin.listener.is_of_files() || event.origin.header.is_some() {
            return None;
        }
        let source = event.source_id.as_ref()?;
        if let Some(names) = formats.stated_list(event) {
            let kept: &str = if names.len() > settings.longest { "" } else { &names };
            self.state(source, log_of(formats, event), event.seq, kept, settings);
            return None;
        }
        let known = self.by_source.get(source)?.get(&log_of(formats, event))?;
        let held = known.lists.iter().rev().find(|one| one.seq < event.seq)?;
        (!held.names.is_empty()).then(|| held.names.clone())
    }

    fn state(&mut self, source: &Arc<str>, log: String, seq: u64, names: &str, settings: &FieldListSettings) {
        let known = self.by_source.get_mut(source).and_then(|logs| logs.get_mut(&log));
        match known {
            Some(known) => {
                known.last = known.last.max(seq);
                if known.lists.last().is_some_and(|last| last.seq >= seq || *last.names == *names) {
                    return;
                }
                known.lists.push(Stated { seq, names: names.into() });
                let too_many = known.lists.len().saturating_sub(KEPT);
                known.lists.drain(..too_many);
            }
            None if names.is_empty() => return,
            None => {
                let known = Log { lists: vec![Stated { seq, names: names.into() }], last: seq };
                self.by_source.entry(source.clone()).or_default().insert(log.clone(), known);
                self.logs += 1;
            }
        }
        self.changed.insert((source.clone(), log));
        let of_source = self.by_source.get(source).map_or(0, BTreeMap::len);
        for _ in settings.logs_per_source..of_source {
            self.forget_oldest(Some(source));
        }
        for _ in settings.logs..self.logs {
            self.forget_oldest(None);
        }
    }

    /// Forgets the log that stated its list longest ago, of one source or of all.
    fn forget_oldest(&mut self, of: Option<&Arc<str>>) {
        let sources = self.by_source.iter().filter(|(source, _)| of.is_none_or(|of| of == *source));
        let all = sources.flat_map(|(source, logs)| logs.iter().map(move |(log, known)| (known.last, source, log)));
        let Some((source, log)) = all.min().map(|(_, source, log)| (source.clone(), log.clone())) else { return };
        if let Some(logs) = self.by_source.get_mut(&source)
            && logs.remove(&log).is_some()
        {
            self.logs -= 1;
            if logs.is_empty() {
                self.by_source.remove(&source);
            }
        }
        self.changed.insert((source, log));
    }

    /// Whether the next transaction has something to write.
    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// In the transaction that moves the detection cursor.
    pub(super) async fn write(&self, tx: &Tx<'_>) -> Result<(), Error> {
        for (source, log) in &self.changed {
            let id: &str = source;
            let sql = "DELETE FROM field_lists WHERE source_id = $1 AND log = $2";
            let values: [Value; 2] = [id.into(), log.as_str().into()];
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
            let known = self.by_source.get(source).and_then(|logs| logs.get(log));
            for one in known.map_or(&[][..], |known| known.lists.as_slice()) {
                let sql = "INSERT INTO field_lists (source_id, log, sequence, names) VALUES ($1, $2, $3, $4)";
                let seq = i64::try_from(one.seq).unwrap_or(i64::MAX);
                let names: &str = &one.names;
                let values: [Value; 4] = [id.into(), log.as_str().into(), seq.into(), names.into()];
                tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
            }
        }
        Ok(())
    }

    /// The transaction is committed.
    pub(super) fn written(&mut self) {
        self.changed.clear();
    }
}

fn log_of(formats: &FormatSet, event: &Event) -> String {
    let told = formats.log_of(event);
    let end = told.floor_char_boundary(LONGEST_LOG);
    kit::text::without_nul(told.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::{Listener, Origin, RawRecord};

    const FORMAT: &str = "name = 'w3c'\nversion = 1\ntitle = 'W3C'\norder = 1\nextract = 'w3c'\n\
        [recognise]\nlines = ['^#Fields: ']\nheaders = ['c-ip']\n";
    const SETTINGS: FieldListSettings = FieldListSettings { logs: 3, logs_per_source: 2, longest: 40 };

    struct Tried {
        formats: FormatSet,
        lists: FieldLists,
        seq: u64,
    }

    impl Tried {
        fn new() -> Self {
            let formats = FormatSet::load(&[("w3c.toml".to_owned(), FORMAT.to_owned())]).expect("a format");
            Self { formats, lists: FieldLists::default(), seq: 0 }
        }

        /// What a line of an index of a source is read by.
        fn line_at(&mut self, seq: u64, source: &str, index: &str, line: &str) -> Option<String> {
            let origin = Origin { listener: Listener::Bulk, index: Some(index.into()), ..Origin::default() };
            let bytes = line.to_owned().into();
            let raw = RawRecord { bytes, arrival: 0, origin: Arc::new(origin), position: 0 };
            let event = Event { seq, source_id: Some(source.into()), ..self.formats.parse(&raw) };
            self.lists.of(&self.formats, &event, &SETTINGS).map(|names| names.to_string())
        }

        fn line(&mut self, source: &str, index: &str, line: &str) -> Option<String> {
            self.seq += 1;
            self.line_at(self.seq, source, index, line)
        }
    }

    #[test]
    fn lines_are_read_by_the_last_list_of_their_own_log() {
        let mut tried = Tried::new();
        assert_eq!(tried.line("a", "x", "1 2"), None);
        assert_eq!(tried.line("a", "x", "#Fields: c-ip one"), None);
        assert_eq!(tried.line("a", "x", "1 2").as_deref(), Some("c-ip one"));
        for (source, index) in [("a", "y"), ("b", "x")] {
            assert_eq!(tried.line(source, index, "1 2"), None);
        }
        tried.lists.written();
        assert_eq!(tried.line("a", "x", "#Fields: c-ip one"), None);
        assert!(!tried.lists.has_changed(), "the same again is no news");
        tried.line("a", "x", "#Fields: c-ip two");
        assert!(tried.lists.has_changed());
        assert_eq!(tried.line("a", "x", "1 2").as_deref(), Some("c-ip two"));
        assert_eq!(tried.line_at(3, "a", "x", "1 2").as_deref(), Some("c-ip one"), "as it was read the first time");
        assert_eq!(tried.line_at(2, "a", "x", "#Fields: c-ip one"), None);
        assert_eq!(tried.line("a", "x", "1 2").as_deref(), Some("c-ip two"), "what comes again changes nothing");
        tried.line("a", "x", &format!("#Fields: c-ip {}", "long ".repeat(20)));
        assert_eq!(tried.line("a", "x", "1 2"), None, "a list that is too long ends the one before");
    }

    #[test]
    fn beyond_the_bounds_the_log_goes_that_stated_its_list_longest_ago() {
        let mut tried = Tried::new();
        for (source, index) in [("a", "x"), ("a", "y"), ("a", "x"), ("a", "z"), ("b", "x"), ("c", "x")] {
            tried.line(source, index, "#Fields: c-ip");
        }
        let mut left = Vec::new();
        for (source, index) in [("a", "x"), ("a", "y"), ("a", "z"), ("b", "x"), ("c", "x")] {
            if tried.line(source, index, "1").is_some() {
                left.push((source, index));
            }
        }
        assert_eq!(left, [("a", "z"), ("b", "x"), ("c", "x")]);
        assert_eq!(tried.lists.logs, 3);
        for number in 0..20 {
            tried.line("c", "x", &format!("#Fields: c-ip {number}"));
        }
        assert_eq!(tried.lists.by_source["c"]["x"].lists.len(), KEPT);
    }
}
