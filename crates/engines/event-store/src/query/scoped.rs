//! The wall inside a plan. Whoever asks decides what is evaluated, and an expression that fails on a row tells of it: its
//! error holds the value, or that there is one. So nothing of a question is evaluated on rows outside the asker's sources,
//! but conditions that cannot fail, which the reader of files may use.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{Between, BinaryExpr, Cast, Expr, Like, Operator};
use datafusion::physical_expr::expressions::{Column, DynamicFilterPhysicalExpr};
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::filter_pushdown::{FilterDescription, FilterPushdownPhase};
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, Statistics};
use std::fmt;
use std::sync::Arc;

/// Functions that answer for everything they may be given.
const CALM: [&str; 22] = [
    "character_length",
    "coalesce",
    "contains",
    "ends_with",
    "field",
    "field_equals",
    "field_expression",
    "field_like",
    "field_number",
    "fold",
    "known",
    "lower",
    "nullif",
    "starts_with",
    "strpos",
    "text_equals",
    "text_expression",
    "text_has",
    "text_like",
    "text_number",
    "text_word",
    "upper",
];
/// Functions that do where whatever else they are given is fixed.
const CALM_WITH_FIXED: [&str; 3] = ["ip_in", "regexp_like", "text_ip_in"];

/// Whether a condition can be evaluated on any row without failing.
pub(super) fn is_calm(condition: &Expr) -> bool {
    match condition {
        Expr::Column(_) | Expr::Literal(..) => true,
        Expr::Not(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner) => is_calm(inner),
        Expr::Alias(alias) => is_calm(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let compares = match op {
                Operator::RegexMatch
                | Operator::RegexIMatch
                | Operator::RegexNotMatch
                | Operator::RegexNotIMatch
                | Operator::LikeMatch
                | Operator::ILikeMatch
                | Operator::NotLikeMatch
                | Operator::NotILikeMatch => is_fixed(right),
                Operator::Eq
                | Operator::NotEq
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
                | Operator::And
                | Operator::Or
                | Operator::IsDistinctFrom
                | Operator::IsNotDistinctFrom => true,
                _ => false,
            };
            compares && is_calm(left) && is_calm(right)
        }
        Expr::Like(Like { expr, pattern, .. }) => is_calm(expr) && is_fixed(pattern),
        Expr::Between(Between { expr, low, high, .. }) => is_calm(expr) && is_calm(low) && is_calm(high),
        Expr::InList(InList { expr, list, .. }) => is_calm(expr) && list.iter().all(is_calm),
        // Everything can be written as a text.
        Expr::Cast(Cast { expr, field }) => field.data_type().is_string() && is_calm(expr),
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().all(|(when, then)| is_calm(when) && is_calm(then));
            branches && case.expr.iter().chain(&case.else_expr).all(|part| is_calm(part))
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) => {
            let fixed = || args.first().is_some_and(is_calm) && args.iter().skip(1).all(is_fixed);
            match func.name() {
                // A length may be wrong, a beginning may not.
                "substr" => args.len() == 2 && args.iter().all(is_calm),
                name if CALM.contains(&name) => args.iter().all(is_calm),
                name => CALM_WITH_FIXED.contains(&name) && fixed(),
            }
        }
        _ => false,
    }
}

fn is_fixed(expression: &Expr) -> bool {
    matches!(expression, Expr::Literal(..))
}

/// Rows of the asker's sources; nothing that stands above is evaluated below.
#[derive(Debug)]
pub(super) struct ScopedExec {
    pub(super) input: Arc<dyn ExecutionPlan>,
}

/// What a sort or a join has learnt about columns meanwhile: comparisons, which cannot fail.
fn is_learnt(filter: &Arc<dyn PhysicalExpr>) -> bool {
    filter
        .downcast_ref::<DynamicFilterPhysicalExpr>()
        .is_some_and(|learnt| learnt.children().iter().all(|child| child.downcast_ref::<Column>().is_some()))
}

impl DisplayAs for ScopedExec {
    fn fmt_as(&self, _kind: DisplayFormatType, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str(self.name())
    }
}

