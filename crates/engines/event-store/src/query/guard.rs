//! What SQL may be asked: exactly one SELECT, WITH or plain EXPLAIN. Everything that writes, sets, copies,
//! reads files or calls a function that is not on the list is refused twice: by the statement and by the plan.

use super::engine::Session;
use super::{functions, growth, mistakes, names};
use crate::StoreError;
use crate::mistake::Mistake;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement as SqlStatement, Visit, visit_relations};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Longest text of a query.
const LONGEST: usize = 64 << 10;
/// Words and signs of a query: planning walks along chains of operators recursively, and its stack is bounded.
const MOST_TOKENS: usize = 4_000;
/// Tables of a query with its named sub-queries put in; a person's question has a handful.
const MOST_TABLES: usize = 256;
/// Centroids of an approximate percentile. They are set aside in one piece that no memory pool counts.
const MOST_CENTROIDS: f64 = 10_000.0;
/// Nesting of parentheses and sub-queries.
const DEEPEST: usize = 40;

const ONLY: &str = "only one SELECT, WITH or EXPLAIN statement is allowed";

fn refused(code: &'static str, words: impl Into<String>) -> StoreError {
    Mistake::new(code, words).into()
}

pub(super) fn parse(sql: &str) -> Result<Statement, StoreError> {
    if sql.len() > LONGEST {
        let words = format!("the query is longer than {LONGEST} bytes");
        return Err(Mistake::new("query-too-long", words).with("most", LONGEST).into());
    }
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().map_err(|error| {
        let words = error.to_string();
        mistakes::syntax(&ParserError::TokenizerError(words.clone()), words)
    })?;
    if tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).count() > MOST_TOKENS {
        let words = format!("the query has more than {MOST_TOKENS} words and signs");
        return Err(Mistake::new("query-too-many-words", words).with("most", MOST_TOKENS).into());
    }
    let mut statements = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(DEEPEST)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| match mistakes::recognised(&error, &Vec::new) {
            Some(mistake) => mistake.into(),
            None => StoreError::Query(clean(&error)),
        })?;
    let mut statement = statements.pop_front().ok_or_else(|| refused("query-empty", "the query is empty"))?;
    if !statements.is_empty() {
        return Err(refused("query-one-select", ONLY));
    }
    match &statement {
        Statement::Explain(explain) => {
            let options = &explain.options;
            let plain = !options.analyze
                && !options.verbose
                && options.format.is_none()
                && options.analyze_level.is_none()
                && options.analyze_categories.is_none()
                && options.show_statistics.is_none();
            // The longer forms show files and counts below the asker's scope.
            if !plain {
                return Err(refused("query-explain-plain", "EXPLAIN takes no options here"));
            }
            check(&explain.statement)?;
        }
        other => check(other)?,
    }
    match &mut statement {
        Statement::Statement(sql) => names::make_distinct(sql),
        Statement::Explain(explain) => {
            if let Statement::Statement(sql) = &mut *explain.statement {
                names::make_distinct(sql);
            }
        }
        _ => {}
    }
    Ok(statement)
}

fn check(statement: &Statement) -> Result<(), StoreError> {
    match statement {
        Statement::Statement(sql) => match &**sql {
            SqlStatement::Query(query) => check_query(query),
            _ => Err(refused("query-one-select", ONLY)),
        },
        _ => Err(refused("query-one-select", ONLY)),
    }
}

fn check_query(query: &Query) -> Result<(), StoreError> {
    if !query.locks.is_empty()
        || query.for_clause.is_some()
        || query.format_clause.is_some()
        || query.settings.is_some()
    {
        return Err(refused("query-one-select", ONLY));
    }
    if query.with.as_ref().is_some_and(|with| with.recursive) {
        return Err(refused("query-recursive", "WITH RECURSIVE is not allowed"));
    }
    let mut sizes: HashMap<String, usize> = HashMap::new();
    for part in query.with.iter().flat_map(|with| &with.cte_tables) {
        check_query(&part.query)?;
        let size = size(&*part.query, &sizes)?;
        sizes.insert(part.alias.name.value.to_lowercase(), size);
    }
    size(&*query.body, &sizes)?;
    check_body(&query.body)
}

/// Tables read once every named sub-query stands where it is used. Sub-queries that join themselves again and again
/// make a plan without end of few words.
fn size(part: &impl Visit, named: &HashMap<String, usize>) -> Result<usize, StoreError> {
    let mut size = 0_usize;
    let _: ControlFlow<()> = visit_relations(part, |name| {
        let tables = named.get(&name.to_string().to_lowercase()).copied().unwrap_or(1);
        size = size.saturating_add(tables);
        ControlFlow::Continue(())
    });
    match size > MOST_TABLES {
        true => Err(refused("query-too-many-parts", "the query has too many parts; ask in several steps")),
        false => Ok(size.max(1)),
    }
}

