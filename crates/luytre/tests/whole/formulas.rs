//! Formulas in every text field of every form that the program shows: no file of any list begins a cell with one. Forms and
//! lists are found by walking, so new ones are tried without a word here.

use crate::attacks::{MARKUP, Target};
use crate::markup::{body, markup, narrowed, own_path, walk};
use crate::world::operations;
use std::collections::BTreeSet;

const FORMULA: &str = "=1+1 thử";

/// A formula in every field that takes text.
fn formula(kind: &str, offered: String) -> Option<String> {
    markup(kind, offered).map(|value| if value == MARKUP { FORMULA.to_owned() } else { value })
}

/// Cells of a table, without the quotes around them.
fn cells(table: &str) -> Vec<String> {
    let (mut found, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = table.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' | '\n' | '\r' if !quoted => found.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    found.push(cell);
    found
}

#[test]
fn no_file_of_any_list_begins_a_cell_with_a_formula() {
    assert_eq!(cells("a,\"=b,\"\"c\"\"\"\nd"), ["a", "=b,\"c\"", "d"]);
    let target = Target::start(FORMULA);
    let own = own_path(&target);
    let mut done = BTreeSet::new();
    // What a form makes has forms of its own.
    for _ in 0..3 {
        let (_, actions) = walk(&target, formula);
        for (action, fields) in actions {
            if action.starts_with(&own) || !done.insert(action.clone()) {
                continue;
            }
            for form in [body(&fields), body(&narrowed(fields))] {
                if target.post(&action, &[], &form).status < 400 {
                    break;
                }
            }
        }
    }
    assert_eq!(target.get("/me").status, 200, "the session has outlived all of it");
    let is_page = |path: &str| !path.contains('{') && !path.starts_with("/api/");
    let mut lists: Vec<_> =
        operations().into_iter().filter(|one| one.method == "GET" && is_page(one.path)).map(|one| one.path).collect();
    // Rows that leave are added up, and the trail is the longest of all.
    lists.sort_by_key(|path| path.starts_with("/audit"));
    let (mut files, mut held) = (0, BTreeSet::new());
    for path in lists {
        let answer = target.get(&format!("{path}?format=csv"));
        if !answer.header("content-type").starts_with("text/csv") {
            continue;
        }
        files += 1;
        for cell in cells(answer.body.trim_start_matches('\u{feff}')) {
            let runs = cell.starts_with(['=', '+', '-', '@', '\t']) && cell.parse::<f64>().is_err();
            assert!(!runs, "{path}: {cell}");
            if cell.starts_with("'=1+1") {
                held.insert(path);
            }
        }
    }
    assert!(files > 10 && held.len() > 4, "{files} files, a formula in {held:?}: too little to prove anything");
    target.server.stop();
}
