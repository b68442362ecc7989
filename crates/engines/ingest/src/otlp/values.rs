//! Values and attributes of OpenTelemetry as JSON: attributes become an object, bytes become base64, what JSON has no
//! number for becomes a text.

use super::wire::{Field, Fields};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Values within each other.
const DEEPEST: u8 = 32;

const TOO_DEEP: &str = "its values are nested deeper than 32 levels";

/// Puts an attribute to the others. Keys should be unique; of one that is not, all values are kept.
fn put(attributes: &mut Map<String, Value>, key: String, value: Value) {
    match attributes.get_mut(&key) {
        None => {
            attributes.insert(key, value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(other) => *other = Value::Array(vec![other.take(), value]),
    }
}

fn double(number: f64) -> Value {
    serde_json::Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
}

pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Attributes of a message, in the fields of this number.
pub(super) fn attributes(message: &[u8], number: u64, depth: u8) -> Result<Map<String, Value>, String> {
    let mut attributes = Map::new();
    for field in Fields(message) {
        if let (at, Field::Bytes(pair)) = field.map_err(|error| error.to_string())?
            && at == number
        {
            let (mut key, mut value) = (String::new(), Value::Null);
            for field in Fields(pair) {
                match field.map_err(|error| error.to_string())? {
                    (1, Field::Bytes(bytes)) => key = text(bytes).into_owned(),
                    (2, Field::Bytes(bytes)) => value = any_value(bytes, depth)?,
                    _ => {}
                }
            }
            put(&mut attributes, key, value);
        }
    }
    Ok(attributes)
}

/// An `AnyValue`.
pub(super) fn any_value(message: &[u8], depth: u8) -> Result<Value, String> {
    if depth >= DEEPEST {
        return Err(TOO_DEEP.to_owned());
    }
    let mut value = Value::Null;
    // One of several: the last on the wire holds.
    for field in Fields(message) {
        match field.map_err(|error| error.to_string())? {
            (1, Field::Bytes(bytes)) => value = Value::from(text(bytes).into_owned()),
            (2, Field::Varint(number)) => value = Value::Bool(number != 0),
            (3, Field::Varint(number)) => value = Value::from(number.cast_signed()),
            (4, Field::Fixed64(bits)) => value = double(f64::from_bits(bits)),
            (5, Field::Bytes(list)) => {
                let mut values = Vec::new();
                for field in Fields(list) {
                    if let (1, Field::Bytes(one)) = field.map_err(|error| error.to_string())? {
                        values.push(any_value(one, depth + 1)?);
                    }
                }
                value = Value::Array(values);
            }
            (6, Field::Bytes(pairs)) => value = Value::Object(attributes(pairs, 1, depth + 1)?),
            (7, Field::Bytes(bytes)) => value = Value::from(STANDARD.encode(bytes)),
            _ => {}
        }
    }
    Ok(value)
}

/// Attributes as OTLP writes them in JSON: a list of `{key, value}`.
pub(super) fn attributes_of_json(list: Option<&Value>, depth: u8) -> Result<Map<String, Value>, String> {
    let mut attributes = Map::new();
    let pairs = match list {
        None | Some(Value::Null) => return Ok(attributes),
        Some(list) => list.as_array().ok_or("its attributes are no list")?,
    };
    for pair in pairs {
        let key = pair.get("key").and_then(Value::as_str).ok_or("an attribute has no key")?;
        let value = pair.get("value").map_or(Ok(Value::Null), |value| any_value_of_json(value, depth))?;
        put(&mut attributes, key.to_owned(), value);
    }
    Ok(attributes)
}

/// An `AnyValue` as OTLP writes it in JSON: an object with one member that names the type. Bytes are base64 already.
pub(super) fn any_value_of_json(value: &Value, depth: u8) -> Result<Value, String> {
    if depth >= DEEPEST {
        return Err(TOO_DEEP.to_owned());
    }
    let members = match value {
        Value::Null => return Ok(Value::Null),
        value => value.as_object().ok_or("a value is no object that names its type")?,
    };
    let Some((name, value)) = members.iter().find(|(_, value)| !value.is_null()) else { return Ok(Value::Null) };
    let unfit = || format!("{name} holds what it cannot hold");
    let values = |value: &Value| match value.get("values") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(values) => values.as_array().cloned().ok_or_else(unfit),
    };
    match name.as_str() {
        "stringValue" | "string_value" | "bytesValue" | "bytes_value" => {
            value.as_str().map(Value::from).ok_or_else(unfit)
        }
        "boolValue" | "bool_value" => value.as_bool().map(Value::from).ok_or_else(unfit),
        "intValue" | "int_value" => match value {
            Value::String(text) => text.parse::<i64>().map(Value::from).map_err(|_| unfit()),
            value => value.as_i64().map(Value::from).ok_or_else(unfit),
        },
        "doubleValue" | "double_value" => match value {
            Value::String(text) => text.parse::<f64>().map(double).map_err(|_| unfit()),
            value => value.as_f64().map(double).ok_or_else(unfit),
        },
        "arrayValue" | "array_value" => {
            let values = values(value)?;
            values.iter().map(|one| any_value_of_json(one, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
        }
        "kvlistValue" | "kvlist_value" => attributes_of_json(value.get("values"), depth + 1).map(Value::Object),
        other => Err(format!("{} is no type of a value", other.get(..other.floor_char_boundary(40)).unwrap_or(other))),
    }
}
