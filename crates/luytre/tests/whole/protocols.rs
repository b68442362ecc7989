//! Senders of other houses, unchanged, against the real binary: the SDK of OpenTelemetry over HTTP and gRPC, pygelf over
//! UDP and TCP; and Splunk's protocol spoken by hand.

use crate::program::{Serving, ask, free_port, number, query, run_with_input, until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SCRIPT: &str = r#"
import http.client, logging, random, sys
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from pygelf import GelfHttpHandler, GelfTcpHandler, GelfUdpHandler

address, key, udp, tcp = sys.argv[1:]
bearer = "Bearer " + key

def records(name, count):
    kept = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=Resource({"service.name": name, "host.name": "may-" + name}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
    logger = provider.get_logger("app")
    for number in range(count):
        logger.emit(LogRecord(timestamp=1793240000000000000 + number, severity_number=SeverityNumber.WARN,
            body=f"line {number}", attributes={"client.address": "192.0.2.7", "n": number, "d": 0.5, "l": ["a", "b"]}))
    return kept.get_finished_logs()

def sound(exporter, batch):
    result = exporter.export(batch)
    assert result == LogRecordExportResult.SUCCESS, result
    exporter.shutdown()

sound(HttpExporter(endpoint=address + "/v1/logs", headers={"authorization": bearer}), records("http", 250))
sound(HttpExporter(endpoint=address + "/v1/logs", headers={"authorization": bearer}, compression=Compression.Gzip), records("gzip", 250))
grpc = GrpcExporter(endpoint=address, insecure=True, headers=(("authorization", bearer),))
batch = records("grpc", 250)
for _ in range(2):
    assert grpc.export(batch) == LogRecordExportResult.SUCCESS
grpc.shutdown()
wrong = HttpExporter(endpoint=address + "/v1/logs", headers={"authorization": "Bearer luytre_wrong"}).export(batch)
assert wrong == LogRecordExportResult.FAILURE, wrong
wrong = GrpcExporter(endpoint=address, insecure=True, headers=(("authorization", "Bearer luytre_wrong"),)).export(batch)
assert wrong == LogRecordExportResult.FAILURE, wrong

host, port = address.split("://")[1].split(":")
handlers = [GelfTcpHandler(host=host, port=int(tcp), _src_ip="192.0.2.9"), GelfUdpHandler(host=host, port=int(udp), chunk_size=200, _src_ip="192.0.2.9")]
log = logging.getLogger("gelf")
for handler in handlers:
    log.addHandler(handler)
noise = "".join(random.choice("abcdefghij") for _ in range(3000))
for number in range(20):
    log.warning("message %d %s", number, noise)
# Over HTTP pygelf waits for no answer: its message is sent by somebody who does.
web = GelfHttpHandler(host=host, port=int(port), path="/gelf", _src_ip="192.0.2.9")
for number in range(20):
    record = log.makeRecord("gelf", logging.WARNING, "x.py", 1, "message %d", (number,), None)
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("POST", web.path, web.convert_record_to_gelf(record), {**web.headers, "Authorization": bearer})
    assert connection.getresponse().status == 202
for handler in handlers:
    handler.close()
print("sound")
"#;

/// Python with these packages, if it is at hand. In CI it must be.
fn python(import: &str) -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/python/bin/python");
    let imports = Command::new(&python).args(["-c", import]).stderr(Stdio::null()).status();
    if imports.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none(), "the Python clients must be there in CI");
    eprintln!("no Python clients (scripts/install-tools test): this test could not run");
    None
}

/// A data directory with a key, and free ports for GELF in its configuration.
fn prepared(data: &Path) -> (String, u16, u16) {
    run_with_input(
        data,
        &["user", "add", "quantri", "--name", "Q", "--role", "administrator"],
        "Mat khau thu nghiem dai 2026!\n",
    );
    let key = ask(data, &["user", "add-key", "sender", "--json"]);
    let key = key.get("key").and_then(Value::as_str).expect("key").to_owned();
    let (udp, tcp) = (free_port(), free_port());
    let intake = format!("[intake]\ngelf_udp = \"127.0.0.1:{udp}\"\ngelf_tcp = \"127.0.0.1:{tcp}\"\n");
    std::fs::write(data.join("luytre.toml"), intake).expect("configuration");
    (key, udp, tcp)
}

