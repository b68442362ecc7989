//! Texts that would grow without bound: joined again and again over sub-queries, a text becomes thousands of times
//! as long as what is stored, and the memory pool does not count what expressions make. So the plan tells, before
//! it runs, how many times as long as a stored text each of its texts can be.

mod functions;

use super::guard::clean;
use crate::StoreError;
use crate::mistake::Mistake;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, Case, Exists, InSubquery, SetComparison, WindowFunction};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Operator};
use functions::{gathered, most};

/// Times its length that a text may grow.
const LIMIT: f64 = 24.0;
/// The same for all columns of a row together, beyond one stored text each.
const LIMIT_OF_ROW: f64 = 64.0;
/// Bytes of a literal that count as one stored text.
const STORED: f64 = 256.0;
/// A stored text.
const ONE: f64 = 1.0;
/// A number, time or truth value. Not nothing: as text it can be joined like any other.
const SMALL: f64 = 0.25;
/// What the values of rows decide, and so without a bound worth the name.
const UNKNOWN: f64 = 256.0;

/// Refuses a plan with a text that could grow beyond the limit, in a column or on the way to one.
pub(super) fn check(plan: &LogicalPlan) -> Result<(), StoreError> {
    let largest = largest(plan).map_err(|error| StoreError::Query(clean(&error)))?;
    if largest <= LIMIT {
        return Ok(());
    }
    let times = largest.min(1e6);
    let words =
        format!("the texts of this query could grow to {times:.0} times their length; join or replace less at once");
    Err(Mistake::new("query-grows", words).with("times", format!("{times:.0}")).into())
}

fn largest(plan: &LogicalPlan) -> Result<f64> {
    let mut walk = Walk { largest: 0.0 };
    walk.node(plan, None)?;
    Ok(walk.largest)
}

/// The columns of one input of a node, and how many times as long as a stored text each can be.
type Input<'a> = (&'a DFSchema, Vec<f64>);

/// Where a column is looked up: the inputs of a node, and the query around it.
#[derive(Clone, Copy)]
struct Scope<'a> {
    inputs: &'a [Input<'a>],
    outer: Option<&'a Scope<'a>>,
}

impl Scope<'_> {
    fn find(&self, column: &Column) -> f64 {
        let mut inputs = self.inputs.iter();
        let here = inputs.find_map(|(schema, factors)| factors.get(schema.maybe_index_of_column(column)?).copied());
        here.unwrap_or_else(|| self.find_outside(column))
    }

    fn find_outside(&self, column: &Column) -> f64 {
        self.outer.map_or(ONE, |outer| outer.find(column))
    }
}

struct Walk {
    largest: f64,
}

impl Walk {
    fn node(&mut self, plan: &LogicalPlan, outer: Option<&Scope<'_>>) -> Result<Vec<f64>> {
        let mut inputs: Vec<Input<'_>> = Vec::new();
        for input in plan.inputs() {
            // The right side of a lateral join speaks of the left one.
            let beside = Scope { inputs: &inputs, outer };
            let around = if matches!(plan, LogicalPlan::Join(_)) { Some(&beside) } else { outer };
            let factors = self.node(input, around)?;
            inputs.push((input.schema().as_ref(), factors));
        }
        let factors = self.columns(plan, &inputs, outer)?;
        self.largest = factors.iter().copied().fold(self.largest, f64::max);
        let grown: f64 = factors.iter().map(|factor| (factor - ONE).max(0.0)).sum();
        if grown > LIMIT_OF_ROW {
            self.largest = self.largest.max(grown);
        }
        Ok(factors)
    }

