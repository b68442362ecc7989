//! The table `events`: segments and memory of one moment. The asker's sources are filtered here, under
//! whatever SQL stands above, and files are left out by time, sequence and source before any is opened.

use super::Sources;
use super::engine::SEGMENTS;
use super::readers::Readers;
use super::scoped::{ScopedExec, is_calm};
use super::touched::Touched;
use super::wanted::wanted;
use crate::columns;
use crate::manifest::SegmentRow;
use crate::memory::Snapshot;
use crate::segment::{BLOCK, Blocks, Segment, Wanted};
use crate::unreadable::Gap;
use arrow::array::{ArrayRef, BooleanArray, Int64Array, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, TableProviderFilterPushDown, TableType, col, lit};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::union::UnionExec;
use futures::{StreamExt, TryStreamExt, stream};
use parquet::arrow::arrow_reader::RowSelector;
use std::collections::HashSet;
use std::sync::Arc;

/// Segments of the archive whose word indexes are asked at the same time.
const AT_ONCE: usize = 8;

/// The table `events` as SQL sees it: what segments left out is put back above the scan.
pub(super) fn events_view(stored: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let plan = LogicalPlanBuilder::scan("events", provider_as_source(stored), None)?.project(columns::projection()?)?;
    Ok(Arc::new(ViewTable::new(plan.build()?, None)))
}

/// Rows as segments hold them. No name in the catalogue leads here but through the view.
#[derive(Debug)]
pub(super) struct EventsTable {
    snapshot: Snapshot,
    sources: Sources,
    touched: Arc<Touched>,
}

impl EventsTable {
    pub(super) fn new(snapshot: Snapshot, sources: Sources, touched: Arc<Touched>) -> Self {
        Self { snapshot, sources, touched }
    }

    /// The condition every row must meet, whatever is asked.
    fn scope(&self) -> Option<Expr> {
        match &self.sources {
            Sources::All => None,
            Sources::Only(ids) => Some(col("source_id").in_list(ids.iter().map(|id| lit_view(id)).collect(), false)),
        }
    }

    /// Segments that can hold rows for the filters as far as the manifest tells, newest first.
    fn hopeful(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Arc<Segment>>> {
        let mut segments: Vec<&Arc<Segment>> = self.snapshot.segments.iter().collect();
        segments.retain(|one| self.sources.reach(one.row.sources.as_ref()));
        let rows: Vec<&SegmentRow> = segments.iter().map(|one| &one.row).collect();
        let keep = prune(state, filters, &rows)?;
        Ok(segments.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(one, _)| one.clone()).rev().collect())
    }

    /// Tells of segments that are gone and could have held rows for the filters.
    fn note_gaps(&self, state: &dyn Session, filters: &[Expr]) -> Result<()> {
        let gaps = self.touched.gaps.iter().filter(|gap| self.sources.reach(gap.row.sources.as_ref()));
        let gaps: Vec<&Gap> = gaps.collect();
        let rows: Vec<&SegmentRow> = gaps.iter().map(|gap| &gap.row).collect();
        let keep = prune(state, filters, &rows)?;
        gaps.into_iter().zip(keep).filter(|(_, keep)| *keep).for_each(|(gap, _)| self.touched.note_gap(gap));
        Ok(())
    }