impl ExecutionPlan for ScopedExec {
    fn name(&self) -> &'static str {
        "ScopedExec"
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
        self.input.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let none = || Arc::new(Statistics::new_unknown(&self.schema()));
        Ok(inputs.first().cloned().unwrap_or_else(none))
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    /// The order in which files and their parts are read, by columns alone: "latest 100" begins at the newest rows.
    fn try_pushdown_sort(&self, order: &[PhysicalSortExpr]) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        if !order.iter().all(|one| one.expr.downcast_ref::<Column>().is_some()) {
            return Ok(SortOrderPushdownResult::Unsupported);
        }
        self.input.try_pushdown_sort(order)?.try_map(|input| Ok(Arc::new(Self { input }) as Arc<dyn ExecutionPlan>))
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        if parent_filters.iter().all(is_learnt) {
            return FilterDescription::from_children(parent_filters, &self.children());
        }
        Ok(FilterDescription::all_unsupported(&parent_filters, &self.children()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::functions;
    use crate::search::Predicate;
    use arrow::datatypes::DataType;
    use datafusion::datasource::listing::PartitionedFile;
    use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
    use datafusion::datasource::source::DataSourceExec;
    use datafusion::execution::object_store::ObjectStoreUrl;
    use datafusion::logical_expr::{cast, col, lit};
    use datafusion::physical_expr::expressions::{self, CastExpr};

    #[test]
    fn newest_first_reaches_the_reader_of_files_and_an_expression_does_not() {
        let schema = crate::columns::schema();
        let url = ObjectStoreUrl::parse("memory://").unwrap();
        let config = FileScanConfigBuilder::new(url, Arc::new(ParquetSource::new(schema.clone())))
            .with_file(PartitionedFile::new("a.parquet", 1))
            .build();
        let scoped = ScopedExec { input: DataSourceExec::from_data_source(config) };
        let time = expressions::col("time", &schema).unwrap();
        let newest_first = PhysicalSortExpr::new_default(time.clone()).desc();
        match scoped.try_pushdown_sort(&[newest_first]).unwrap() {
            SortOrderPushdownResult::Exact { inner } | SortOrderPushdownResult::Inexact { inner } => {
                assert_eq!(inner.name(), scoped.name(), "the wall is gone");
            }
            SortOrderPushdownResult::Unsupported => panic!("the reader of files does not learn of the order"),
        }
        let computed = Arc::new(CastExpr::new(time, DataType::Int64, None));
        let outcome = scoped.try_pushdown_sort(&[PhysicalSortExpr::new_default(computed)]).unwrap();
        assert!(matches!(outcome, SortOrderPushdownResult::Unsupported));
    }

    fn substr_of_length() -> Expr {
        datafusion::functions::unicode::expr_fn::substring(col("raw"), lit(1), col("seq")).eq(lit("x"))
    }

    fn in_network_of_raw() -> Expr {
        let Expr::ScalarFunction(mut function) = functions::ip_in(col("source_ip"), "x") else { unreachable!() };
        function.args = vec![col("source_ip"), col("raw")];
        Expr::ScalarFunction(function)
    }

    #[test]
    fn what_can_fail_on_a_row_is_not_calm() {
        let calm = [
            col("seq").gt(lit(5_i64)).and(col("host_name").like(lit("a%"))),
            col("source_ip").in_list(vec![lit("1.1.1.1")], false).or(col("raw").is_null()),
            functions::text_has(col("raw"), "root"),
            cast(col("seq"), DataType::Utf8View).eq(lit("1")),
            functions::text_has(crate::columns::expression("message").unwrap(), "root"),
            functions::ip_in(col("source_ip"), "10.0.0.0/8"),
            functions::text_ip_in(col("observables"), "10.0.0.0/8"),
            functions::text_expression(col("raw"), "("),
            functions::field_expression(col("fields"), "Image", "cmd.*exe"),
            functions::known(col("source_ip"), &Predicate::new(|address| address.starts_with("10."))),
        ];
        for one in calm {
            assert!(is_calm(&one), "{one}");
        }
        let failing = [
            cast(col("raw"), DataType::Int32).eq(lit(1)),
            (col("source_port") / (col("seq") - lit(1))).eq(lit(1)),
            functions::text_has(col("raw"), "root").and(cast(col("raw"), DataType::Boolean)),
            col("raw").like(col("message")),
            substr_of_length(),
            in_network_of_raw(),
            col("seq").gt(lit(5_i64)).or((col("seq") + lit(i64::MAX)).gt(lit(1_i64))),
            lit(1).in_list(vec![cast(col("raw"), DataType::Int32)], false),
        ];
        for one in failing {
            assert!(!is_calm(&one), "{one}");
        }
    }
}
