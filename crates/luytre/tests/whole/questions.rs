//! The questions that the page offers run over the whole catalogue, with events and without.

use crate::program::{ask, query};

#[test]
fn every_example_question_runs() {
    let data = tempfile::tempdir().expect("directory");
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let line = |number: u32| {
        format!(
            "<38>1 {} web01 sshd 7 - - Failed password for root from 203.0.113.{number} port 4711 ssh2\n",
            now.strftime("%Y-%m-%dT%H:%M:%SZ")
        )
    };
    let file = data.path().join("auth.log");
    for round in 0..2 {
        for (key, _, sql) in monitoring::questions::EXAMPLES {
            let rows = query(data.path(), sql);
            if round == 1 && key == "question-example-top-targets" {
                assert_eq!(rows.first().and_then(|row| row.get("addresses")?.as_i64()), Some(9), "{rows:?}");
            }
        }
        std::fs::write(&file, (1..10).map(line).collect::<String>()).expect("written");
        ask(data.path(), &["import", "--json", file.to_str().expect("path")]);
    }
}