    fn columns(&mut self, plan: &LogicalPlan, inputs: &[Input<'_>], outer: Option<&Scope<'_>>) -> Result<Vec<f64>> {
        let scope = Scope { inputs, outer };
        let input = |number: usize| inputs.get(number).map(|(_, factors)| factors.clone()).unwrap_or_default();
        let count = plan.schema().fields().len();
        Ok(match plan {
            LogicalPlan::Projection(node) => self.values(&node.expr, &scope)?,
            LogicalPlan::Aggregate(node) => {
                let mut factors = self.values(grouping_set_to_exprlist(&node.group_expr)?, &scope)?;
                if matches!(node.group_expr.as_slice(), [Expr::GroupingSet(_)]) {
                    factors.push(SMALL);
                }
                factors.extend(self.values(&node.aggr_expr, &scope)?);
                factors
            }
            LogicalPlan::Window(node) => [input(0), self.values(&node.window_expr, &scope)?].concat(),
            LogicalPlan::Distinct(Distinct::On(node)) => {
                self.values(&node.on_expr, &scope)?;
                self.values(node.sort_expr.iter().flatten().map(|sort| &sort.expr), &scope)?;
                self.values(&node.select_expr, &scope)?
            }
            LogicalPlan::Values(node) => {
                let mut factors = vec![0.0; count];
                for row in &node.values {
                    lift(&mut factors, &self.values(row, &scope)?);
                }
                factors
            }
            LogicalPlan::Union(_) => {
                let mut factors = vec![0.0; count];
                for (_, side) in inputs {
                    lift(&mut factors, side);
                }
                factors
            }
            LogicalPlan::Join(node) => {
                self.conditions(plan, &scope)?;
                match node.join_type {
                    JoinType::LeftSemi | JoinType::LeftAnti => input(0),
                    JoinType::RightSemi | JoinType::RightAnti => input(1),
                    JoinType::LeftMark => [input(0), vec![SMALL]].concat(),
                    JoinType::RightMark => [input(1), vec![SMALL]].concat(),
                    _ => [input(0), input(1)].concat(),
                }
            }
            LogicalPlan::Unnest(node) => {
                let lists = input(0);
                node.dependency_indices.iter().map(|index| lists.get(*index).copied().unwrap_or(ONE)).collect()
            }
            LogicalPlan::Filter(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Distinct(Distinct::All(_)) => {
                self.conditions(plan, &scope)?;
                input(0)
            }
            _ => vec![ONE; count],
        })
    }

    /// The expressions of a node that make no column: they are worked out all the same.
    fn conditions(&mut self, plan: &LogicalPlan, scope: &Scope<'_>) -> Result<()> {
        plan.apply_expressions(|expression| {
            self.value(expression, scope)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(())
    }

    fn values<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>, scope: &Scope<'_>) -> Result<Vec<f64>> {
        expressions.into_iter().map(|expression| self.value(expression, scope)).collect()
    }

    fn value(&mut self, expression: &Expr, scope: &Scope<'_>) -> Result<f64> {
        let factor = match expression {
            // As long as it is written; a long one to search for is no growth.
            Expr::Literal(value, _) => {
                let bytes = value.try_as_str().map_or_else(|| value.size(), |text| text.map_or(0, str::len));
                return Ok(bytes as f64 / STORED);
            }
            Expr::Column(column) => scope.find(column),
            Expr::OuterReferenceColumn(_, column) => scope.find_outside(column),
            Expr::Alias(alias) => self.value(&alias.expr, scope)?,
            Expr::Cast(cast) => self.value(&cast.expr, scope)?,
            Expr::TryCast(cast) => self.value(&cast.expr, scope)?,
            Expr::Unnest(unnest) => self.value(&unnest.expr, scope)?,
            Expr::BinaryExpr(binary) => {
                let (left, right) = (self.value(&binary.left, scope)?, self.value(&binary.right, scope)?);
                if binary.op == Operator::StringConcat { left + right } else { SMALL }
            }
            Expr::Case(case) => self.case(case, scope)?,
            Expr::ScalarFunction(call) => functions::scalar(call, &self.values(&call.args, scope)?),
            Expr::AggregateFunction(call) => self.aggregate(call, scope)?,
            Expr::WindowFunction(call) => self.window(call, scope)?,
            Expr::HigherOrderFunction(_) => UNKNOWN,
            Expr::ScalarSubquery(query) => self.node(&query.subquery, Some(scope))?.first().copied().unwrap_or(ONE),
            other => self.other(other, scope)?,
        };
        self.largest = self.largest.max(factor);
        Ok(factor)
    }

    /// Conditions and arithmetic: short themselves, but not what they are made of.
    fn other(&mut self, expression: &Expr, scope: &Scope<'_>) -> Result<f64> {
        if let Expr::Exists(Exists { subquery, .. })
        | Expr::InSubquery(InSubquery { subquery, .. })
        | Expr::SetComparison(SetComparison { subquery, .. }) = expression
        {
            self.node(&subquery.subquery, Some(scope))?;
        }
        expression.apply_children(|part| {
            self.value(part, scope)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(SMALL)
    }

    fn case(&mut self, case: &Case, scope: &Scope<'_>) -> Result<f64> {
        self.values(case.expr.as_deref(), scope)?;
        self.values(case.when_then_expr.iter().map(|(when, _)| &**when), scope)?;
        let branches = case.when_then_expr.iter().map(|(_, then)| &**then).chain(case.else_expr.as_deref());
        Ok(most(&self.values(branches, scope)?))
    }

    fn aggregate(&mut self, call: &AggregateFunction, scope: &Scope<'_>) -> Result<f64> {
        let params = &call.params;
        let factors = self.values(&params.args, scope)?;
        self.values(params.filter.as_deref(), scope)?;
        self.values(params.order_by.iter().map(|sort| &sort.expr), scope)?;
        Ok(gathered(call.func.name(), &factors))
    }

    fn window(&mut self, call: &WindowFunction, scope: &Scope<'_>) -> Result<f64> {
        let params = &call.params;
        let factors = self.values(&params.args, scope)?;
        self.values(&params.partition_by, scope)?;
        self.values(params.order_by.iter().map(|sort| &sort.expr), scope)?;
        self.values(params.filter.as_deref(), scope)?;
        Ok(match call.fun.name() {
            // Every row gets the texts of all the rows before it, and no pool counts them.
            "array_agg" | "string_agg" => UNKNOWN,
            name => gathered(name, &factors),
        })
    }
}

fn lift(factors: &mut [f64], others: &[f64]) {
    for (factor, other) in factors.iter_mut().zip(others) {
        *factor = f64::max(*factor, *other);
    }
}

#[cfg(test)]
#[path = "growth_tests.rs"]
mod tests;
