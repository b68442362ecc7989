//! One log record as a JSON object: OpenTelemetry's own names, attributes as an object, times as decimal texts of
//! nanoseconds, ids in hexadecimal. What is not set is left out.

use super::values::{any_value, any_value_of_json, attributes, attributes_of_json, text};
use super::wire::{Field, Fields};
use event::LONGEST_RECORD;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What the records of a resource, or of a scope, have in common.
pub(super) struct Resource {
    members: Result<Map<String, Value>, String>,
    pub(super) schema_url: String,
}

impl Resource {
    pub(super) fn none() -> Self {
        Self { members: Ok(Map::new()), schema_url: String::new() }
    }

    pub(super) fn take(&mut self, members: Result<Map<String, Value>, String>) {
        self.members = members;
    }

    /// A resource is its attributes.
    pub(super) fn of_resource(message: &[u8]) -> Result<Map<String, Value>, String> {
        check_length(message.len())?;
        Ok(object("attributes", attributes(message, 1, 0)?))
    }

    pub(super) fn of_scope(message: &[u8]) -> Result<Map<String, Value>, String> {
        check_length(message.len())?;
        let mut scope = Map::new();
        for field in Fields(message) {
            match field.map_err(|error| error.to_string())? {
                (1, Field::Bytes(name)) => put_text(&mut scope, "name", &text(name)),
                (2, Field::Bytes(version)) => put_text(&mut scope, "version", &text(version)),
                _ => {}
            }
        }
        scope.append(&mut object("attributes", attributes(message, 3, 0)?));
        Ok(scope)
    }

    pub(super) fn of_json(raw: Option<&RawValue>) -> Result<Map<String, Value>, String> {
        let Some(raw) = raw else { return Ok(Map::new()) };
        check_length(raw.get().len())?;
        let value: Value = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
        let mut members = Map::new();
        for name in ["name", "version"] {
            put_text(&mut members, name, value.get(name).and_then(Value::as_str).unwrap_or_default());
        }
        members.append(&mut object("attributes", attributes_of_json(value.get("attributes"), 0)?));
        Ok(members)
    }

    /// The member of a record that holds it, with a comma before it; empty where it says nothing.
    pub(super) fn member(&self, name: &str) -> Result<String, String> {
        let mut members = self.members.clone()?;
        put_text(&mut members, "schemaUrl", &self.schema_url);
        // Attributes stand in the resource itself: they are its names.
        if let Some(Value::Object(attributes)) = members.shift_remove("attributes") {
            match name {
                "resource" => members.extend(attributes),
                _ => members.extend(object("attributes", attributes)),
            }
        }
        if members.is_empty() {
            return Ok(String::new());
        }
        Ok(format!(",\"{name}\":{}", Value::Object(members)))
    }
}

/// The end of every record of a scope: what its resource and the scope itself have for it.
pub(super) struct Tail<'r> {
    pub(super) resource: &'r Result<String, String>,
    pub(super) scope: Result<String, String>,
}

impl Tail<'_> {
    /// The whole record, if it is no longer than records may be.
    pub(super) fn complete(&self, record: Result<Map<String, Value>, String>) -> Result<Vec<u8>, String> {
        let own = Value::Object(record?).to_string();
        let resource = self.resource.as_ref().map_err(|error| format!("of its resource, {error}"))?;
        let scope = self.scope.as_ref().map_err(|error| format!("of its scope, {error}"))?;
        let length = own.len() + resource.len() + scope.len();
        if length > LONGEST_RECORD {
            return Err(format!("it has {length} bytes with its resource; {LONGEST_RECORD} are allowed"));
        }
        let mut json = Vec::with_capacity(length);
        json.extend_from_slice(own.strip_suffix('}').unwrap_or(&own).as_bytes());
        for member in [resource, scope] {
            // Each begins with a comma, which a record that says nothing must not.
            let member = if json.len() > 1 { member.as_str() } else { member.trim_start_matches(',') };
            json.extend_from_slice(member.as_bytes());
        }
        json.push(b'}');
        Ok(json)
    }
}

/// Bytes of a message, as it comes, whose values are looked at; a longer one cannot become a record that is short enough.
const LONGEST_MESSAGE: usize = 4 * LONGEST_RECORD;

fn check_length(bytes: usize) -> Result<(), String> {
    match bytes > LONGEST_MESSAGE {
        true => Err(format!("it has {bytes} bytes; {LONGEST_RECORD} are allowed")),
        false => Ok(()),
    }
}

fn object(name: &str, members: Map<String, Value>) -> Map<String, Value> {
    let mut object = Map::new();
    if !members.is_empty() {
        object.insert(name.to_owned(), Value::Object(members));
    }
    object
}

fn put_text(record: &mut Map<String, Value>, name: &str, value: &str) {
    if !value.is_empty() {
        record.insert(name.to_owned(), Value::from(value));
    }
}

fn put_body(record: &mut Map<String, Value>, body: Value) {
    if !body.is_null() {
        record.insert("body".to_owned(), body);
    }
}

