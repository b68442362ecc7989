//! What every record passes before it is kept: those of sources that have rules go without what these name. While no source
//! has any, records pass unread.

use super::rewrite::rewrite;
use super::store;
use crate::formats;
use crate::pipeline::read_by_source;
use crate::sources::SourceResolver;
use bytes::Bytes;
use event::{Origin, RawRecord};
use kit::{Db, Error, Scope};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Stands before the log of the event store.
pub struct Gate {
    formats: formats::Shelf,
    sources: Arc<SourceResolver>,
    /// Records from which a rule took something, not yet in the registers.
    counted: Arc<Mutex<HashMap<String, i64>>>,
}

impl Gate {
    pub fn new(formats: formats::Shelf, sources: Arc<SourceResolver>) -> Arc<Self> {
        Arc::new(Self { formats, sources, counted: Arc::default() })
    }

    /// Writes how often each rule took something.
    pub async fn write_counts(&self, db: &Db, scope: &Scope) -> Result<(), Error> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if counted.is_empty() {
            return Ok(());
        }
        let tx = db.scoped(scope).begin().await?;
        for (id, records) in &counted {
            store::count(&tx, id, *records).await?;
        }
        tx.commit().await?;
        let mut held = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, records) in counted {
            *held.entry(id).or_default() -= records;
        }
        held.retain(|_, records| *records > 0);
        Ok(())
    }
}

impl event_store::Gate for Gate {
    fn is_needed(&self) -> bool {
        self.sources.has_redactions()
    }

    fn pass(&self, records: &mut [RawRecord]) -> Box<dyn FnOnce() + Send> {
        let (formats, index) = (self.formats.current(), self.sources.redacting());
        let mut taken: HashMap<String, i64> = HashMap::new();
        for record in records.iter_mut().filter(|record| index.may_concern(&record.origin)) {
            let mut event = formats.parse(record);
            let Some((known, key)) = index.of(&event) else { continue };
            read_by_source(&formats, &mut event, known.reading.as_ref());
            let read = |bytes: &[u8]| {
                let again = RawRecord { bytes: Bytes::copy_from_slice(bytes), ..record.clone() };
                let mut event = formats.parse(&again);
                read_by_source(&formats, &mut event, known.reading.as_ref());
                event
            };
            if let Some(done) = rewrite(&record.bytes, &event, &known.redactions, key, &read) {
                done.by.into_iter().for_each(|id| *taken.entry(id).or_default() += 1);
                record.bytes = done.bytes;
                // By what is left of it, it might be taken for another's.
                let source_id = Some(known.owner.source_id.to_string());
                record.origin = Arc::new(Origin { source_id, ..Origin::clone(&record.origin) });
            }
        }
        let counted = self.counted.clone();
        Box::new(move || {
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            taken.into_iter().for_each(|(id, records)| *counted.entry(id).or_default() += records);
        })
    }
}
