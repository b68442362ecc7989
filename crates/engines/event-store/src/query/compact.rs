//! Rows filtered inside the Parquet reader keep the pages of their neighbours: a hundred lines out of a month would
//! hold hundreds of megabytes, and a sort counts them all. Directly above every scan of files, rows are copied out of
//! pages that they use little of.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;

/// Buffers may be so many times as large as the texts that are used of them.
const WASTE: usize = 2;
/// Below this many bytes nothing is copied.
const SMALL: usize = 64 << 10;

/// Puts [`CompactExec`] above the scans of a finished plan.
#[derive(Debug)]
pub(super) struct CompactScans;

impl PhysicalOptimizerRule for CompactScans {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let compacted = plan.transform_up(|node| {
            let texts = node.schema().fields().iter().any(|field| *field.data_type() == DataType::Utf8View);
            Ok(match texts && node.downcast_ref::<DataSourceExec>().is_some() {
                true => Transformed::yes(Arc::new(CompactExec { input: node }) as Arc<dyn ExecutionPlan>),
                false => Transformed::no(node),
            })
        })?;
        Ok(compacted.data)
    }

    fn name(&self) -> &'static str {
        "compact_scans"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same rows in the same order, in buffers of their own.
#[derive(Debug)]
struct CompactExec {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for CompactExec {
    fn fmt_as(&self, _kind: DisplayFormatType, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str(self.name())
    }
}

impl ExecutionPlan for CompactExec {
    fn name(&self) -> &'static str {
        "CompactExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(match children.pop() {
            Some(input) => Arc::new(Self { input }),
            None => self,
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, context)?;
        let compacted = rows.map(|batch| Ok(compact(&batch?)?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), compacted)))
    }
}

/// The batch with texts of its own, where most of the buffers belongs to others.
pub(crate) fn compact(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View if is_wasteful(column.as_string_view()) => {
            Arc::new(column.as_string_view().gc()) as ArrayRef
        }
        _ => column.clone(),
    });
    RecordBatch::try_new(batch.schema(), columns.collect())
}

fn is_wasteful(texts: &StringViewArray) -> bool {
    let held: usize = texts.data_buffers().iter().map(arrow::buffer::Buffer::capacity).sum();
    held > SMALL && held > WASTE * texts.total_buffer_bytes_used()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_out_of_many_weighs_little_and_full_batches_are_left_alone() {
        let texts = StringViewArray::from(vec!["x".repeat(1000); 1000]);
        let big = RecordBatch::try_from_iter([("raw", Arc::new(texts) as ArrayRef)]).unwrap();
        let one = compact(&big.slice(5, 1)).unwrap();
        assert!(one.get_array_memory_size() < 2000, "{}", one.get_array_memory_size());
        assert_eq!(one.column(0).as_string_view().value(0).len(), 1000);
        let all = compact(&big).unwrap();
        let buffers = |batch: &RecordBatch| batch.column(0).as_string_view().data_buffers()[0].as_ptr();
        assert_eq!(buffers(&all), buffers(&big));
    }
}
