//! Writes events out as plain Parquet or JSON lines, with the columns of the table `events`, for people and engines
//! that know nothing of this store.

use crate::query::{Lane, QueryContext, Session, Sources};
use crate::search::{Names, column, condition, time_literal};
use crate::unreadable::Unreadable;
use crate::{Store, StoreError, columns};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::json::LineDelimitedWriter;
use datafusion::logical_expr::lit;
use event::Micros;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Which events are written.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// A search; everything where empty.
    pub query: String,
    /// What names in it stand for.
    pub names: Names,
    /// First event time that counts, and the first that no longer does.
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    /// Only events of these sequences.
    pub seqs: Option<Vec<u64>>,
    /// Go on where files cannot be read, with what can.
    pub without_unreadable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    Parquet,
    /// One object a line, nulls left out.
    JsonLines,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    pub events: u64,
    pub bytes: u64,
    /// Of the file.
    pub sha256: String,
    /// What is not in the file, since it could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
}

/// A day: an export is no question that somebody waits for.
const LONGEST: Duration = Duration::from_secs(86_400);

impl Store {
    /// Writes the selected events to a new file; by time within each segment, one segment after the other. The file
    /// appears under its name once it is whole and durable.
    ///
    /// # Errors
    /// `Search` for a search that cannot be read, `Io` where the file is there already or cannot be written, `Incomplete`
    /// and `Unreachable` where events of the selection cannot be read and it is not asked to go on without them. What a
    /// repair gave up long ago is told and keeps nothing from being written.
    pub async fn export(
        &self,
        selection: &Selection,
        format: ExportFormat,
        file: &Path,
    ) -> Result<Exported, StoreError> {
        let failed = |error| StoreError::io(format!("write {}", file.display()), error);
        if file.exists() {
            return Err(failed(io::Error::from(io::ErrorKind::AlreadyExists)));
        }
        let query = self.parse(&selection.query)?.with_names(&selection.names)?;
        let mut filter = condition(&query).map_err(|error| StoreError::Query(error.to_string()))?;
        if let Some(from) = selection.from {
            filter = filter.and(column("time").gt_eq(time_literal(from)));
        }
        if let Some(to) = selection.to {
            filter = filter.and(column("time").lt(time_literal(to)));
        }
        if let Some(seqs) = &selection.seqs {
            filter = filter.and(column("seq").in_list(seqs.iter().map(|seq| lit(*seq as i64)).collect(), false));
        }
        let without = selection.without_unreadable;
        let context = QueryContext {
            timeout: LONGEST,
            patience: LONGEST,
            lane: Lane::Background,
            asker: Some("export".into()),
            ..QueryContext::new(Sources::All)
        };
        let unfinished = Unfinished(file.with_extension("part"));
        let part = unfinished.0.clone();
        let snapshot = self.shared().snapshot()?;
        let attempt = |left_out: bool| {
            let (filter, part) = (filter.clone(), part.clone());
            self.engine().run(&context, snapshot.clone(), move |session| async move {
                if left_out {
                    session.touched.leave_out_unreachable();
                }
                write(&session, filter, format, &part, without).await
            })
        };
        let exported = match attempt(false).await {
            Err(StoreError::Unreachable { .. }) if without => attempt(true).await?,
            outcome => outcome?,
        };
        std::fs::rename(&unfinished.0, file).map_err(failed)?;
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(exported)
    }
}

/// The file under its first name; removed unless it got its own.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn write(
    session: &Arc<Session>,
    filter: datafusion::logical_expr::Expr,
    format: ExportFormat,
    file: &Path,
    without_unreadable: bool,
) -> Result<Exported, StoreError> {
    let failed = |error| StoreError::io(format!("write {}", file.display()), error);
    let events = session.stored()?;
    let frame = columns::projection().and_then(|columns| events.filter(filter)?.select(columns));
    let mut stream = session.stream(frame).await?;
    // It is planned: what of it cannot be read is known. What turns out on the way begins it anew.
    let unreadable = session.touched.unreadable();
    let open: Vec<_> = unreadable.iter().filter(|one| one.is_open()).cloned().collect();
    if !without_unreadable && !open.is_empty() {
        return Err(StoreError::Incomplete { days: Unreadable::days_of(&open).join(", "), unreadable: open });
    }
    let mut events = 0;
    let mut out = Out::new(format, stream.schema(), Hashing::new(File::create(file).map_err(failed)?))?;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| session.explain(&error))?;
        events += batch.num_rows() as u64;
        out.write(&batch)?;
    }
    let mut written = out.finish()?;
    written.flush().map_err(failed)?;
    written.file.get_ref().sync_all().map_err(failed)?;
    let (bytes, sha256) = (written.bytes, crate::segment::hex(&written.hash.finalize()));
    Ok(Exported { events, bytes, sha256, unreadable })
}

enum Out {
    Parquet(Box<ArrowWriter<Hashing>>),
    Json(Box<LineDelimitedWriter<Hashing>>),
}

impl Out {
    fn new(format: ExportFormat, schema: SchemaRef, file: Hashing) -> Result<Self, StoreError> {
        Ok(match format {
            ExportFormat::JsonLines => Self::Json(Box::new(LineDelimitedWriter::new(file))),
            ExportFormat::Parquet => {
                let level = ZstdLevel::try_new(3).map_err(|error| broken(&error))?;
                let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
                let writer = ArrowWriter::try_new(file, schema, Some(properties)).map_err(|error| broken(&error))?;
                Self::Parquet(Box::new(writer))
            }
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        match self {
            Self::Parquet(writer) => writer.write(batch).map_err(|error| broken(&error)),
            Self::Json(writer) => writer.write(batch).map_err(|error| broken(&error)),
        }
    }

    fn finish(self) -> Result<Hashing, StoreError> {
        match self {
            Self::Parquet(writer) => writer.into_inner().map_err(|error| broken(&error)),
            Self::Json(mut writer) => {
                writer.finish().map_err(|error| broken(&error))?;
                Ok(writer.into_inner())
            }
        }
    }
}

fn broken(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Query(format!("the export broke off: {error}"))
}

/// Hashes and counts what is written.
struct Hashing {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Hashing {
    fn new(file: File) -> Self {
        Self { file: BufWriter::new(file), hash: Sha256::new(), bytes: 0 }
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
