//! Events into Arrow rows, in the order of [`crate::columns::schema`].

use crate::{columns, observables};
use arrow::array::{
    Array, ArrayBuilder, ArrayRef, BooleanBuilder, Int64Array, Int64Builder, RecordBatch, StringViewArray,
    StringViewBuilder, TimestampMicrosecondArray,
};
use arrow::error::ArrowError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::{Column, ColumnKind, Event, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::sync::{Arc, LazyLock};

/// The years 1 to 9999, which every reader of the files can write as a date. What lies outside was no time.
const EARLIEST: i64 = -62_135_596_800_000_000;
const LATEST: i64 = 253_402_128_000_000_000;

/// One batch with a row for each event.
pub(crate) fn to_batch<'a>(events: impl Iterator<Item = &'a Event> + Clone) -> Result<RecordBatch, ArrowError> {
    let text = |of: &dyn Fn(&'a Event) -> Option<&'a str>| -> ArrayRef {
        let mut builder = StringViewBuilder::new();
        events.clone().for_each(|event| builder.append_option(of(event)));
        Arc::new(builder.finish())
    };
    let owned = |of: &dyn Fn(&'a Event) -> Option<String>| -> ArrayRef {
        let mut builder = StringViewBuilder::new();
        events.clone().for_each(|event| builder.append_option(of(event)));
        Arc::new(builder.finish())
    };
    let integer = |of: &dyn Fn(&'a Event) -> Option<i64>| -> ArrayRef {
        let mut builder = Int64Builder::new();
        events.clone().for_each(|event| builder.append_option(of(event)));
        Arc::new(builder.finish())
    };
    let time = |of: &dyn Fn(&'a Event) -> i64| -> ArrayRef {
        let times = TimestampMicrosecondArray::from_iter_values(events.clone().map(of));
        Arc::new(times.with_timezone("UTC"))
    };
    let mut understood = BooleanBuilder::new();
    events.clone().for_each(|event| understood.append_value(event.understood));

    let mut arrays: Vec<ArrayRef> = vec![
        integer(&|event| Some(event.seq as i64)),
        time(&|event| event.time.clamp(EARLIEST, LATEST)),
        time(&|event| event.arrival.clamp(EARLIEST, LATEST)),
        text(&|event| Some(event.time_quality.as_str())),
        text(&|event| event.source_id.as_deref()),
        text(&|event| Some(&event.format)),
        Arc::new(understood.finish()),
        text(&|event| event.problem.as_deref()),
        text(&|event| Some(event.origin.listener.as_str())),
        text(&|event| event.origin.peer.as_deref()),
        text(&|event| event.origin.file.as_deref()),
        integer(&|event| (event.position > 0).then_some(event.position as i64)),
        text(&|event| event.log_source.product.as_deref()),
        owned(&|event| joined(&event.log_source.categories)),
        owned(&|event| joined(&event.log_source.services)),
    ];
    arrays.extend(common(events.clone()));
    let mut finder = observables::Finder::default();
    let mut found = StringViewBuilder::new();
    events.clone().for_each(|event| found.append_option(finder.of(event)));
    arrays.push(Arc::new(found.finish()));
    arrays.extend(record(events));
    RecordBatch::try_new(columns::schema(), arrays)
}

/// The record and what it says in its own words, each once: message, record, its encoding, fields, and where message and
/// fields are when they are in the record.
fn record<'a>(events: impl Iterator<Item = &'a Event>) -> [ArrayRef; 7] {
    let [mut messages, mut raws, mut encodings, mut own, mut members] =
        std::array::from_fn(|_| StringViewBuilder::new());
    let (mut origins, mut in_raws) = (Int64Builder::new(), BooleanBuilder::new());
    let mut written = Vec::new();
    for event in events {
        let raw = std::str::from_utf8(&event.raw).ok();
        let origin = message_from(event, raw);
        let member = if origin.is_none() { message_field(event) } else { None };
        messages.append_option(event.message.as_deref().filter(|_| origin.is_none() && member.is_none()));
        origins.append_option(origin);
        members.append_option(member);
        match raw {
            Some(text) => raws.append_value(text),
            None => raws.append_value(STANDARD.encode(&event.raw)),
        }
        encodings.append_option(raw.is_none().then_some("base64"));
        let fields = write_fields(event, &mut written);
        let is_in_raw = fields.is_some_and(|fields| fields.as_bytes() == &*event.raw);
        own.append_option(fields.filter(|_| !is_in_raw));
        in_raws.append_option(is_in_raw.then_some(true));
    }
    [
        Arc::new(messages.finish()),
        Arc::new(raws.finish()),
        Arc::new(encodings.finish()),
        Arc::new(own.finish()),
        Arc::new(origins.finish()),
        Arc::new(members.finish()),
        Arc::new(in_raws.finish()),
    ]
}

/// One of the common columns while it is filled.
enum Filling {
    Empty,
    Text(StringViewBuilder),
    Integer(Int64Builder),
}

/// The common columns, each event looked at once: few of the many are filled.
fn common<'a>(events: impl Iterator<Item = &'a Event>) -> impl Iterator<Item = ArrayRef> {
    let mut columns: Vec<Filling> = Column::ALL.iter().map(|_| Filling::Empty).collect();
    let mut rows = 0;
    for (row, event) in events.enumerate() {
        for (column, value) in event.columns.iter() {
            if let Some(filling) = columns.get_mut(column as usize) {
                filling.set(row, value);
            }
        }
        rows = row + 1;
    }
    columns.into_iter().zip(Column::ALL).map(move |(filling, column)| filling.finish(column.kind(), rows))
}

