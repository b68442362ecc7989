//! Events into Arrow rows, in the order of [`crate::columns::schema`].

use crate::{columns, observables};
use arrow::array::{
    Array, ArrayBuilder, ArrayRef, BooleanArray, BooleanBuilder, Int64Array, Int64Builder, RecordBatch,
    StringViewArray, StringViewBuilder, TimestampMicrosecondArray,
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
    arrays.push(owned(&observables::of_event));
    let origins: Vec<Option<i64>> = events.clone().map(message_from).collect();
    let all_fields: Vec<Option<String>> = events.clone().map(fields).collect();
    let in_raw: Vec<bool> =
        events.clone().zip(&all_fields).map(|(event, fields)| fields_in_raw(event, fields.as_deref())).collect();
    let members: Vec<Option<&str>> =
        events.clone().zip(&origins).map(|(event, from)| message_field(event).filter(|_| from.is_none())).collect();
    arrays.push(Arc::new(StringViewArray::from_iter(
        events
            .clone()
            .zip(origins.iter().zip(&members))
            .map(|(event, (from, member))| event.message.as_deref().filter(|_| from.is_none() && member.is_none())),
    )));
    arrays.push(raw(events.clone()));
    arrays.push(text(&|event| std::str::from_utf8(&event.raw).is_err().then_some("base64")));
    let own = all_fields.iter().zip(&in_raw).map(|(fields, in_raw)| fields.as_deref().filter(|_| !in_raw));
    arrays.push(Arc::new(StringViewArray::from_iter(own)));
    arrays.push(Arc::new(Int64Array::from(origins)));
    arrays.push(Arc::new(StringViewArray::from_iter(members)));
    arrays.push(Arc::new(BooleanArray::from_iter(in_raw.iter().map(|in_raw| in_raw.then_some(true)))));
    RecordBatch::try_new(columns::schema(), arrays)
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

fn raw<'a>(events: impl Iterator<Item = &'a Event>) -> ArrayRef {
    let mut builder = StringViewBuilder::new();
    for event in events {
        match std::str::from_utf8(&event.raw) {
            Ok(text) => builder.append_value(text),
            Err(_) => builder.append_value(STANDARD.encode(&event.raw)),
        }
    }
    Arc::new(builder.finish())
}

/// Where the message begins in the record (characters, from 1), if it is the end of it, as in syslog: the same
/// text is not stored twice.
fn message_from(event: &Event) -> Option<i64> {
    let raw = std::str::from_utf8(&event.raw).ok()?;
    let before = raw.strip_suffix(event.message.as_deref()?)?;
    i64::try_from(before.chars().count()).ok().map(|count| count + 1)
}

/// The own field that is the message, as with Windows events in JSON.
fn message_field(event: &Event) -> Option<&str> {
    let message = event.message.as_deref()?;
    let same = |value: &Value| matches!(value, Value::Text(text) if text == message);
    event.fields.iter().find(|(_, value)| same(value)).map(|(name, _)| name)
}

/// Whether the record is the JSON object of its fields, letter by letter, as with flat compact JSON.
fn fields_in_raw(event: &Event, fields: Option<&str>) -> bool {
    fields.is_some_and(|fields| fields.as_bytes() == &*event.raw)
}

fn joined(words: &[Arc<str>]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" "))
}

/// The fields as a compact JSON object in the order of the record.
pub(crate) fn fields(event: &Event) -> Option<String> {
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
    serde_json::to_string(&Object(&event.fields)).ok()
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
