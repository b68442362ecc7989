//! Tables that a caller adds to the catalogue: columns with types and words, and rows fetched at most once per
//! query, when the table is used. The caller fetches inside the asker's scope.

use crate::columns;
use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, RecordBatchOptions, StringViewBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::fmt;
use std::sync::Arc;
use tokio::sync::OnceCell;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalKind {
    Text,
    Integer,
    Float,
    Boolean,
    /// Microseconds UTC.
    Time,
}

/// One value of an external row. A value of another kind than its column's reads as null, whole numbers in
/// a float column excepted.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Time(i64),
}

#[derive(Debug, Clone)]
pub struct ExternalColumn {
    pub name: String,
    pub kind: ExternalKind,
    pub doc: String,
}

/// Gives the rows of a table, already in the asker's scope.
#[async_trait]
pub trait ExternalRows: Send + Sync {
    /// Each row has a cell for each column; missing cells read as null. The error is shown to the asker.
    async fn fetch(&self) -> std::result::Result<Vec<Vec<Cell>>, String>;
}

/// A table of the catalogue besides `events`, asked as `schema.name`.
#[derive(Clone)]
pub struct ExternalTable {
    pub schema: String,
    pub name: String,
    pub doc: String,
    pub columns: Vec<ExternalColumn>,
    pub rows: Arc<dyn ExternalRows>,
}

impl fmt::Debug for ExternalTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ExternalTable({}.{})", self.schema, self.name)
    }
}

pub(super) fn external_provider(table: ExternalTable) -> Arc<dyn TableProvider> {
    let fields: Vec<Field> = table
        .columns
        .iter()
        .map(|column| {
            let kind = match column.kind {
                ExternalKind::Text => DataType::Utf8View,
                ExternalKind::Integer => DataType::Int64,
                ExternalKind::Float => DataType::Float64,
                ExternalKind::Boolean => DataType::Boolean,
                ExternalKind::Time => columns::time_type(),
            };
            Field::new(&column.name, kind, true)
        })
        .collect();
    Arc::new(Provider { table, schema: Arc::new(Schema::new(fields)), batch: OnceCell::new() })
}

#[derive(Debug)]
struct Provider {
    table: ExternalTable,
    schema: SchemaRef,
    batch: OnceCell<RecordBatch>,
}

#[async_trait]
impl TableProvider for Provider {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let fetched = self.batch.get_or_try_init(|| async {
            let rows = self.table.rows.fetch().await.map_err(|error| {
                DataFusionError::Execution(format!("{}.{}: {error}", self.table.schema, self.table.name))
            })?;
            to_batch(&self.table.columns, &self.schema, &rows)
        });
        let batch = fetched.await?.clone();
        let exec: Arc<dyn ExecutionPlan> =
            MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema.clone(), projection.cloned())?;
        Ok(exec)
    }
}

fn to_batch(columns: &[ExternalColumn], schema: &SchemaRef, rows: &[Vec<Cell>]) -> Result<RecordBatch> {
    let cells = |index: usize| rows.iter().map(move |row| row.get(index).unwrap_or(&Cell::Null));
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        arrays.push(match column.kind {
            ExternalKind::Text => {
                let mut builder = StringViewBuilder::new();
                cells(index).for_each(|cell| match cell {
                    Cell::Text(text) => builder.append_value(text),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish())
            }
            ExternalKind::Integer => {
                let mut builder = Int64Builder::new();
                cells(index).for_each(|cell| match cell {
                    Cell::Integer(number) => builder.append_value(*number),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish())
            }
            ExternalKind::Float => {
                let mut builder = Float64Builder::new();
                cells(index).for_each(|cell| match cell {
                    Cell::Float(number) => builder.append_value(*number),
                    Cell::Integer(number) => builder.append_value(*number as f64),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish())
            }
            ExternalKind::Boolean => {
                let mut builder = BooleanBuilder::new();
                cells(index).for_each(|cell| match cell {
                    Cell::Boolean(truth) => builder.append_value(*truth),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish())
            }
            ExternalKind::Time => {
                let mut builder = TimestampMicrosecondBuilder::new();
                cells(index).for_each(|cell| match cell {
                    Cell::Time(micros) => builder.append_value(*micros),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish().with_timezone("UTC"))
            }
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?)
}
