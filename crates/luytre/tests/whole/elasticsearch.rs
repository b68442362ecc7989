//! Elastic's own Python client, unchanged, against the real binary.

use crate::program::{Serving, ask, free_port, number, query, run_with_input};
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = r#"
import sys
from elasticsearch import Elasticsearch, helpers

address, key = sys.argv[1:]
client = Elasticsearch(address, api_key=key)
assert client.ping()
assert client.info()["version"]["number"].startswith("8.")
good = [{"_op_type": "create", "_index": "logs-test", "_source": {"@timestamp": "2026-07-05T01:02:03Z", "message": f"line {n}", "host": {"name": "may-1"}}} for n in range(250)]
stored, errors = helpers.bulk(client, good, chunk_size=100)
assert (stored, errors) == (250, []), (stored, errors)
answer = client.index(index="logs-test", document={"message": "one by itself"})
assert answer["result"] == "created", answer
mixed = [{"_op_type": "index", "_index": "logs-test", "_source": {"message": "sound"}}, {"_op_type": "delete", "_index": "logs-test", "_id": "1"}]
stored, errors = helpers.bulk(client, mixed, raise_on_error=False)
assert stored == 1 and len(errors) == 1 and errors[0]["delete"]["status"] == 400, (stored, errors)
try:
    Elasticsearch(address, api_key="d3Jvbmc6d3Jvbmc=").index(index="x", document={})
    raise SystemExit("a wrong key was accepted")
except Exception as error:
    assert "401" in str(error) or "Unauthorized" in type(error).__name__ or "AuthenticationException" in type(error).__name__, error
print("sound")
"#;

#[test]
fn the_official_python_client_works_unchanged() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/python/bin/python");
    if !python.exists() {
        assert!(std::env::var_os("CI").is_none(), "the Python clients must be there in CI");
        eprintln!("no Python clients (scripts/install-tools test): this test could not run");
        return;
    }
    let directory = tempfile::tempdir().expect("directory");
    let data = directory.path().join("data");
    run_with_input(
        &data,
        &["user", "add", "quantri", "--name", "Q", "--role", "administrator"],
        "Mat khau thu nghiem dai 2026!\n",
    );
    let key = ask(&data, &["user", "add-key", "python", "--json"]);
    let key = key.get("encoded").and_then(serde_json::Value::as_str).expect("key").to_owned();
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    let output = Command::new(python).args(["-c", SCRIPT, &server.address, &key]).output().expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(number(&data, "SELECT count(*) FROM events"), 252);
    let rows =
        query(&data, "SELECT host_name, count(*) AS lines FROM events WHERE host_name = 'may-1' GROUP BY host_name");
    assert_eq!(rows.first().and_then(|row| row.get("lines")).and_then(serde_json::Value::as_i64), Some(250));
    server.stop();
}