    /// Of these segments, what has to be read. Several are asked at the same time.
    async fn files(
        &self,
        segments: Vec<Arc<Segment>>,
        filters: &[Expr],
        threads: usize,
    ) -> Result<Vec<PartitionedFile>> {
        let wanted = Arc::new(wanted(filters));
        // What lies here costs processor time, of which a question has its share; what is archived costs waiting.
        let at_once = if segments.iter().any(|one| one.is_archived()) { AT_ONCE } else { threads.max(1) };
        let found: Vec<_> =
            stream::iter(segments).map(|one| look_up(one, wanted.clone())).buffered(at_once).try_collect().await?;
        let mut files = Vec::new();
        for (one, hopeful) in found {
            let blocks = match (hopeful, one.readable()) {
                (Some(mut blocks), Some(readable)) => {
                    let wanted = blocks.len();
                    blocks.keep(&readable);
                    if blocks.len() < wanted {
                        self.touched.note_damaged(&one);
                    }
                    Some(blocks)
                }
                (None, Some(readable)) => {
                    self.touched.note_damaged(&one);
                    Some(readable)
                }
                (blocks, None) => blocks,
            };
            if blocks.as_ref().is_some_and(Blocks::is_empty) || self.touched.leaves_out(&one) {
                continue;
            }
            self.touched.note(&one.row);
            let mut file = PartitionedFile::new(one.row.path.clone(), one.row.bytes)
                .with_statistics(Arc::new(statistics(&one.row)));
            if let Some(blocks) = blocks.filter(|blocks| blocks.len() < blocks.count()) {
                file = file.with_extension(selection(&blocks, one.row.rows));
            }
            files.push(file.with_extension(one));
        }
        Ok(files)
    }
}

/// Which of these may hold rows for the filters.
fn prune(state: &dyn Session, filters: &[Expr], rows: &[&SegmentRow]) -> Result<Vec<bool>> {
    if let (false, Some(filter)) = (rows.is_empty(), conjunction(filters.to_vec())) {
        let schema = DFSchema::try_from(columns::schema())?;
        let filter = state.create_physical_expr(filter, &schema)?;
        // A filter that says nothing about what the manifest knows cannot be used; that is no error.
        let builder = PruningPredicateBuilder::new().with_file_schema(columns::schema());
        if let Some(predicate) = builder.build(filter) {
            return predicate.prune(&Manifested(rows));
        }
    }
    Ok(vec![true; rows.len()])
}

/// Asks the word index of a segment in which blocks rows may be wanted; nothing where all may.
async fn look_up(one: Arc<Segment>, wanted: Arc<Wanted>) -> Result<(Arc<Segment>, Option<Blocks>)> {
    if !wanted.is_selective() {
        return Ok((one, None));
    }
    let looked = tokio::task::spawn_blocking(move || {
        let blocks = one.blocks(&wanted);
        (one, blocks)
    });
    looked.await.map_err(|error| DataFusionError::External(Box::new(error)))
}

/// The rows of these blocks, of a file with so many rows.
fn selection(blocks: &Blocks, rows: u64) -> ParquetRowSelection {
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let pieces = (0..blocks.count()).map(|block| {
        let rows = rows.saturating_sub(block * BLOCK).min(BLOCK);
        if blocks.contains(block) { RowSelector::select(rows) } else { RowSelector::skip(rows) }
    });
    ParquetRowSelection::new(pieces.collect::<Vec<_>>().into())
}

fn lit_view(id: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(id.to_owned())))
}

/// What the manifest knows of files, so that some need not be opened. DataFusion's own adapter knows bounds only,
/// not which sources a file holds, and grumbles over a store without segments.
struct Manifested<'a>(&'a [&'a SegmentRow]);

impl Manifested<'_> {
    fn bound(&self, column: &Column, time: fn(&SegmentRow) -> i64, seq: fn(&SegmentRow) -> u64) -> Option<ArrayRef> {
        let rows = self.0.iter();
        match column.name() {
            "time" => {
                let times = TimestampMicrosecondArray::from_iter_values(rows.map(|row| time(row)));
                Some(Arc::new(times.with_data_type(columns::time_type())))
            }
            "seq" => Some(Arc::new(Int64Array::from_iter_values(rows.map(|row| seq(row) as i64)))),
            _ => None,
        }
    }
}

impl PruningStatistics for Manifested<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |row| row.min_time, |row| row.min_seq)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |row| row.max_time, |row| row.max_seq)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    /// False where a file has none of these sources. Never true: a file may hold rows without a source as well.
    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let wanted = values.iter().map(|value| value.try_as_str().flatten()).collect::<Option<Vec<_>>>()?;
        let absent = |row: &&SegmentRow| {
            let sources = row.sources.as_ref()?;
            (!wanted.iter().any(|id| sources.contains(*id))).then_some(false)
        };
        (column.name() == "source_id").then(|| self.0.iter().map(absent).collect())
    }
}