#[test]
fn the_sdk_of_opentelemetry_and_pygelf_work_unchanged() {
    let import = "import grpc, pygelf, opentelemetry.exporter.otlp.proto.http, opentelemetry.exporter.otlp.proto.grpc";
    let Some(python) = python(import) else { return };
    let directory = tempfile::tempdir().expect("directory");
    let data = directory.path().join("data");
    let (key, udp, tcp) = prepared(&data);
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    let ports = [udp.to_string(), tcp.to_string()];
    let arguments = ["-c", SCRIPT, &server.address, &key, &ports[0], &ports[1]];
    let output = Command::new(python).args(arguments).output().expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Nobody answers over UDP and TCP.
    until("all messages over GELF", || number(&data, "SELECT count(*) FROM events WHERE listener LIKE 'gelf%'") == 60);
    let sql = "SELECT listener, host_name, event_provider, source_ip, event_severity, format, count(*) AS lines \
               FROM events GROUP BY listener, host_name, event_provider, source_ip, event_severity, format \
               ORDER BY listener, host_name";
    let rows = query(&data, sql);
    let of = |listener: &'static str| rows.iter().filter(move |row| row["listener"] == listener);
    let hosts: Vec<_> = of("otlp").map(|row| (row["host_name"].as_str(), row["lines"].as_i64())).collect();
    let expected = ["may-grpc", "may-gzip", "may-http"].map(|host| (Some(host), Some(250_i64)));
    assert_eq!(hosts, expected, "the same request over gRPC is stored once");
    for row in of("otlp") {
        let read = ["event_provider", "source_ip", "format"].map(|name| row[name].as_str());
        let provider = row["host_name"].as_str().map(|host| host.trim_start_matches("may-"));
        assert_eq!(read, [provider, Some("192.0.2.7"), Some("opentelemetry@1")]);
        assert_eq!(row["event_severity"], 4);
    }
    for listener in ["gelf_udp", "gelf_tcp", "gelf_http"] {
        let read: Vec<_> = of(listener).map(|row| (row["source_ip"].as_str(), row["lines"].as_i64())).collect();
        assert_eq!(read, [(Some("192.0.2.9"), Some(20_i64))], "{listener}: {rows:?}");
    }
    server.stop();
}

/// What curl would send; status and answer.
async fn post(client: &reqwest::Client, address: &str, key: &str, path: &str, body: &str) -> (u16, Value) {
    let request = client.post(format!("{address}{path}")).header("authorization", format!("Splunk {key}"));
    let answer = request.body(body.to_owned()).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

#[test]
fn what_the_event_collector_acknowledged_outlives_a_kill() {
    let directory = tempfile::tempdir().expect("directory");
    let data = directory.path().join("data");
    let (key, _, _) = prepared(&data);
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let address = server.address.clone();
    let body = r#"{"event":"<38>Oct 29 02:13:20 srv sshd[24200]: Failed password for root from 192.0.2.140 port 3892 ssh2"}
        {"event":{"src_ip":"192.0.2.141","message":"x"},"host":"web-1","sourcetype":"app"}"#;
    let channel = "/services/collector?channel=FE0ECFAD-13D5-401B-847D-77833BD77131";
    let (status, answer) = runtime.block_on(post(&client, &address, &key, channel, body));
    assert_eq!((status, &answer["code"], &answer["ackId"]), (200, &Value::from(0), &Value::from(0)));
    let (status, answer) = runtime.block_on(post(&client, &address, "luytre_wrong", "/services/collector", body));
    assert_eq!((status, &answer["code"]), (403, &Value::from(4)));
    server.kill();
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    // Sent again, since the sender did not ask in time.
    let (status, _) = runtime.block_on(post(&client, &server.address, &key, channel, body));
    assert_eq!(status, 200);
    let rows = query(&data, "SELECT host_name, source_ip, format FROM events WHERE listener = 'hec' ORDER BY seq");
    let read = |row: &Value| ["host_name", "source_ip", "format"].map(|name| row[name].as_str().map(str::to_owned));
    let expected = [["srv", "192.0.2.140", "sshd@1"], ["web-1", "192.0.2.141", "splunk-hec@1"]];
    let rows: Vec<_> = rows.iter().map(read).collect();
    assert_eq!(rows, expected.map(|row| row.map(|text| Some(text.to_owned()))));
    server.stop();
}
