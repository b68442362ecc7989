//! OpenTelemetry logs (OTLP 1.x): a request to export, in protobuf or JSON, to one JSON object for each log record, with
//! its resource and scope. A record that cannot be read is named and refuses only itself. Messages are read in place
//! (decision 0025), so that a request costs no more memory than what it says.

mod grpc;
mod records;
#[cfg(test)]
mod tests;
mod values;
mod wire;

pub use grpc::{FrameError, frame, unframe};

use bytes::Bytes;
use records::{Resource, Tail};
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::{Field, Fields, write_bytes, write_number};

/// Bytes of one record beside its text, as memory is counted.
const RECORD_BYTES: usize = 128;
/// Refused records whose reasons are told.
const TOLD: usize = 10;

/// What a request holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Records with their numbers in the request, from 1 on.
    pub records: Vec<(u64, Bytes)>,
    /// Records that were refused.
    pub refused: u64,
    /// The first of them with their reasons.
    pub reasons: Vec<(u64, String)>,
    /// Memory that the records take.
    pub bytes: usize,
}

/// Why a request is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    #[error("the records of the request take more than {0} bytes; send smaller batches")]
    TooLarge(usize),
}

impl From<wire::Malformed> for ExportError {
    fn from(error: wire::Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl Export {
    fn number(&self) -> u64 {
        self.records.len() as u64 + self.refused + 1
    }

    /// Takes a record, or why it is none.
    fn add(&mut self, record: Result<Vec<u8>, String>, most: usize) -> Result<(), ExportError> {
        let number = self.number();
        let reason = match record {
            Ok(record) => {
                self.bytes += record.len() + RECORD_BYTES;
                self.records.push((number, record.into()));
                return if self.bytes > most { Err(ExportError::TooLarge(most)) } else { Ok(()) };
            }
            Err(reason) => reason,
        };
        self.refused += 1;
        if self.reasons.len() < TOLD {
            self.reasons.push((number, reason));
        }
        Ok(())
    }

    /// What the sender is told of refused records.
    fn message(&self) -> String {
        let named = self.reasons.iter().map(|(number, reason)| format!("record {number}: {reason}"));
        let named = named.collect::<Vec<_>>().join("; ");
        match self.refused > self.reasons.len() as u64 {
            true => format!("{named}; …"),
            false => named,
        }
    }

    /// `ExportLogsServiceResponse` in protobuf; empty where all is well.
    pub fn answer_protobuf(&self) -> Vec<u8> {
        let mut answer = Vec::new();
        if self.refused > 0 {
            let mut partial = Vec::new();
            write_number(&mut partial, 1, self.refused);
            write_bytes(&mut partial, 2, self.message().as_bytes());
            write_bytes(&mut answer, 1, &partial);
        }
        answer
    }

    /// The same in JSON.
    pub fn answer_json(&self) -> serde_json::Value {
        match self.refused {
            0 => serde_json::json!({}),
            // Numbers of 64 bits are texts in the JSON of protobuf.
            refused => serde_json::json!({ "partialSuccess": {
                "rejectedLogRecords": refused.to_string(), "errorMessage": self.message(),
            } }),
        }
    }
}

/// `google.rpc.Status` in protobuf, as OTLP wants it in answers that refuse; with `google.rpc.RetryInfo` where the same
/// may be sent again after so many seconds.
pub fn status_protobuf(code: u64, message: &str, retry_after: Option<u64>) -> Vec<u8> {
    let mut status = Vec::new();
    write_number(&mut status, 1, code);
    write_bytes(&mut status, 2, message.as_bytes());
    if let Some(seconds) = retry_after {
        let (mut delay, mut retry, mut detail) = (Vec::new(), Vec::new(), Vec::new());
        write_number(&mut delay, 1, seconds);
        write_bytes(&mut retry, 1, &delay);
        write_bytes(&mut detail, 1, b"type.googleapis.com/google.rpc.RetryInfo");
        write_bytes(&mut detail, 2, &retry);
        write_bytes(&mut status, 3, &detail);
    }
    status
}

/// Reads an `ExportLogsServiceRequest` in protobuf. `most` bounds the memory of its records.
pub fn parse_protobuf(body: &[u8], most: usize) -> Result<Export, ExportError> {
    let mut export = Export::default();
    for field in Fields(body) {
        let (1, Field::Bytes(resource_logs)) = field? else { continue };
        let mut resource = Resource::none();
        // What belongs to all of its records may stand behind them.
        for field in Fields(resource_logs) {
            match field? {
                (1, Field::Bytes(message)) => resource.take(Resource::of_resource(message)),
                (3, Field::Bytes(url)) => resource.schema_url = values::text(url).into_owned(),
                _ => {}
            }
        }
        let of_resource = resource.member("resource");
        for field in Fields(resource_logs) {
            let (2, Field::Bytes(scope_logs)) = field? else { continue };
            let mut scope = Resource::none();
            for field in Fields(scope_logs) {
                match field? {
                    (1, Field::Bytes(message)) => scope.take(Resource::of_scope(message)),
                    (3, Field::Bytes(url)) => scope.schema_url = values::text(url).into_owned(),
                    _ => {}
                }
            }
            let tail = Tail { resource: &of_resource, scope: scope.member("scope") };
            for field in Fields(scope_logs) {
                if let (2, Field::Bytes(record)) = field? {
                    export.add(tail.complete(records::of_protobuf(record)), most)?;
                }
            }
        }
    }
    Ok(export)
}

/// What OTLP writes in JSON, level by level: what stands inside is read when its turn comes, so that empty members cost no
/// more than they take in the body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default, alias = "resource_logs")]
    resource_logs: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceLogs<'a> {
    #[serde(borrow, default)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "scope_logs")]
    scope_logs: Option<Vec<&'a RawValue>>,
    #[serde(default, alias = "schema_url")]
    schema_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScopeLogs<'a> {
    #[serde(borrow, default)]
    scope: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "log_records")]
    log_records: Option<Vec<&'a RawValue>>,
    #[serde(default, alias = "schema_url")]
    schema_url: Option<String>,
}

fn malformed(error: serde_json::Error) -> ExportError {
    ExportError::Malformed(error.to_string())
}

/// Reads an `ExportLogsServiceRequest` in JSON.
pub fn parse_json(body: &[u8], most: usize) -> Result<Export, ExportError> {
    let request: Request<'_> = serde_json::from_slice(body).map_err(malformed)?;
    let mut export = Export::default();
    for raw in request.resource_logs.unwrap_or_default() {
        let resource_logs: ResourceLogs<'_> = serde_json::from_str(raw.get()).map_err(malformed)?;
        let mut resource = Resource::none();
        resource.take(Resource::of_json(resource_logs.resource));
        resource.schema_url = resource_logs.schema_url.unwrap_or_default();
        let of_resource = resource.member("resource");
        for raw in resource_logs.scope_logs.unwrap_or_default() {
            let scope_logs: ScopeLogs<'_> = serde_json::from_str(raw.get()).map_err(malformed)?;
            let mut scope = Resource::none();
            scope.take(Resource::of_json(scope_logs.scope));
            scope.schema_url = scope_logs.schema_url.unwrap_or_default();
            let tail = Tail { resource: &of_resource, scope: scope.member("scope") };
            for record in scope_logs.log_records.unwrap_or_default() {
                export.add(tail.complete(records::of_json(record.get())), most)?;
            }
        }
    }
    Ok(export)
}
