//! Runs plans: a runtime of its own, so that a slow query never holds up whoever takes records in, and a
//! session per query that knows the asker's events and tables and nothing else.

use super::budget::{Budget, Reading};
use super::compact::CompactScans;
use super::events::{EventsTable, events_view};
use super::external::external_provider;
use super::guard::clean;
use super::places::Places;
use super::pool::QuestionPool;
use super::touched::Touched;
use super::{Lane, QueryContext, QueryResult, Sources, functions, mistakes, output};
use crate::StoreError;
use crate::archive::Archive;
use crate::memory::Snapshot;
use crate::store::Shared;
use crate::unreadable::Gap;
use crate::verify::{find_damaged, verdicts};
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionStateDefaults};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionConfig};
use futures::StreamExt;
use object_store::memory::InMemory;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Bytes of a result; beyond them it is truncated like by too many rows.
pub(crate) const RESULT_BYTES: usize = 64 << 20;
/// Footers of Parquet files kept between queries.
const FOOTER_BYTES: usize = 32 << 20;
/// Planning walks trees recursively; a long chain of conditions needs room. Touched only where used.
const STACK: usize = 64 << 20;

/// What DataFusion says, as an I/O error among others, where the files of a sort or grouping have become too large.
const SPILT: &str = "used disk space during the spilling process";

fn is_spilt(error: &DataFusionError) -> bool {
    error.to_string().contains(SPILT)
}

/// The address that DataFusion knows segments by.
pub(super) const SEGMENTS: &str = "segments://events";

/// Threads and places of one lane.
struct Road {
    runtime: Option<Runtime>,
    places: Arc<Places>,
}

impl Road {
    fn new(name: &str, threads: usize, places: usize) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name(name)
            .thread_stack_size(STACK)
            .enable_all()
            .build()
            .map_err(|error| StoreError::io("start the query runtime", error))?;
        Ok(Self { runtime: Some(runtime), places: Places::new(places) })
    }
}

impl Drop for Road {
    fn drop(&mut self) {
        // A runtime must not be dropped inside another one: it would block. And its threads are joined, not let go: glibc
        // before 2.38 reads the stack of a thread that ends while it is detached, and ours are too large to be kept.
        if let Some(runtime) = self.runtime.take()
            && let Err(error) = std::thread::Builder::new().name("event-query-end".into()).spawn(move || drop(runtime))
        {
            tracing::error!(%error, "the threads of queries could not be ended");
        }
    }
}

pub(crate) struct Engine {
    pages: Road,
    questions: Road,
    background: Road,
    reading: Arc<Reading>,
    gaps: Arc<Vec<Gap>>,
    environment: RuntimeEnv,
    archive: Arc<Archive>,
    threads: usize,
    spill: std::path::PathBuf,
    spill_bytes: u64,
}

impl Engine {
    pub(crate) fn new(shared: &Shared) -> Result<Self, StoreError> {
        let options = &shared.options;
        let failed = |error: &dyn std::fmt::Display| StoreError::Query(error.to_string());
        let environment =
            RuntimeEnvBuilder::new().with_metadata_cache_limit(FOOTER_BYTES).build().map_err(|error| failed(&error))?;
        let url = ObjectStoreUrl::parse(SEGMENTS).map_err(|error| failed(&error))?;
        // A scan asks for the store of its address, and reads through the segments themselves.
        environment.register_object_store(url.as_ref(), Arc::new(InMemory::new()));
        Ok(Self {
            pages: Road::new("event-page", options.query_threads, options.concurrent_queries)?,
            questions: Road::new("event-question", options.query_threads, (options.concurrent_queries / 2).max(2))?,
            background: Road::new("event-background", 1, 2)?,
            reading: Arc::new(Reading::new(options.read_limits)),
            gaps: shared.gaps.clone(),
            environment,
            archive: shared.archive.clone(),
            threads: options.query_threads.max(1),
            spill: shared.unfinished_dir(),
            spill_bytes: options.spill_bytes,
        })
    }

