//! Whoever makes a record long does not hide it: it is stored, marked, and rules see it.

use crate::program::{Serving, free_port, number, query, until};
use serde_json::Value;
use std::io::Write;
use std::net::TcpStream;

const RULE: &str = "
title: Root is tried
id: 6d0c4d54-6a1c-4c8e-9f5e-1f4f6f0c9a01
logsource: { product: linux, service: sshd }
detection: { selection: { user_name: root, event_outcome: failure }, condition: selection }
level: high
";

#[test]
fn a_long_record_over_tcp_is_kept_marked_and_raises_its_alert() {
    let directory = tempfile::tempdir().expect("directory");
    let data = directory.path().join("data");
    std::fs::create_dir_all(data.join("rules")).expect("rules");
    std::fs::write(data.join("rules/root.yml"), RULE).expect("a rule");
    let syslog = free_port();
    let server = Serving::start(&data, free_port(), syslog, free_port());
    let mut client = TcpStream::connect(("127.0.0.1", syslog)).expect("the door is open");
    for (number, length) in [300 << 10, 2 << 20].into_iter().enumerate() {
        let padding = "x".repeat(length);
        writeln!(
            client,
            "<38>Nov 20 10:11:12 srv{number} sshd[7]: Failed password for root from 198.51.100.7 port 5 ssh2 {padding}"
        )
        .expect("sent");
    }
    drop(client);
    until("both are stored", || number(&data, "SELECT count(*) FROM events") == 2);
    let rows =
        query(&data, "SELECT host_name, understood, problem, length(raw) AS bytes FROM events ORDER BY host_name");
    let problem = |at: usize| rows[at].get("problem").and_then(Value::as_str).unwrap_or_default().to_owned();
    assert!(problem(0).contains("were read into fields") && !problem(0).contains("its end was cut"), "{rows:?}");
    assert!(problem(1).contains("its end was cut"), "{rows:?}");
    assert_eq!(rows[1].get("bytes").and_then(Value::as_i64), Some(1 << 20), "up to the limit every byte is kept");
    assert!(rows.iter().all(|row| row.get("understood").and_then(Value::as_bool) == Some(true)));
    let seen = "SELECT coalesce(sum(\"count\"), 0) FROM monitoring.alerts WHERE rule_id = '6d0c4d54-6a1c-4c8e-9f5e-1f4f6f0c9a01'";
    until("the rule sees both", || number(&data, seen) == 2);
    server.stop();
}
