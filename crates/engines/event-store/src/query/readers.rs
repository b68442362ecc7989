//! Lets DataFusion read segments wherever they lie: through the segment itself, which finds, checks and keeps their
//! pieces.

use super::touched::Touched;
use crate::segment::Segment;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::common::internal_err;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::file::metadata::ParquetMetaData;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

type Result<T> = std::result::Result<T, Error>;

/// Makes a reader for each file of a scan, which carries its segment as an extension.
#[derive(Debug)]
pub(super) struct Readers {
    pub(super) footers: Arc<FileMetadataCache>,
    /// Whose bytes are counted.
    pub(super) touched: Arc<Touched>,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        footer: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::error::Result<Box<dyn AsyncFileReader + Send>> {
        let Some(segment) = file.extension::<Arc<Segment>>().cloned() else {
            return internal_err!("{} comes without its segment", file.object_meta.location);
        };
        let around = segment.footer_around_damage();
        let segment = OneSegment { segment, touched: self.touched.clone() };
        let reader = CachedParquetFileReaderFactory::new(Arc::new(segment), self.footers.clone())
            .create_reader(partition, file, footer, metrics)?;
        let Some(footer) = around else { return Ok(reader) };
        Ok(Box::new(AroundDamage { reader, footer }))
    }
}

/// Reads a damaged segment by what is known of its sound parts.
struct AroundDamage {
    reader: Box<dyn AsyncFileReader + Send>,
    footer: Arc<ParquetMetaData>,
}

impl AsyncFileReader for AroundDamage {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        self.reader.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        self.reader.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        let footer = self.footer.clone();
        async move { Ok(footer) }.boxed()
    }
}

/// One segment as a store of one object. Only reading is there.
#[derive(Debug)]
struct OneSegment {
    segment: Arc<Segment>,
    touched: Arc<Touched>,
}

impl fmt::Display for OneSegment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "segment {}", self.segment.row.path)
    }
}

fn read_only<T>() -> Result<T> {
    let (operation, implementer) = ("anything but reading".to_owned(), "a segment".to_owned());
    Err(Error::NotImplemented { operation, implementer })
}

fn failed(error: io::Error) -> Error {
    Error::Generic { store: "segments", source: Box::new(error) }
}

impl OneSegment {
    async fn read(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>> {
        let bytes = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
        self.touched.budget.take(bytes).map_err(failed)?;
        let segment = self.segment.clone();
        let read = tokio::task::spawn_blocking(move || segment.read_ranges(&ranges)).await;
        read.map_err(io::Error::other).and_then(|read| read).map_err(failed)
    }
}

#[async_trait]
impl ObjectStore for OneSegment {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let size = self.segment.row.bytes;
        let range = match options.range {
            None => 0..size,
            Some(GetRange::Bounded(range)) => range.start..range.end.min(size),
            Some(GetRange::Offset(from)) => from.min(size)..size,
            Some(GetRange::Suffix(length)) => size.saturating_sub(length)..size,
        };
        let bytes = match options.head {
            true => Bytes::new(),
            false => self.read(vec![range.clone()]).await?.pop().unwrap_or_default(),
        };
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: Default::default(),
            size,
            e_tag: None,
            version: None,
        };
        let payload = GetResultPayload::Stream(stream::once(async move { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range, attributes: Default::default() })
    }

    async fn get_ranges(&self, _location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read(ranges.to_vec()).await
    }

    async fn put_opts(&self, _location: &Path, _payload: PutPayload, _options: PutOptions) -> Result<PutResult> {
        read_only()
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        read_only()
    }

    fn delete_stream(&self, _locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async { read_only() }).boxed()
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::once(async { read_only() }).boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> Result<ListResult> {
        read_only()
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        read_only()
    }
}