    /// Runs `work` in a session of its own, under the limits of the context. Where a segment cannot be read
    /// the damaged ones are found, and the question is asked again without them.
    pub(crate) async fn run<T, W, F>(
        &self,
        context: &QueryContext,
        snapshot: Snapshot,
        work: W,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Session>) -> F + Clone + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let segments = snapshot.segments.clone();
        let before = verdicts(&segments);
        match self.run_once(context, snapshot.clone(), work.clone()).await {
            Err(StoreError::Segment { file, reason }) => {
                let found = tokio::task::spawn_blocking(move || find_damaged(&segments, before)).await.unwrap_or(false);
                match found {
                    true => self.run_once(context, snapshot, work).await,
                    false => Err(StoreError::Segment { file, reason }),
                }
            }
            outcome => outcome,
        }
    }

    async fn run_once<T, W, F>(&self, context: &QueryContext, snapshot: Snapshot, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Session>) -> F + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let (runtime, places) = self.road(context.lane)?;
        let limited = async {
            let _place = places.take_for(context).await?;
            let session = Arc::new(self.session(context, snapshot)?);
            let task = AbortOnDropHandle::new(runtime.spawn(async move {
                let until = session.clone();
                until.within_memory(work(session)).await
            }));
            match tokio::time::timeout(context.timeout, task).await {
                Err(_) => Err(StoreError::Timeout { limit: context.timeout }),
                Ok(Ok(outcome)) => outcome,
                Ok(Err(error)) => Err(StoreError::Query(format!("the query broke off: {error}"))),
            }
        };
        tokio::select! {
            biased;
            () = context.cancel.cancelled() => Err(StoreError::Cancelled),
            outcome = limited => outcome,
        }
    }

    /// Threads and places of a lane.
    pub(super) fn road(&self, lane: Lane) -> Result<(&Runtime, Arc<Places>), StoreError> {
        let road = match lane {
            Lane::Page => &self.pages,
            Lane::Question => &self.questions,
            Lane::Background => &self.background,
        };
        let runtime = road.runtime.as_ref().ok_or(StoreError::Closed)?;
        Ok((runtime, road.places.clone()))
    }

    pub(super) fn session(&self, context: &QueryContext, snapshot: Snapshot) -> Result<Session, StoreError> {
        let failed = |error: DataFusionError| StoreError::Query(clean(&error));
        let exhausted = CancellationToken::new();
        let pool = QuestionPool::new(context.memory, exhausted.clone());
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![self.spill.clone()]))
            .with_max_temp_directory_size(self.spill_bytes);
        let environment = RuntimeEnvBuilder::from_runtime_env(&self.environment)
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(failed)?;
        // What runs by itself is the program's own, whoever set it up.
        let asker = context.asker.clone().filter(|_| context.lane != Lane::Background);
        let budget = Budget::new(self.reading.clone(), asker);
        let everything = context.sources == Sources::All;
        let touched = Arc::new(Touched::new(
            snapshot.segments.len(),
            self.archive.clone(),
            self.gaps.clone(),
            budget,
            everything,
        ));
        let catalog = MemoryCatalogProvider::new();
        let public = Arc::new(MemorySchemaProvider::new());
        let stored: Arc<dyn TableProvider> =
            Arc::new(EventsTable::new(snapshot, context.sources.clone(), touched.clone()));
        let events = events_view(stored.clone()).map_err(failed)?;
        public.register_table("events".to_owned(), events).map_err(failed)?;
        catalog.register_schema("public", public).map_err(failed)?;
        for table in &context.tables {
            let schema = match catalog.schema(&table.schema) {
                Some(schema) => schema,
                None => {
                    let schema = Arc::new(MemorySchemaProvider::new());
                    catalog.register_schema(&table.schema, schema.clone()).map_err(failed)?;
                    schema
                }
            };
            if schema.table_exist(&table.name) {
                return Err(StoreError::Query(format!("the table {}.{} exists twice", table.schema, table.name)));
            }
            schema.register_table(table.name.clone(), external_provider(table.clone())).map_err(failed)?;
        }
        let mut config = SessionConfig::new()
            .with_target_partitions(self.threads)
            // Records are long: more rows at a time would cost tens of megabytes per step.
            .with_batch_size(4096)
            .with_information_schema(true)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema("centre", "public");
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.enable_recursive_ctes = false;
        // `now()` is a moment like the times it is compared with, and is printed like them.
        options.execution.time_zone = Some("UTC".to_owned());
        options.explain.logical_plan_only = true;
        let (scalar, aggregate, window) = functions::allowed();
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(environment)
            .with_expr_planners(SessionStateDefaults::default_expr_planners())
            .with_scalar_functions(scalar)
            .with_aggregate_functions(aggregate)
            .with_window_functions(window)
            .with_physical_optimizer_rule(Arc::new(CompactScans))
            .build();
        state.catalog_list().register_catalog("centre".to_owned(), Arc::new(catalog));
        Ok(Session {
            context: SessionContext::new_with_state(state),
            stored,
            sources: context.sources.clone(),
            touched,
            max_rows: context.max_rows,
            memory: context.memory,
            spill: self.spill_bytes,
            exhausted,
            began: Instant::now(),
        })
    }
}