fn check_body(body: &SetExpr) -> Result<(), StoreError> {
    match body {
        SetExpr::Select(select) if select.into.is_some() => {
            Err(refused("query-select-into", "SELECT INTO is not allowed"))
        }
        SetExpr::Select(_) | SetExpr::Values(_) => Ok(()),
        SetExpr::Query(query) => check_query(query),
        SetExpr::SetOperation { left, right, .. } => {
            check_body(left)?;
            check_body(right)
        }
        _ => Err(refused("query-one-select", ONLY)),
    }
}

/// Plans the statement and looks at every node and function of the plan, and at how long its texts can become.
pub(super) async fn plan(session: &Session, statement: Statement) -> Result<LogicalPlan, StoreError> {
    let plan = session.context.state().statement_to_plan(statement).await.map_err(|error| session.explain(&error))?;
    check_plan(&plan)?;
    growth::check(&plan)?;
    Ok(plan)
}

fn check_plan(plan: &LogicalPlan) -> Result<(), StoreError> {
    let mut problem = None;
    let walked = plan.apply_with_subqueries(|node| {
        let allowed = matches!(
            node,
            LogicalPlan::Projection(_)
                | LogicalPlan::Filter(_)
                | LogicalPlan::Window(_)
                | LogicalPlan::Aggregate(_)
                | LogicalPlan::Sort(_)
                | LogicalPlan::Join(_)
                | LogicalPlan::Union(_)
                | LogicalPlan::TableScan(_)
                | LogicalPlan::EmptyRelation(_)
                | LogicalPlan::Subquery(_)
                | LogicalPlan::SubqueryAlias(_)
                | LogicalPlan::Limit(_)
                | LogicalPlan::Values(_)
                | LogicalPlan::Explain(_)
                | LogicalPlan::Distinct(_)
                | LogicalPlan::Unnest(_)
        );
        if !allowed {
            problem = Some(Mistake::new("query-one-select", ONLY));
            return Ok(TreeNodeRecursion::Stop);
        }
        // Settings name folders of this machine.
        if let LogicalPlan::TableScan(scan) = node
            && scan.table_name.schema() == Some("information_schema")
            && !matches!(scan.table_name.table(), "tables" | "columns" | "schemata")
        {
            let words = format!("{} is not available here", scan.table_name);
            problem = Some(Mistake::new("query-table-closed", words).with("table", &scan.table_name));
            return Ok(TreeNodeRecursion::Stop);
        }
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                let name = match part {
                    Expr::ScalarFunction(call) => call.func.name(),
                    Expr::AggregateFunction(call) => call.func.name(),
                    Expr::WindowFunction(call) => call.fun.name(),
                    _ => return Ok(TreeNodeRecursion::Continue),
                };
                if let Some(reason) = excess(part) {
                    problem = Some(reason);
                    return Ok(TreeNodeRecursion::Stop);
                }
                if functions::is_allowed(name) {
                    return Ok(TreeNodeRecursion::Continue);
                }
                let words = format!("the function {name} is not available here");
                let names = functions::names();
                let near = names.iter().map(String::as_str);
                problem = Some(Mistake::new("query-unknown-function", words).with("function", name).near(name, near));
                Ok(TreeNodeRecursion::Stop)
            })
        })
    });
    match (walked, problem) {
        (_, Some(problem)) => Err(problem.into()),
        (Err(error), None) => Err(StoreError::Query(clean(&error))),
        (Ok(_), None) => Ok(()),
    }
}

/// An approximate percentile takes memory for as many centroids as it is told: they are written out and bounded.
fn excess(call: &Expr) -> Option<Mistake> {
    let (name, arguments) = match call {
        Expr::AggregateFunction(call) => (call.func.name(), &call.params.args),
        Expr::WindowFunction(call) => (call.fun.name(), &call.params.args),
        _ => return None,
    };
    let is_small = |argument: &Expr| match argument {
        Expr::Literal(value, _) => value.to_string().parse::<f64>().is_ok_and(|number| number <= MOST_CENTROIDS),
        _ => false,
    };
    let sound = name != "approx_percentile_cont" || arguments.iter().skip(1).all(is_small);
    (!sound).then(|| {
        let words = format!(
            "approx_percentile_cont takes its percentile and centroids (at most {MOST_CENTROIDS}) as plain numbers"
        );
        Mistake::new("query-percentile", words).with("most", MOST_CENTROIDS)
    })
}

/// The part of an error a person can act on.
pub(super) fn clean(error: &DataFusionError) -> String {
    let root = error.find_root();
    if let DataFusionError::SQL(parser, _) = root {
        // In words, not as the value that the parser made.
        let text = parser.to_string();
        return text.strip_prefix("sql parser error: ").unwrap_or(&text).to_owned();
    }
    let text = root.strip_backtrace();
    let text = text.strip_prefix("Error during planning: ").unwrap_or(&text);
    text.strip_prefix("SQL error: ").unwrap_or(text).to_owned()
}
