//! The trail as a file of JSON lines that anybody can verify without the database: the public keys, the checkpoints,
//! every row.

use super::walk::{Index, Report, Walk};
use super::{AuditEntry, Checkpoint, Checkpoints, PublicKeys, store};
use kit::{Capability, Connection, Error};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};

const FORMAT: u32 = 1;
const PAGE: i64 = 2_000;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Head(Head),
    Checkpoint(Checkpoint),
    Row(Box<AuditEntry>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// Version of this layout.
    luytre_audit: u32,
    rows: i64,
    hash: String,
    /// What signs now.
    keys: PublicKeys,
    /// What signed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<PublicKeys>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub rows: i64,
    pub checkpoints: u64,
    /// Hash of the last row.
    pub hash: String,
    pub key: String,
}

/// Writes the trail as it is now.
pub async fn export(
    connection: &impl Connection,
    checkpoints: &Checkpoints,
    out: &mut (impl Write + Send),
) -> Result<Exported, Error> {
    connection.scope().require(Capability::ViewAudit)?;
    let (rows, hash) = store::head(connection).await?;
    let (keys, former) = checkpoints.known().split_last().ok_or(Error::Conflict("audit-key-missing"))?;
    let key = keys.fingerprint();
    let (keys, former) = (keys.clone(), former.to_vec());
    let head = Head { luytre_audit: FORMAT, rows, hash: hash.clone(), keys, former };
    write(out, &Line::Head(head))?;
    let mut written = 0;
    for checkpoint in checkpoints.lines()?.into_iter().flatten().filter(|one| one.rows <= rows) {
        write(out, &Line::Checkpoint(checkpoint))?;
        written += 1;
    }
    let mut from = 1;
    while from <= rows {
        let to = (from + PAGE - 1).min(rows);
        for entry in store::between(connection, from, to).await? {
            write(out, &Line::Row(Box::new(entry)))?;
        }
        from = to + 1;
    }
    out.flush().map_err(Error::internal)?;
    Ok(Exported { rows, checkpoints: written, hash, key })
}

fn write(out: &mut impl Write, line: &Line) -> Result<(), Error> {
    let line = serde_json::to_string(line).map_err(Error::internal)? + "\n";
    out.write_all(line.as_bytes()).map_err(Error::internal)
}

/// Verifies an exported file against the keys it brings along; whoever verifies compares their fingerprint with the one
/// that the centre has told. `None` where it is no such file.
pub fn verify_export(file: &mut impl BufRead) -> std::io::Result<Option<Report>> {
    let mut lines = Lines { file, next: Vec::new() };
    let Some(Some(Line::Head(head))) = lines.next()? else { return Ok(None) };
    if head.luytre_audit != FORMAT {
        return Ok(None);
    }
    let mut checkpoints = Vec::new();
    let mut line = lines.next()?;
    loop {
        match line {
            Some(Some(Line::Checkpoint(checkpoint))) => checkpoints.push(Some(checkpoint)),
            // Before the first row a line that cannot be read was a checkpoint.
            Some(None) => checkpoints.push(None),
            _ => break,
        }
        line = lines.next()?;
    }
    let keys: Vec<_> = head.former.into_iter().chain([head.keys]).collect();
    let mut walk = Walk::new(checkpoints, Some(&keys));
    while let Some(read) = line {
        // A line that cannot be read is missed when the next number comes, or at the end.
        if let Some(Line::Row(entry)) = read {
            walk.take(&entry, Index::Absent);
        }
        line = lines.next()?;
    }
    Ok(Some(walk.finish(Some((head.rows, &head.hash)), head.rows)))
}

struct Lines<'file, R> {
    file: &'file mut R,
    next: Vec<u8>,
}

impl<R: BufRead> Lines<'_, R> {
    /// The next line, `None` at the end; within, `None` for a line that cannot be read.
    fn next(&mut self) -> std::io::Result<Option<Option<Line>>> {
        self.next.clear();
        match self.file.read_until(b'\n', &mut self.next)? {
            0 => Ok(None),
            _ => Ok(Some(serde_json::from_slice(&self.next).ok())),
        }
    }
}
