//! Mass assignment: every form that the program shows, sent with more than it has: identities, owners, approvals, states.
//! What is kept of a form is what its page asks for. Forms are found by walking, so a new one is tried without a word here;
//! bodies of the API: `attacks` and `walls`.

use crate::attacks::{MARKUP, Target};
use crate::markup::{Fields, body, markup, narrowed, own_path, walk};
use kit::Scope;
use kit::live::Live;
use luytre::centre::Registers;
use luytre::configuration::Configuration;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeSet;
use std::path::Path;

const CHOSEN: &str = "chosen-by-the-sender";
/// What decides whose a row is, who did it, and how far it has come.
const MORE: [&str; 24] = [
    "id",
    "account",
    "acknowledged_by",
    "active",
    "agency_id",
    "approved_at",
    "approved_by",
    "approver_name",
    "author_id",
    "capabilities",
    "closed_by",
    "created_at",
    "created_by",
    "decided_by",
    "document_sha256",
    "elevation_id",
    "linked_by",
    "opened_by",
    "owner_id",
    "person_id",
    "recorded_by",
    "role",
    "state",
    "submitted_by",
];

/// Words in every field that takes text.
fn words(kind: &str, offered: String) -> Option<String> {
    markup(kind, offered).map(|value| if value == MARKUP { "Thử".to_owned() } else { value })
}

/// A form with everything that it does not have.
fn with_more(mut fields: Fields) -> Fields {
    for name in MORE {
        if !fields.iter().any(|(have, _)| have == name) {
            fields.push((name.to_owned(), CHOSEN.to_owned()));
        }
    }
    fields
}

/// Places of the registers that hold what was chosen.
async fn kept(data: &Path) -> Vec<String> {
    let configuration = Configuration::load(data, None).expect("configuration");
    let registers = Registers::open(data, &configuration, &Live::default()).await.expect("registers");
    let scope = Scope::service("test");
    let view = registers.db.scoped(&scope).read();
    let rows = async |sql: String| {
        let statement = Statement::from_string(view.get_database_backend(), sql);
        view.query_all_raw(statement).await.expect("rows")
    };
    let mut found = Vec::new();
    for table in rows("SELECT name FROM sqlite_master WHERE type = 'table'".to_owned()).await {
        let table: String = table.try_get("", "name").expect("a name");
        for row in rows(format!("SELECT * FROM {table}")).await {
            for column in row.column_names() {
                let text = row.try_get::<Option<String>>("", &column).ok().flatten().unwrap_or_default();
                if text.contains(CHOSEN) {
                    found.push(format!("{table}.{column}: {text}"));
                }
            }
        }
    }
    found
}

#[test]
fn no_form_takes_a_field_that_it_does_not_have() {
    let target = Target::start("Người Thử");
    let own = own_path(&target);
    let (mut done, mut taken) = (BTreeSet::new(), 0);
    // What a form makes has pages and forms of its own.
    for _ in 0..3 {
        let (_, actions) = walk(&target, words);
        for (action, fields) in actions {
            if action.starts_with(&own) || !done.insert(action.clone()) {
                continue;
            }
            // With its own fields alone where it does not take more: what it makes is walked all the same.
            for form in [with_more(fields.clone()), with_more(narrowed(fields.clone())), narrowed(fields)] {
                let answer = target.post(&action, &[], &body(&form));
                assert!(answer.status < 500, "{action}: {} {}", answer.status, answer.body);
                assert_eq!(target.get("/me").status, 200, "{action} ends the walk");
                if answer.status < 400 {
                    taken += usize::from(form.iter().any(|(_, value)| value == CHOSEN));
                    break;
                }
            }
        }
    }
    assert!(taken > 20, "{taken} of {} forms were taken with more than they have: too little was tried", done.len());
    target.server.stop();
    let found = tokio::runtime::Runtime::new().expect("runtime").block_on(kept(target.data.path()));
    assert!(found.is_empty(), "kept of what no form has: {found:#?}");
}