/// One query's view of the catalogue.
pub(crate) struct Session {
    pub(crate) context: SessionContext,
    /// Rows as segments hold them, in the asker's scope.
    stored: Arc<dyn TableProvider>,
    sources: Sources,
    pub(crate) touched: Arc<Touched>,
    max_rows: usize,
    memory: usize,
    spill: u64,
    exhausted: CancellationToken,
    began: Instant,
}

impl Session {
    /// `work`, broken off when its memory is not enough; see [`QuestionPool`].
    pub(super) async fn within_memory<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        tokio::select! {
            biased;
            () = self.exhausted.cancelled() => Err(StoreError::Memory { limit: self.memory }),
            outcome = work => outcome,
        }
    }

    /// Runs a plan and keeps up to `max_rows` rows of its result.
    pub(crate) async fn collect(&self, plan: LogicalPlan) -> Result<QueryResult, StoreError> {
        let explain = |error: DataFusionError| self.explain(&error);
        let frame = self.context.execute_logical_plan(plan).await.map_err(explain)?;
        let mut stream = frame.execute_stream().await.map_err(explain)?;
        let schema = stream.schema();
        let (mut batches, mut rows, mut bytes, mut truncated) = (Vec::new(), 0, 0, false);
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(explain)?;
            let room = self.max_rows - rows;
            if batch.num_rows() > room {
                truncated = true;
                rows += room;
                batches.push(batch.slice(0, room));
                break;
            }
            rows += batch.num_rows();
            bytes += output::weight(&batch);
            batches.push(batch);
            if bytes > RESULT_BYTES {
                truncated = true;
                break;
            }
        }
        Ok(QueryResult {
            schema,
            batches,
            rows,
            truncated,
            files_read: self.touched.read(),
            events_read: self.touched.events(),
            files_total: self.touched.total,
            bytes_read: self.touched.budget.read(),
            unreadable: self.touched.unreadable(),
            elapsed: self.began.elapsed(),
        })
    }

    /// Rows as segments hold them; `columns::expression` makes of them what SQL sees.
    pub(crate) fn stored(&self) -> Result<DataFrame, StoreError> {
        self.context.read_table(self.stored.clone()).map_err(|error| self.explain(&error))
    }

    /// The same of a part of the snapshot.
    pub(crate) fn stored_in(&self, part: Snapshot) -> Result<DataFrame, StoreError> {
        let events = EventsTable::new(part, self.sources.clone(), self.touched.clone());
        self.context.read_table(Arc::new(events)).map_err(|error| self.explain(&error))
    }

    /// Rows as they come, for whoever folds them without keeping them.
    pub(crate) async fn stream(
        &self,
        frame: Result<DataFrame, DataFusionError>,
    ) -> Result<SendableRecordBatchStream, StoreError> {
        let explain = |error: DataFusionError| self.explain(&error);
        frame.map_err(explain)?.execute_stream().await.map_err(explain)
    }

    /// Tables that may be asked, as they are written in a question.
    fn tables(&self) -> Vec<String> {
        let Some(catalog) = self.context.catalog("centre") else { return Vec::new() };
        let mut names = Vec::new();
        for schema in catalog.schema_names() {
            let tables = catalog.schema(&schema).map(|schema| schema.table_names()).unwrap_or_default();
            let plain = schema == "public";
            names.extend(tables.into_iter().map(|table| if plain { table } else { format!("{schema}.{table}") }));
        }
        names
    }

    pub(crate) fn explain(&self, error: &DataFusionError) -> StoreError {
        if let Some(over) = self.touched.budget.over() {
            return over;
        }
        if is_spilt(error) {
            return StoreError::Spill { limit: self.spill };
        }
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => StoreError::Memory { limit: self.memory },
            DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => {
                match self.touched.unreachable() {
                    Some((days, reason)) => StoreError::Unreachable { days, reason },
                    None => StoreError::Segment { file: String::new(), reason: clean(error) },
                }
            }
            _ => match mistakes::recognised(error, &|| self.tables()) {
                Some(mistake) => mistake.into(),
                None => StoreError::Query(clean(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::error::ArrowError;
    use std::io;

    #[test]
    fn too_little_room_on_disk_is_told_from_a_disk_that_fails() {
        let words = "The used disk space during the spilling process has exceeded the allowable limit of 1.0 GB.";
        let arrow = |words: &str| {
            let error = ArrowError::IoError(words.to_owned(), io::Error::other(words.to_owned()));
            DataFusionError::ArrowError(Box::new(error), None)
        };
        assert!(is_spilt(&arrow(words)) && is_spilt(&DataFusionError::IoError(io::Error::other(words))));
        assert!(!is_spilt(&arrow("Input/output error (os error 5)")));
    }
}
