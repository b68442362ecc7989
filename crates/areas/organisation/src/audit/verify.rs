//! The whole trail of a database, row by row, against its checkpoints.

use super::checkpoints::lines_in;
use super::walk::{Fault, Index, Report, Walk};
use super::{AuditEntry, Checkpoints, PublicKeys, Touched, store};
use kit::scope::Agencies;
use kit::{Capability, Connection, Error};
use std::collections::BTreeMap;
use std::path::Path;

/// Rows of one question to the database.
const PAGE: i64 = 2_000;

/// Reads everything. Needs a scope over the whole centre, because rows of all agencies are part of the chain. Without
/// `checkpoints` only the chain itself is judged.
pub async fn verify(connection: &impl Connection, checkpoints: Option<&Checkpoints>) -> Result<Report, Error> {
    match checkpoints {
        Some(own) => walk(connection, Some((own.file(), own.known()))).await,
        None => walk(connection, None).await,
    }
}

/// The same for a copy of the trail, with the checkpoints in `file` and the public halves of the keys that made them.
pub async fn verify_copy(connection: &impl Connection, file: &Path, keys: &[PublicKeys]) -> Result<Report, Error> {
    walk(connection, Some((file, keys))).await
}

async fn walk(connection: &impl Connection, signed: Option<(&Path, &[PublicKeys])>) -> Result<Report, Error> {
    connection.scope().require(Capability::ViewAudit)?;
    if *connection.scope().agencies() != Agencies::All {
        return Err(Error::Forbidden(Capability::ViewAudit.name()));
    }
    // In this order: rows up to this head have their checkpoints in the file, and checkpoints of the file have their
    // rows in the database, also while both grow.
    let (head, hash) = store::head(connection).await?;
    let lines = signed.map(|(file, _)| lines_in(file)).transpose()?.unwrap_or_default();
    let (latest, _) = store::head(connection).await?;
    let mut walk = Walk::new(lines, signed.map(|(_, keys)| keys));
    let mut from = 1;
    while from <= head {
        let to = (from + PAGE - 1).min(head);
        let index = index(connection, from, to).await;
        for row in rows(connection, from, to).await? {
            match row {
                Row::Read(entry) => {
                    let nothing = Some(Touched::new());
                    let held = index.get(&entry.sequence).unwrap_or(&nothing);
                    walk.take(&entry, held.as_ref().map_or(Index::Unreadable, Index::Holds));
                }
                Row::Unreadable(sequence) => walk.unreadable(sequence),
            }
        }
        from = to + 1;
    }
    let mut report = walk.finish(Some((head, &hash)), latest);
    for (sequences, fault) in [
        (store::stray_rows(connection).await?, Fault::Stray),
        (store::stray_readings(connection).await?, Fault::StrayReading),
    ] {
        sequences.into_iter().for_each(|sequence| report.tell(sequence, sequence, fault));
    }
    if store::heads(connection).await? > 1 {
        report.tell(head, head, Fault::Head);
    }
    Ok(report)
}

enum Row {
    Read(Box<AuditEntry>),
    Unreadable(i64),
}

/// A page of rows. Where one of them cannot be read, they are asked for one by one.
async fn rows(connection: &impl Connection, from: i64, to: i64) -> Result<Vec<Row>, Error> {
    let read = |entry| Row::Read(Box::new(entry));
    if let Ok(page) = store::between(connection, from, to).await {
        return Ok(page.into_iter().map(read).collect());
    }
    let mut rows = Vec::new();
    for sequence in from..=to {
        match store::between(connection, sequence, sequence).await {
            Ok(found) => rows.extend(found.into_iter().map(read)),
            Err(error) => {
                tracing::warn!(sequence, %error, "a row of the trail cannot be read");
                rows.push(Row::Unreadable(sequence));
            }
        }
    }
    // A database that is gone is no fault of its rows.
    store::head(connection).await?;
    Ok(rows)
}

/// What the index of readings holds for a page of rows; `None` for a row where it cannot be read.
async fn index(connection: &impl Connection, from: i64, to: i64) -> BTreeMap<i64, Option<Touched>> {
    if let Ok(page) = store::touched(connection, from, to).await {
        return page.into_iter().map(|(sequence, touched)| (sequence, Some(touched))).collect();
    }
    let mut index = BTreeMap::new();
    for sequence in from..=to {
        match store::touched(connection, sequence, sequence).await {
            Ok(found) => index.extend(found.into_iter().map(|(sequence, touched)| (sequence, Some(touched)))),
            Err(_) => drop(index.insert(sequence, None)),
        }
    }
    index
}
