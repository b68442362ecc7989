//! Rows of notices and their documents. Reads keep to the scope of the connection.

use super::{FieldValue, Letterhead, Notice};
use crate::statements::{insert, row, rows};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{QueryResult, Value};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const SELECT: &str = "SELECT n.id, n.incident_id, i.code AS incident_code, i.title AS incident_title, n.agency_id, \
    a.name AS agency_name, n.form, n.state, n.fields, n.letterhead, n.recipients, n.number, n.year, n.symbol, \
    n.author_id, n.author_name, n.submitted_at, n.submitted_by, n.approved_at, n.approved_by, n.approver_name, \
    n.returned_reason, n.sent_at, n.sent_by, n.channel, n.receipt_at, n.receipt_reference, n.document_sha256, \
    n.created_at, n.updated_at, n.version FROM notices n JOIN incidents i ON i.id = n.incident_id \
    JOIN agencies a ON a.id = n.agency_id";

/// One notice in scope; [`Error::NotFound`] where it is outside or does not exist.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Notice, Error> {
    let sql = format!("{SELECT} WHERE n.id = $1 AND {}", connection.scope().agency_condition("n.agency_id"));
    row(connection, &sql, vec![id.into()]).await?.as_ref().map_or(Err(Error::NotFound), notice)
}

/// Notices of an incident, oldest first.
pub async fn of_incident(connection: &impl Connection, incident_id: &str) -> Result<Vec<Notice>, Error> {
    let condition = connection.scope().agency_condition("n.agency_id");
    let sql = format!("{SELECT} WHERE n.incident_id = $1 AND {condition} ORDER BY n.created_at, n.id");
    rows(connection, &sql, vec![incident_id.into()]).await?.iter().map(notice).collect()
}

/// Notices in scope in one state, oldest first: what waits for approval, what waits to be sent.
pub async fn in_state(connection: &impl Connection, state: super::State, limit: u64) -> Result<Vec<Notice>, Error> {
    let condition = connection.scope().agency_condition("n.agency_id");
    let sql = format!("{SELECT} WHERE n.state = $1 AND {condition} ORDER BY n.updated_at, n.id LIMIT {limit}");
    rows(connection, &sql, vec![state.code().into()]).await?.iter().map(notice).collect()
}

/// Letterhead of the newest approved notice of an agency: what was right last time is the best first value.
pub(super) async fn last_letterhead(
    connection: &impl Connection,
    agency_id: &str,
) -> Result<Option<Letterhead>, Error> {
    let sql = "SELECT letterhead FROM notices WHERE agency_id = $1 AND approved_at IS NOT NULL \
               ORDER BY approved_at DESC LIMIT 1";
    let Some(row) = row(connection, sql, vec![agency_id.into()]).await? else { return Ok(None) };
    Ok(Some(json(&row, "letterhead")?))
}

fn json<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<T, Error> {
    serde_json::from_str(&row.try_get::<String>("", column)?).map_err(Error::internal)
}

fn notice(row: &QueryResult) -> Result<Notice, Error> {
    Ok(Notice {
        id: row.try_get("", "id")?,
        incident_id: row.try_get("", "incident_id")?,
        incident_code: row.try_get("", "incident_code")?,
        incident_title: row.try_get("", "incident_title")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        form: row.try_get("", "form")?,
        state: row.try_get("", "state")?,
        fields: json(row, "fields")?,
        letterhead: json(row, "letterhead")?,
        recipients: json(row, "recipients")?,
        number: row.try_get("", "number")?,
        year: row.try_get("", "year")?,
        symbol: row.try_get("", "symbol")?,
        author_id: row.try_get("", "author_id")?,
        author_name: row.try_get("", "author_name")?,
        submitted_at: row.try_get("", "submitted_at")?,
        submitted_by: row.try_get("", "submitted_by")?,
        approved_at: row.try_get("", "approved_at")?,
        approved_by: row.try_get("", "approved_by")?,
        approver_name: row.try_get("", "approver_name")?,
        returned_reason: row.try_get("", "returned_reason")?,
        sent_at: row.try_get("", "sent_at")?,
        sent_by: row.try_get("", "sent_by")?,
        channel: row.try_get("", "channel")?,
        receipt_at: row.try_get("", "receipt_at")?,
        receipt_reference: row.try_get("", "receipt_reference")?,
        document_sha256: row.try_get("", "document_sha256")?,
        created_at: row.try_get("", "created_at")?,
        updated_at: row.try_get("", "updated_at")?,
        version: row.try_get("", "version")?,
    })
}

/// What a new draft is made of.
pub(super) struct NewRow<'a> {
    pub id: &'a str,
    pub incident_id: &'a str,
    pub agency_id: &'a str,
    pub form: &'a str,
    pub fields: &'a BTreeMap<String, FieldValue>,
    pub letterhead: &'a Letterhead,
    pub recipients: &'a [String],
}

pub(super) async fn insert_notice(tx: &Tx<'_>, new: NewRow<'_>, now: Micros) -> Result<(), Error> {
    let actor = tx.scope().actor();
    let none = || Value::from("");
    insert(
        tx,
        "notices",
        &[
            ("id", new.id.into()),
            ("incident_id", new.incident_id.into()),
            ("agency_id", new.agency_id.into()),
            ("form", new.form.into()),
            ("state", super::State::Draft.code().into()),
            ("fields", text(new.fields)?),
            ("letterhead", text(new.letterhead)?),
            ("recipients", text(new.recipients)?),
            ("symbol", none()),
            ("author_id", actor.id().into()),
            ("author_name", actor.name().into()),
            ("returned_reason", none()),
            ("channel", none()),
            ("receipt_reference", none()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("version", 1_i64.into()),
        ],
    )
    .await
}

/// A value as JSON text of a column.
pub(super) fn text<T: serde::Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    Ok(serde_json::to_string(value).map_err(Error::internal)?.into())
}

/// Keeps an approved document; gives its SHA-256.
pub(super) async fn keep_document(tx: &Tx<'_>, notice_id: &str, content: &[u8], now: Micros) -> Result<String, Error> {
    let sha256 = hex::encode(Sha256::digest(content));
    insert(
        tx,
        "notice_documents",
        &[
            ("notice_id", notice_id.into()),
            ("sha256", sha256.as_str().into()),
            ("content", STANDARD.encode(content).into()),
            ("created_at", now.into()),
        ],
    )
    .await?;
    Ok(sha256)
}

/// The document as it was approved; its hash is checked again. The notice must have been found in scope.
pub(super) async fn document(connection: &impl Connection, notice_id: &str) -> Result<Option<Vec<u8>>, Error> {
    let sql = "SELECT sha256, content FROM notice_documents WHERE notice_id = $1";
    let Some(row) = row(connection, sql, vec![notice_id.into()]).await? else { return Ok(None) };
    let content = STANDARD.decode(row.try_get::<String>("", "content")?).map_err(Error::internal)?;
    if hex::encode(Sha256::digest(&content)) != row.try_get::<String>("", "sha256")? {
        return Err(Error::internal(format!("document of notice {notice_id} is not the one that was approved")));
    }
    Ok(Some(content))
}