/// The same for the planner, of a file that is read.
fn statistics(row: &SegmentRow) -> Statistics {
    let schema = columns::schema();
    let mut statistics = Statistics::new_unknown(&schema);
    statistics.num_rows = Precision::Exact(usize::try_from(row.rows).unwrap_or(usize::MAX));
    let mut bounds = |name: &str, least: ScalarValue, greatest: ScalarValue| {
        if let Ok(index) = schema.index_of(name)
            && let Some(column) = statistics.column_statistics.get_mut(index)
        {
            column.min_value = Precision::Exact(least);
            column.max_value = Precision::Exact(greatest);
            column.null_count = Precision::Exact(0);
        }
    };
    let time = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
    bounds("time", time(row.min_time), time(row.max_time));
    bounds("seq", ScalarValue::Int64(Some(row.min_seq as i64)), ScalarValue::Int64(Some(row.max_seq as i64)));
    statistics
}

#[async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        columns::schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let told = |filter: &&Expr| match is_calm(filter) {
            true => TableProviderFilterPushDown::Exact,
            // It is evaluated above, on rows of the scope alone; what it says of files is used here.
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(told).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = columns::schema();
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        if self.sources == Sources::Only(Arc::default()) {
            return Ok(Arc::new(EmptyExec::new(Arc::new(schema.project(&wanted)?))));
        }
        self.touched.note_events();
        let calm = filters.iter().filter(|filter| is_calm(filter)).cloned();
        let condition = conjunction(self.scope().into_iter().chain(calm));
        let mut read = wanted.clone();
        for column in condition.iter().flat_map(Expr::column_refs) {
            let index = schema.index_of(column.name())?;
            if !read.contains(&index) {
                read.push(index);
            }
        }
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let files = self.files(self.hopeful(state, filters)?, filters, state.config().target_partitions()).await?;
        self.note_gaps(state, filters)?;
        if !files.is_empty() {
            inputs.push(scan_files(state, files, &read, self.touched.clone())?);
        }
        if !self.snapshot.memory.is_empty() || inputs.is_empty() {
            let batches = std::slice::from_ref(&self.snapshot.memory);
            inputs.push(MemorySourceConfig::try_new_exec(batches, schema.clone(), Some(read.clone()))?);
        }
        let input = match inputs.len() {
            1 => inputs.swap_remove(0),
            _ => UnionExec::try_new(inputs)?,
        };
        let input = match condition {
            None => input,
            Some(condition) => {
                let condition = state.create_physical_expr(condition, &DFSchema::try_from(input.schema())?)?;
                let kept = (read.len() > wanted.len()).then(|| (0..wanted.len()).collect());
                Arc::new(FilterExecBuilder::new(condition, input).apply_projection(kept)?.build()?)
            }
        };
        Ok(Arc::new(ScopedExec { input }))
    }
}

fn scan_files(
    state: &dyn Session,
    files: Vec<PartitionedFile>,
    read: &[usize],
    touched: Arc<Touched>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let url = ObjectStoreUrl::parse(SEGMENTS)?;
    let reader = Readers { footers: state.runtime_env().cache_manager.get_file_metadata_cache(), touched };
    let source = ParquetSource::new(TableSchema::from(columns::schema()))
        .with_table_parquet_options(state.default_table_options().parquet)
        .with_parquet_file_reader_factory(Arc::new(reader))
        .with_metadata_size_hint(64 << 10);
    // Newest files first in every group, so that "latest 100" can leave the old ones unopened.
    let count = state.config().target_partitions().clamp(1, files.len());
    let mut groups = vec![Vec::new(); count];
    for (number, file) in files.into_iter().enumerate() {
        if let Some(group) = groups.get_mut(number % count) {
            group.push(file);
        }
    }
    let config = FileScanConfigBuilder::new(url, Arc::new(source))
        .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
        .with_projection_indices(Some(read.to_vec()))?
        .build();
    Ok(DataSourceExec::from_data_source(config))
}