fn put_number(record: &mut Map<String, Value>, name: &str, value: u64) {
    if value > 0 {
        record.insert(name.to_owned(), Value::from(value));
    }
}

fn put_nanos(record: &mut Map<String, Value>, name: &str, value: u64) {
    if value > 0 {
        record.insert(name.to_owned(), Value::from(value.to_string()));
    }
}

/// An id of the right length that is not all zeros; every other stands for none.
fn put_id(record: &mut Map<String, Value>, name: &str, hexadecimal: &str, digits: usize) {
    let is_id = hexadecimal.len() == digits && hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id && hexadecimal.bytes().any(|byte| byte != b'0') {
        record.insert(name.to_owned(), Value::from(hexadecimal.to_ascii_lowercase()));
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A `LogRecord` in protobuf.
pub(super) fn of_protobuf(message: &[u8]) -> Result<Map<String, Value>, String> {
    check_length(message.len())?;
    let mut record = Map::new();
    for field in Fields(message) {
        match field.map_err(|error| error.to_string())? {
            (1, Field::Fixed64(nanos)) => put_nanos(&mut record, "timeUnixNano", nanos),
            (2, Field::Varint(number)) => put_number(&mut record, "severityNumber", number),
            (3, Field::Bytes(name)) => put_text(&mut record, "severityText", &text(name)),
            (5, Field::Bytes(body)) => put_body(&mut record, any_value(body, 0)?),
            (7, Field::Varint(number)) => put_number(&mut record, "droppedAttributesCount", number),
            (8, Field::Fixed32(flags)) => put_number(&mut record, "flags", flags.into()),
            (9, Field::Bytes(id)) if id.len() <= 16 => put_id(&mut record, "traceId", &hexadecimal(id), 32),
            (10, Field::Bytes(id)) if id.len() <= 16 => put_id(&mut record, "spanId", &hexadecimal(id), 16),
            (11, Field::Fixed64(nanos)) => put_nanos(&mut record, "observedTimeUnixNano", nanos),
            (12, Field::Bytes(name)) => put_text(&mut record, "eventName", &text(name)),
            _ => {}
        }
    }
    record.append(&mut object("attributes", attributes(message, 6, 0)?));
    Ok(record)
}

/// Names of severities in JSON, where a sender writes the name instead of the number.
const SEVERITIES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

fn severity(name: &str) -> Option<u64> {
    let name = name.strip_prefix("SEVERITY_NUMBER_")?;
    if name == "UNSPECIFIED" {
        return Some(0);
    }
    let at = SEVERITIES.iter().position(|severity| name.starts_with(*severity))?;
    let more = match name.get(SEVERITIES.get(at)?.len()..)? {
        "" => 0,
        digit => digit.parse::<u64>().ok().filter(|digit| (2..=4).contains(digit))? - 1,
    };
    Some(at as u64 * 4 + 1 + more)
}

/// A `LogRecord` in JSON, with names in camel case or as protobuf writes them.
pub(super) fn of_json(raw: &str) -> Result<Map<String, Value>, String> {
    check_length(raw.len())?;
    let value: Value = serde_json::from_str(raw).map_err(|error| error.to_string())?;
    let members = value.as_object().ok_or("it is no object")?;
    let mut record = Map::new();
    let get = |camel: &str, snake: &str| members.get(camel).or_else(|| members.get(snake)).filter(|one| !one.is_null());
    let number = |camel: &'static str, snake: &str| match get(camel, snake) {
        None => Ok(0),
        Some(Value::String(text)) => text.parse::<u64>().map_err(|_| format!("{camel} is no number")),
        Some(value) => value.as_u64().ok_or_else(|| format!("{camel} is no number")),
    };
    let word = |camel: &'static str, snake: &str| match get(camel, snake) {
        None => Ok(""),
        Some(value) => value.as_str().ok_or_else(|| format!("{camel} is no text")),
    };
    put_nanos(&mut record, "timeUnixNano", number("timeUnixNano", "time_unix_nano")?);
    put_nanos(&mut record, "observedTimeUnixNano", number("observedTimeUnixNano", "observed_time_unix_nano")?);
    let named = get("severityNumber", "severity_number").and_then(Value::as_str).and_then(severity);
    let severity = named.map_or_else(|| number("severityNumber", "severity_number"), Ok)?;
    put_number(&mut record, "severityNumber", severity);
    put_text(&mut record, "severityText", word("severityText", "severity_text")?);
    put_body(&mut record, any_value_of_json(members.get("body").unwrap_or(&Value::Null), 0)?);
    record.append(&mut object("attributes", attributes_of_json(members.get("attributes"), 0)?));
    put_number(&mut record, "droppedAttributesCount", number("droppedAttributesCount", "dropped_attributes_count")?);
    put_number(&mut record, "flags", number("flags", "flags")?);
    put_id(&mut record, "traceId", word("traceId", "trace_id")?, 32);
    put_id(&mut record, "spanId", word("spanId", "span_id")?, 16);
    put_text(&mut record, "eventName", word("eventName", "event_name")?);
    Ok(record)
}
