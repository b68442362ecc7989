//! Who may do what, as one list: every route, command and table with its rule, and what each role comes to by it. The
//! rules are those that the program itself asks; nothing is said here a second time.

use crate::catalogue::EVENTS_NEED;
use crate::commands::who::{self, By};
use crate::{centre, server};
use kit::scope::{Actor, Agencies};
use kit::web::{Access, Operation};
use kit::{Capability, Scope};
use organisation::Policies;
use organisation::policies::{Reach, Role};
use serde_json::{Value, json};
use std::fmt::Write;

/// Through which door an operation is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Page,
    /// `/api/…`, and what machines send to.
    Api,
    Command,
    Table,
}

impl Kind {
    const ALL: [Kind; 4] = [Self::Page, Self::Api, Self::Command, Self::Table];

    fn code(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::Command => "command",
            Self::Table => "table",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Page => "Pages",
            Self::Api => "API",
            Self::Command => "Commands",
            Self::Table => "SQL tables",
        }
    }
}

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Route(Access),
    Command(By),
    /// Rows of the asker's reach, for whoever may ask in SQL and holds this too.
    Table(Option<Capability>),
}

/// What a role comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    No,
    /// At the agency where the role was given, and below it.
    Own,
    All,
}

impl Grant {
    pub fn code(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Own => "own",
            Self::All => "all",
        }
    }
}

/// Somebody with the capabilities of a role.
fn somebody(role: &Role) -> Scope {
    let actor = Actor::Person { id: "matrix".into(), name: "matrix".into() };
    Scope::new(actor, Agencies::All, role.capabilities.iter().copied(), None)
}

impl Rule {
    /// In words for the list: names of capabilities as in `roles.toml`.
    pub fn words(self) -> String {
        match self {
            Self::Route(Access::Open) => "everybody".to_owned(),
            Self::Route(Access::Entering) => "signing in".to_owned(),
            Self::Route(Access::SignedIn) => "signed in".to_owned(),
            Self::Route(Access::Needs(one) | Access::AnswersItself(one)) => one.name().to_owned(),
            Self::Route(Access::NeedsOneOf(several)) => names(several, " or "),
            Self::Route(Access::NeedsAll(several)) => names(several, " and "),
            Self::Command(by) => by.code().to_owned(),
            Self::Table(None) => Capability::QuerySql.name().to_owned(),
            Self::Table(Some(one)) => format!("{} and {}", Capability::QuerySql.name(), one.name()),
        }
    }

    /// Whether a scope (nobody: not signed in) may.
    pub fn allows(self, scope: Option<&Scope>) -> bool {
        match self {
            Self::Route(access) => access.allows(scope).is_ok(),
            Self::Command(_) => false,
            Self::Table(also) => scope.is_some_and(|scope| {
                scope.may(Capability::QuerySql) && also.is_none_or(|capability| scope.may(capability))
            }),
        }
    }

    pub fn grant(self, role: &Role) -> Grant {
        match (self.allows(Some(&somebody(role))), role.reach) {
            (false, _) => Grant::No,
            (true, Reach::Province) => Grant::All,
            (true, Reach::Subtree) => Grant::Own,
        }
    }
}

fn names(capabilities: &[Capability], between: &str) -> String {
    capabilities.iter().map(|one| one.name()).collect::<Vec<_>>().join(between)
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub kind: Kind,
    /// `GET /alerts/{id}`, `store export`, `monitoring.alerts`.
    pub operation: String,
    /// None is a mistake.
    pub rule: Option<Rule>,
}

/// Every operation and every role.
#[derive(Debug, Clone)]
pub struct Matrix {
    pub roles: Vec<Role>,
    pub rows: Vec<Row>,
}

impl Matrix {
    pub fn of(policies: &Policies) -> Self {
        let mut rows: Vec<Row> = routes().chain(commands()).chain(tables()).collect();
        rows.sort_by(|one, other| (one.kind, path(&one.operation)).cmp(&(other.kind, path(&other.operation))));
        Self { roles: policies.roles.clone(), rows }
    }

