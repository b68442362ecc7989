//! Lines for senders that speak OpenTelemetry, Splunk's HTTP Event Collector or GELF.

use super::connect::{ListenerAddresses, Snippet};

/// Senders to the address of the pages.
pub(super) fn web_snippets(address: &str) -> Vec<Snippet> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (name, port) = rest.rsplit_once(':').unwrap_or((rest, "80"));
    // Behind TLS that something else ends, clients of gRPC and HTTP say so in their own words.
    let insecure = !address.starts_with("https:");
    let (python, collector) = if insecure { ("True", "true") } else { ("False", "false") };
    vec![
        Snippet {
            product: "OpenTelemetry SDK (Python, HTTP)",
            file: "send.py",
            lines: format!(
                "from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter\n\
                 exporter = OTLPLogExporter(endpoint=\"{address}/v1/logs\",\n\
                 \x20                          headers={{\"authorization\": \"Bearer API-KEY\"}})\n"
            ),
            tested: true,
        },
        Snippet {
            product: "OpenTelemetry SDK (Python, gRPC)",
            file: "send.py",
            lines: format!(
                "from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter\n\
                 exporter = OTLPLogExporter(endpoint=\"{address}\", insecure={python},\n\
                 \x20                          headers=((\"authorization\", \"Bearer API-KEY\"),))\n"
            ),
            tested: true,
        },
        Snippet {
            product: "OpenTelemetry Collector",
            file: "/etc/otelcol/config.yaml",
            lines: format!(
                "exporters:\n  otlphttp/luytre:\n    logs_endpoint: {address}/v1/logs\n    headers: {{ authorization: \"Bearer API-KEY\" }}\n\
                 \x20   sending_queue: {{ storage: file_storage }}\n\
                 \x20 # gRPC:\n  otlp/luytre:\n    endpoint: {rest}\n    tls: {{ insecure: {collector} }}\n\
                 \x20   headers: {{ authorization: \"Bearer API-KEY\" }}\n\
                 service:\n  pipelines:\n    logs: {{ receivers: [filelog], exporters: [otlphttp/luytre] }}\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Fluent Bit (OpenTelemetry)",
            file: "/etc/fluent-bit/fluent-bit.conf",
            lines: format!(
                "[OUTPUT]\n    Name opentelemetry\n    Match *\n    Host {name}\n    Port {port}\n    Logs_uri /v1/logs\n\
                 \x20   Header Authorization Bearer API-KEY\n    Compress gzip\n    Retry_Limit False\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Fluent Bit (Splunk)",
            file: "/etc/fluent-bit/fluent-bit.conf",
            lines: format!(
                "[OUTPUT]\n    Name splunk\n    Match *\n    Host {name}\n    Port {port}\n    Splunk_Token API-KEY\n\
                 \x20   Compress gzip\n    Retry_Limit False\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Vector (Splunk)",
            file: "/etc/vector/vector.yaml",
            lines: format!(
                "sinks:\n  luytre:\n    type: splunk_hec_logs\n    inputs: [\"*\"]\n    endpoint: {address}\n\
                 \x20   default_token: API-KEY\n    encoding: {{ codec: json }}\n    compression: gzip\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Docker (Splunk)",
            file: "/etc/docker/daemon.json",
            lines: format!(
                "{{ \"log-driver\": \"splunk\",\n  \"log-opts\": {{ \"splunk-url\": \"{address}\", \"splunk-token\": \"API-KEY\",\n\
                 \x20                \"splunk-verify-connection\": \"false\" }} }}\n"
            ),
            tested: false,
        },
        Snippet {
            product: "curl (Splunk HEC)",
            file: "sh",
            lines: format!(
                "curl {address}/services/collector/event -H 'Authorization: Splunk API-KEY' \\\n\
                 \x20    -d '{{\"event\": \"hello\", \"host\": \"web-1\", \"sourcetype\": \"app\"}}'\n"
            ),
            tested: false,
        },
        Snippet {
            product: "curl (GELF)",
            file: "sh",
            lines: format!(
                "curl {address}/gelf -H 'Authorization: Bearer API-KEY' \\\n\
                 \x20    -d '{{\"version\": \"1.1\", \"host\": \"web-1\", \"short_message\": \"hello\"}}'\n"
            ),
            tested: false,
        },
    ]
}

/// Senders to the doors for GELF, where they are open.
pub(super) fn gelf_snippets(host: &str, addresses: &ListenerAddresses) -> Vec<Snippet> {
    let mut snippets = Vec::new();
    if let Some(port) = addresses.gelf_tcp {
        snippets.push(Snippet {
            product: "pygelf (TCP)",
            file: "send.py",
            lines: format!(
                "from pygelf import GelfTcpHandler\nhandler = GelfTcpHandler(host=\"{host}\", port={port})\n"
            ),
            tested: true,
        });
        snippets.push(Snippet {
            product: "Docker (GELF over TCP)",
            file: "/etc/docker/daemon.json",
            lines: format!(
                "{{ \"log-driver\": \"gelf\", \"log-opts\": {{ \"gelf-address\": \"tcp://{host}:{port}\" }} }}\n"
            ),
            tested: false,
        });
    }
    if let Some(port) = addresses.gelf_udp {
        snippets.push(Snippet {
            product: "pygelf (UDP)",
            file: "send.py",
            lines: format!(
                "from pygelf import GelfUdpHandler\nhandler = GelfUdpHandler(host=\"{host}\", port={port})\n"
            ),
            tested: true,
        });
    }
    snippets
}
