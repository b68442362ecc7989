//! Columns of one name in one SELECT: the second `a` becomes `a_2`, so that the question is answered.

use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Statement, VisitMut, VisitorMut};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Gives each column of each SELECT a name of its own. Columns of two tables keep their names: they differ by table.
pub(super) fn make_distinct(statement: &mut Statement) {
    let _: ControlFlow<()> = VisitMut::visit(statement, &mut Renamer);
}

struct Renamer;

impl VisitorMut for Renamer {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        rename(&mut query.body);
        ControlFlow::Continue(())
    }
}

fn rename(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => rename_columns(&mut select.projection),
        SetExpr::SetOperation { left, right, .. } => {
            rename(left);
            rename(right);
        }
        _ => {}
    }
}

fn rename_columns(items: &mut [SelectItem]) {
    let mut taken: HashSet<String> = items.iter().filter_map(name).map(|(name, _)| name).collect();
    if taken.len() == items.len() {
        return;
    }
    let mut seen: Vec<(String, Option<String>)> = Vec::new();
    for item in items {
        let Some((wanted, table)) = name(item) else { continue };
        let apart = |other: &Option<String>| table.is_some() && other.is_some() && *other != table;
        if !seen.iter().any(|(name, other)| *name == wanted && !apart(other)) {
            seen.push((wanted, table));
            continue;
        }
        let free = (2_u32..).map(|number| format!("{wanted}_{number}")).find(|free| taken.insert(free.clone()));
        let alias = Ident::with_quote('"', free.unwrap_or_default());
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
}

/// Name of a column, and the table where it is named with it; `None` for a star, whose columns are not known yet.
fn name(item: &SelectItem) -> Option<(String, Option<String>)> {
    let plain = |ident: &Ident| match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    };
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some((plain(alias), None)),
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Some((plain(ident), None)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            let table = parts.iter().rev().skip(1).map(plain).collect::<Vec<_>>().join(".");
            Some((plain(parts.last()?), Some(table)))
        }
        SelectItem::UnnamedExpr(expr) => Some((expr.to_string(), None)),
        _ => None,
    }
}