impl Filling {
    fn set(&mut self, row: usize, value: &Value) {
        match value {
            Value::Text(text) => {
                if matches!(self, Self::Empty) {
                    *self = Self::Text(StringViewBuilder::new());
                }
                self.pad(row);
                if let Self::Text(builder) = self {
                    builder.append_value(text);
                }
            }
            Value::Int(number) => {
                if matches!(self, Self::Empty) {
                    *self = Self::Integer(Int64Builder::new());
                }
                self.pad(row);
                if let Self::Integer(builder) = self {
                    builder.append_value(*number);
                }
            }
            _ => {}
        }
    }

    /// Nulls up to this row.
    fn pad(&mut self, row: usize) {
        match self {
            Self::Empty => {}
            Self::Text(builder) => (builder.len()..row).for_each(|_| builder.append_null()),
            Self::Integer(builder) => (builder.len()..row).for_each(|_| builder.append_null()),
        }
    }

    fn finish(mut self, kind: ColumnKind, rows: usize) -> ArrayRef {
        self.pad(rows);
        match self {
            Self::Empty => nulls(kind, rows),
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
        }
    }
}

/// A column that no event fills. All such share their nulls, so they cost no memory.
fn nulls(kind: ColumnKind, rows: usize) -> ArrayRef {
    const SHARED: usize = 16 << 10;
    static TEXTS: LazyLock<ArrayRef> = LazyLock::new(|| Arc::new(StringViewArray::new_null(SHARED)));
    static INTEGERS: LazyLock<ArrayRef> = LazyLock::new(|| Arc::new(Int64Array::new_null(SHARED)));
    match kind {
        ColumnKind::Text if rows <= SHARED => TEXTS.slice(0, rows),
        ColumnKind::Integer if rows <= SHARED => INTEGERS.slice(0, rows),
        ColumnKind::Text => Arc::new(StringViewArray::new_null(rows)),
        ColumnKind::Integer => Arc::new(Int64Array::new_null(rows)),
    }
}

/// Bytes that a batch holds for itself, about.
pub(crate) fn memory(batch: &RecordBatch) -> usize {
    let filled = batch.columns().iter().filter(|column| column.null_count() < column.len());
    filled.map(|column| column.get_array_memory_size()).sum()
}

/// Where the message begins in the record (characters, from 1), if it is the end of it, as in syslog: the same
/// text is not stored twice.
fn message_from(event: &Event, raw: Option<&str>) -> Option<i64> {
    let before = raw?.strip_suffix(event.message.as_deref()?)?;
    i64::try_from(before.chars().count()).ok().map(|count| count + 1)
}

/// The own field that is the message, as with Windows events in JSON.
fn message_field(event: &Event) -> Option<&str> {
    let message = event.message.as_deref()?;
    let same = |value: &Value| matches!(value, Value::Text(text) if text == message);
    event.fields.iter().find(|(_, value)| same(value)).map(|(name, _)| name)
}

fn joined(words: &[Arc<str>]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" "))
}

/// The fields as a compact JSON object in the order of the record.
pub(crate) fn fields(event: &Event) -> Option<String> {
    write_fields(event, &mut Vec::new()).map(str::to_owned)
}

/// The same, written over what is in `written`. Where that is the record letter by letter, it was flat compact JSON.
fn write_fields<'w>(event: &Event, written: &'w mut Vec<u8>) -> Option<&'w str> {
    struct Object<'a>(&'a event::Fields);
    impl Serialize for Object<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for (name, value) in self.0.iter() {
                map.serialize_entry(name, value)?;
            }
            map.end()
        }
    }
    if event.fields.is_empty() {
        return None;
    }
    written.clear();
    serde_json::to_writer(&mut *written, &Object(&event.fields)).ok()?;
    std::str::from_utf8(written).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_value_is_in_its_row_and_column(
            rows in prop::collection::vec(prop::collection::vec((0..Column::ALL.len(), -5i64..100), 0..6), 1..40),
        ) {
            let events: Vec<Event> = rows.iter().map(|values| {
                let mut event = Event::default();
                for (column, number) in values {
                    let column = Column::ALL[*column];
                    event.columns.set(column, &Value::from(number.to_string().as_str()));
                }
                event
            }).collect();
            let batch = to_batch(events.iter()).unwrap();
            for column in Column::ALL {
                let array = batch.column_by_name(column.name()).unwrap();
                for (row, event) in events.iter().enumerate() {
                    match column.kind() {
                        ColumnKind::Text => {
                            let found = array.is_valid(row).then(|| array.as_string_view().value(row));
                            prop_assert_eq!(found, event.columns.text(*column));
                        }
                        ColumnKind::Integer => {
                            let found = array.is_valid(row).then(|| array.as_primitive::<Int64Type>().value(row));
                            prop_assert_eq!(found, event.columns.integer(*column));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn columns_that_no_event_fills_weigh_nothing() {
        let batch = to_batch(std::iter::repeat_n(&Event::default(), 2_000)).unwrap();
        let all: usize = batch.columns().iter().map(|column| column.get_array_memory_size()).sum();
        assert!(memory(&batch) * 4 < all, "{} of {all}", memory(&batch));
        let mut event = Event::default();
        event.columns.set(Column::UserName, &Value::from("an"));
        let filled = to_batch(std::iter::repeat_n(&event, 2_000)).unwrap();
        assert!(memory(&filled) > memory(&batch));
    }
}