    /// Operations without a rule, and rules without an operation.
    pub fn problems(&self) -> Vec<String> {
        let without = self.rows.iter().filter(|row| row.rule.is_none()).map(|row| row.operation.clone());
        without.chain(who::forgotten().into_iter().map(ToOwned::to_owned)).collect()
    }

    pub fn json(&self) -> Value {
        let role = |role: &Role| json!({ "id": role.id, "reach": reach(role), "capabilities": role.capabilities });
        let row = |row: &Row| {
            let roles: serde_json::Map<String, Value> = self
                .roles
                .iter()
                .map(|role| (role.id.clone(), row.rule.map_or(Grant::No, |rule| rule.grant(role)).code().into()))
                .collect();
            json!({
                "kind": row.kind.code(), "operation": row.operation, "rule": row.rule.map(Rule::words),
                "without_signing_in": row.rule.is_some_and(|rule| rule.allows(None)), "roles": roles,
            })
        };
        json!({
            "roles": self.roles.iter().map(role).collect::<Vec<_>>(),
            "operations": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// As a table for a terminal.
    pub fn lines(&self) -> Vec<String> {
        let widest = |words: &mut dyn Iterator<Item = usize>| words.max().unwrap_or(0);
        let operation = widest(&mut self.rows.iter().map(|row| row.operation.len()));
        let rule = widest(&mut self.rows.iter().map(|row| words(row).len()));
        let mut head = format!("{:<operation$}  {:<rule$}", "operation", "rule");
        for role in &self.roles {
            let _ = write!(head, "  {}", role.id);
        }
        let line = |row: &Row| {
            let mut line = format!("{:<operation$}  {:<rule$}", row.operation, words(row));
            for role in &self.roles {
                let code = row.rule.map_or("", |rule| rule.grant(role).code());
                let _ = write!(line, "  {code:<width$}", width = role.id.len());
            }
            line.trim_end().to_owned()
        };
        std::iter::once(head).chain(self.rows.iter().map(line)).collect()
    }

    /// As `docs/access-matrix.md` has it.
    pub fn markdown(&self) -> String {
        let mut text = HEAD.to_owned();
        for kind in Kind::ALL {
            let _ = write!(text, "\n## {}\n\n", kind.heading());
            // A command knows no roles.
            let roles: &[Role] = if kind == Kind::Command { &[] } else { &self.roles };
            text.push_str("| operation | rule |");
            for role in roles {
                let _ = write!(text, " {} |", role.id);
            }
            text.push_str("\n| --- | --- |");
            text.push_str(&" --- |".repeat(roles.len()));
            text.push('\n');
            for row in self.rows.iter().filter(|row| row.kind == kind) {
                let _ = write!(text, "| `{}` | {} |", row.operation, words(row));
                for role in roles {
                    let code = row.rule.map_or("", |rule| rule.grant(role).code());
                    let _ = write!(text, " {code} |");
                }
                text.push('\n');
            }
        }
        text
    }
}

const HEAD: &str = "# Who may do what\n\n\
Made by `luytre access matrix --markdown` from the rules in the code and the roles of `content/organisation/roles.toml`;\n\
a test keeps it equal. `all`: in the whole centre; `own`: at the agency where the role was given, and below it. Which rows\n\
somebody sees and changes there is narrowed further by the scope. Machines with an API key hold of the capabilities of their\n\
key what its maker still holds, and reach its agency. Beside these stand the health of the server (`/health`), embedded\n\
files, and `/control`, which asks for a secret of the data directory.\n";

fn words(row: &Row) -> String {
    row.rule.map_or_else(|| "none!".to_owned(), Rule::words)
}

fn reach(role: &Role) -> &'static str {
    match role.reach {
        Reach::Province => "province",
        Reach::Subtree => "subtree",
    }
}

/// Routes are in order of their path, then of the method.
fn path(operation: &str) -> (&str, &str) {
    match operation.split_once(" /") {
        Some((method, path)) => (path, method),
        None => (operation, ""),
    }
}

fn routes() -> impl Iterator<Item = Row> {
    let routes = server::routes();
    let operations = routes.operations().to_vec();
    operations.into_iter().map(|operation| Row {
        kind: if is_api(&operation) { Kind::Api } else { Kind::Page },
        operation: format!("{} {}", operation.method, operation.path),
        rule: Some(Rule::Route(operation.access)),
    })
}

/// Whether machines are meant: `/api/…`, and what takes events in.
pub(crate) fn is_api(operation: &Operation) -> bool {
    operation.path.starts_with("/api/") || matches!(operation.access, Access::AnswersItself(_))
}

fn commands() -> impl Iterator<Item = Row> {
    let row =
        |(operation, by): (String, Option<By>)| Row { kind: Kind::Command, operation, rule: by.map(Rule::Command) };
    who::commands().into_iter().map(row)
}

fn tables() -> impl Iterator<Item = Row> {
    let row = |operation, rule| Row { kind: Kind::Table, operation, rule };
    let events = row("events".to_owned(), Some(Rule::Table(Some(EVENTS_NEED))));
    let registers = centre::tables().into_iter().map(move |table| {
        // A table of everybody's rows that asks for nothing more was forgotten.
        let ruled = table.agency_column.is_some() || table.capability.is_some();
        row(format!("{}.{}", table.schema, table.name), ruled.then_some(Rule::Table(table.capability)))
    });
    std::iter::once(events).chain(registers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> Matrix {
        Matrix::of(&Policies::embedded().unwrap())
    }

    #[test]
    fn every_operation_has_a_rule_and_is_listed_once() {
        let matrix = matrix();
        assert_eq!(matrix.problems(), Vec::<String>::new());
        let mut names: Vec<_> = matrix.rows.iter().map(|row| (row.kind, &row.operation)).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "something is listed twice");
    }

    #[test]
    fn the_document_says_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/access-matrix.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        let matrix = matrix().markdown();
        let wrong: Vec<_> = matrix.lines().filter(|line| !written.lines().any(|have| have == *line)).collect();
        let gone: Vec<_> = written.lines().filter(|line| !matrix.lines().any(|have| have == *line)).collect();
        assert!(
            written == matrix,
            "`luytre access matrix --markdown > docs/access-matrix.md` makes it anew\nmissing: {wrong:#?}\ngone: {gone:#?}"
        );
    }

    /// What changes something by its rule; what a reader's role must never come to.
    #[test]
    fn who_only_reads_comes_to_nothing_that_changes_records_of_others() {
        let matrix = matrix();
        for role in matrix.roles.iter().filter(|role| role.reads_only) {
            for row in matrix.rows.iter().filter(|row| row.rule.is_some_and(|rule| rule.grant(role) != Grant::No)) {
                let Some(Rule::Route(Access::Needs(capability))) = row.rule else { continue };
                assert!(organisation::policies::reads(capability), "{} may {}", role.id, row.operation);
            }
        }
    }

    #[test]
    fn nobody_is_shown_a_way_that_is_closed() {
        let operations = server::routes().operations().to_vec();
        for item in centre::areas().into_iter().flat_map(|area| area.navigation) {
            let page = operations.iter().find(|one| one.method == "GET" && one.path == item.path);
            let page = page.unwrap_or_else(|| panic!("nothing is at {}", item.path));
            for role in &Policies::embedded().unwrap().roles {
                let shown = item.needs.iter().all(|needed| role.capabilities.contains(needed));
                let open = Rule::Route(page.access).grant(role) != Grant::No;
                assert!(!shown || open, "{} is shown {} and refused", role.id, item.path);
            }
        }
    }
}
