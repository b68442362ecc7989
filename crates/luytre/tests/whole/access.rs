//! Who may do what, walked through on the real program: every operation that it mounts, with every role and without
//! signing in, and every table of the SQL catalogue. A new route or table is walked without a word here. Ids of other
//! agencies: `walls`.

use crate::rows::NOBODY;
use crate::world::{Answer, Visitor, in_each_world, in_each_world_with, operations, running};
use kit::web::{Access, Operation};
use luytre::access::{Grant, Matrix, Rule};
use reqwest::StatusCode;
use serde_json::Value;

/// `/alerts/{id}` with an id in its place.
fn filled(path: &str, id: &str) -> String {
    let fill = |part: &str| if part.starts_with('{') { id.to_owned() } else { part.to_owned() };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// What is wrong with an answer to somebody who may.
fn wrong_for_who_may(access: Access, operation: &Operation, answer: &Answer) -> bool {
    let refused = answer.status == StatusCode::UNAUTHORIZED && access != Access::Open;
    // A page whose rule lets in and whose handler does not: one of them is wrong.
    let contradicts = operation.method == "GET"
        && matches!(access, Access::Needs(_) | Access::NeedsAll(_))
        && answer.code == "forbidden";
    refused || contradicts || answer.status.is_server_error()
}

fn is_refused(access: Access, answer: &Answer) -> bool {
    match access {
        // A browser's session is no key, so machines' doors do not know it.
        Access::AnswersItself(_) => matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        _ => answer.status == StatusCode::FORBIDDEN && answer.code == "forbidden",
    }
}

#[test]
fn every_operation_lets_in_whom_its_rule_names_and_nobody_else() {
    running(in_each_world(|world| async move {
        let mut wrong = Vec::new();
        // All at once: failed attempts on the way would make those who come later wait at the door.
        let mut visitors = Vec::new();
        for role in world.roles() {
            visitors.push((role, world.enter(role).await));
        }
        for (role, visitor) in &visitors {
            for operation in operations() {
                let answer = visitor.ask(&operation, &filled(operation.path, NOBODY)).await;
                let sound = match Rule::Route(operation.access).grant(role) {
                    Grant::No => is_refused(operation.access, &answer),
                    Grant::Own | Grant::All => !wrong_for_who_may(operation.access, &operation, &answer),
                };
                if !sound {
                    let Answer { status, code, .. } = answer;
                    wrong.push(format!("{} {} {}: {status} {code}", role.id, operation.method, operation.path));
                }
            }
        }
        let guest = Visitor::guest(&world.server.address);
        for operation in operations() {
            let answer = guest.ask(&operation, &filled(operation.path, NOBODY)).await;
            let led_away = answer.status == StatusCode::UNAUTHORIZED || answer.location.starts_with("/sign-in");
            if answer.status.is_server_error() || operation.access != Access::Open && !led_away {
                wrong.push(format!("nobody {} {}: {}", operation.method, operation.path, answer.status));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        drop(visitors);
        world.server.stop();
    }));
}

#[test]
fn no_table_shows_a_row_of_another_agency_to_who_reaches_only_the_own() {
    running(in_each_world(|world| async move {
        let mut wrong = Vec::new();
        let mut shown = std::collections::BTreeSet::new();
        let tables = luytre::centre::tables();
        for role in world.roles() {
            let visitor = world.enter(role).await;
            let events = visitor.query("SELECT seq FROM events LIMIT 1").await.status;
            let may = Rule::Table(Some(luytre::catalogue::EVENTS_NEED)).grant(role) != Grant::No;
            let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
            if events != expected {
                wrong.push(format!("{}: events {events}", role.id));
            }
            for table in &tables {
                let Some(column) = table.agency_column else { continue };
                let name = format!("{}.{}", table.schema, table.name);
                let answer = visitor.query(&format!("SELECT {column} AS agency FROM {name}")).await;
                let grant = Rule::Table(table.capability).grant(role);
                let of_b = rows(&answer).iter().filter(|row| row["agency"] == world.b.as_str()).count();
                let sound = match grant {
                    Grant::No => answer.status == StatusCode::FORBIDDEN,
                    Grant::Own => answer.status == StatusCode::OK && of_b == 0,
                    Grant::All => answer.status == StatusCode::OK,
                };
                if !sound {
                    wrong.push(format!("{} {name}: {} with {of_b} rows of B", role.id, answer.status));
                }
                if grant == Grant::All && of_b > 0 {
                    shown.insert(name);
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let names = tables.iter().filter(|table| table.agency_column.is_some());
        let names = names.map(|table| format!("{}.{}", table.schema, table.name));
        let empty: Vec<_> = names.filter(|name| !shown.contains(name)).collect();
        assert!(empty.is_empty(), "without a row of B these prove nothing: {empty:?}");
        world.server.stop();
    }));
}

/// Rows that an answer gives away as a list of the API or as a CSV.
fn rows_given(answer: &Answer) -> usize {
    match answer.body.strip_prefix('\u{feff}') {
        Some(file) => file.lines().count() - 1,
        None => rows(answer).len(),
    }
}

#[test]
fn no_row_leaves_by_a_list_of_the_api_or_as_a_file_without_being_counted() {
    let policy = include_str!("../../../../content/organisation/elevations.toml");
    let nothing = policy.replacen("\nrows = 1000\n", "\nrows = 0\n", 1);
    assert_ne!(policy, nothing, "exports are asked for from the first row on");
    running(in_each_world_with(&nothing, |world| async move {
        let mut wrong = Vec::new();
        let mut refused = std::collections::BTreeSet::new();
        for role in ["coordinator", "administrator", "auditor"] {
            let visitor = world.enter(world.role(role)).await;
            let pages = operations().into_iter().filter(|one| one.method == "GET" && !one.path.contains('{'));
            // Rules are of no agency.
            for operation in pages.filter(|one| one.path != "/rules") {
                let path = format!("{}?format=csv", operation.path);
                let request =
                    visitor.client.get(format!("{}{path}", visitor.address)).header("cookie", &visitor.cookie);
                let request = request.header("accept", "application/json");
                let answer = Answer::of(request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await;
                if rows_given(&answer) > 0 || answer.status.is_server_error() {
                    wrong.push(format!("{role} {path}: {} with {} rows", answer.status, rows_given(&answer)));
                }
                if answer.location.starts_with("/elevations?kind=export") || answer.code == "elevation-needed-rows" {
                    refused.insert(operation.path);
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        for path in ["/agencies", "/people", "/systems", "/sources", "/incidents", "/alerts", "/audit"] {
            assert!(refused.contains(path), "{path} proves nothing: {refused:?}");
        }
        for path in ["/api/v1/alerts", "/api/v1/systems", "/api/v1/incidents"] {
            assert!(refused.contains(path), "{path} proves nothing: {refused:?}");
        }
        world.server.stop();
    }));
}

fn rows(answer: &Answer) -> Vec<Value> {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    body.get("rows").and_then(Value::as_array).cloned().unwrap_or_default()
}

#[test]
fn nul_in_an_address_is_a_fault_of_whoever_sends_it() {
    running(in_each_world(|world| async move {
        let mut wrong = Vec::new();
        for visitor in [Visitor::guest(&world.server.address), world.enter(world.role("coordinator")).await] {
            for operation in operations().iter().filter(|operation| operation.method == "GET") {
                let path = format!("{}?q=%00&kind=%00&state=%00&from=%00", filled(operation.path, "%00"));
                let request =
                    visitor.client.get(format!("{}{path}", visitor.address)).header("cookie", &visitor.cookie);
                let answer = Answer::of(request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await;
                if answer.status != StatusCode::BAD_REQUEST {
                    wrong.push(format!("{path}: {}", answer.status));
                }
            }
            for operation in operations().iter().filter(|operation| operation.path.contains('{')) {
                let answer = visitor.ask(operation, &filled(operation.path, "%00")).await;
                if answer.status.is_server_error() {
                    wrong.push(format!("{} {}: {}", operation.method, operation.path, answer.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        world.server.stop();
    }));
}

#[test]
fn the_matrix_is_printed_and_checked() {
    let data = tempfile::tempdir().expect("directory");
    let nowhere = data.path().join("none");
    let printed = crate::program::ask(&nowhere, &["access", "matrix", "--json"]);
    let matrix = Matrix::of(&organisation::Policies::embedded().expect("policies"));
    assert_eq!(printed, matrix.json());
    let checked = crate::program::run(&nowhere, &["access", "matrix", "--check"]);
    assert!(checked.contains("without a rule: 0") || checked.contains("chưa có quy tắc: 0"), "{checked}");
    let lines = crate::program::run(&nowhere, &["access", "matrix"]);
    assert_eq!(lines.lines().count(), matrix.rows.len() + 1);
    assert!(!nowhere.exists(), "no data directory is made for it");
}
