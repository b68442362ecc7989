//! The segments as others see them: DuckDB from PyPI reads the files as they lie, and what `store export` writes.

use crate::program::{ask, query, run, shared_data};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = "
import duckdb, json, sys
sql = '''SELECT count(*) AS events, count(DISTINCT seq) AS seqs, count(DISTINCT host_name) AS hosts,
  count(*) FILTER (raw ILIKE '%powershell%') AS words, sum(length(raw)) AS letters,
  epoch_us(min(time)) AS first, epoch_us(max(time)) AS last FROM read_parquet('FILES', union_by_name = true)'''
names = ['events', 'seqs', 'hosts', 'words', 'letters', 'first', 'last']
row = duckdb.sql(sql.replace('FILES', sys.argv[1])).fetchall()[0]
print(json.dumps(dict(zip(names, [int(value) for value in row]))))
";

/// The same question here.
const QUESTION: &str = "SELECT count(*) AS events, count(DISTINCT seq) AS seqs, count(DISTINCT host_name) AS hosts, \
    count(*) FILTER (WHERE raw ILIKE '%powershell%') AS words, sum(character_length(raw)) AS letters, \
    to_unixtime(min(time)) AS first, to_unixtime(max(time)) AS last FROM events";

#[test]
fn duckdb_reads_segments_and_exports() {
    let Some(shared) = shared_data() else { return };
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/python/bin/python");
    if !python.exists() {
        assert!(std::env::var_os("CI").is_none(), "the Python clients must be there in CI");
        eprintln!("no Python with duckdb: run `make tools`");
        return;
    }
    let data = tempfile::tempdir().expect("directory");
    let noise = shared.join("windows-json/noise.jsonl.gz");
    ask(data.path(), &["import", "--json", noise.to_str().expect("path"), shared.join("logs").to_str().expect("path")]);
    let export = data.path().join("all.parquet");
    run(data.path(), &["store", "export", export.to_str().expect("path")]);
    let mut own = query(data.path(), QUESTION).remove(0);
    let segments = data.path().join("events/segments/*/*.parquet");
    for files in [segments, export] {
        let output = Command::new(&python).args(["-c", SCRIPT]).arg(&files).output().expect("python");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut theirs: Value = serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{error}: {said} {}", String::from_utf8_lossy(&output.stderr)));
        for name in ["first", "last"] {
            // Microseconds there, seconds here.
            let micros = theirs.get(name).and_then(Value::as_i64).expect("a time");
            if let Some(value) = theirs.get_mut(name) {
                *value = micros.div_euclid(1_000_000).into();
            }
        }
        if let Some(object) = own.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        assert_eq!(theirs, own, "{}", files.display());
    }
}
