//! "How to connect": the exact lines for the senders that agencies have, with our addresses filled in. Lines for
//! senders that the tests run for real are marked so; the others come from their documentation (`settled` 26).

use super::connect_protocols::{gelf_snippets, web_snippets};

/// Where our listeners can be reached, as senders must write it. Registered by `luytre` as a port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListenerAddresses {
    /// Host name or address of this node.
    pub host: String,
    pub syslog_udp: Option<u16>,
    pub syslog_tcp: Option<u16>,
    pub syslog_tls: Option<u16>,
    pub relp: Option<u16>,
    pub relp_tls: Option<u16>,
    pub gelf_udp: Option<u16>,
    pub gelf_tcp: Option<u16>,
    pub flow_udp: Option<u16>,
    /// `http://host:port` of the pages, which takes what Elasticsearch, OpenTelemetry, Splunk and Graylog take over HTTP.
    pub elastic: Option<String>,
}

/// Lines for one sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Name of the product, the same in every language.
    pub product: &'static str,
    /// File the lines belong into.
    pub file: &'static str,
    pub lines: String,
    /// Run for real in our tests; otherwise from the sender's documentation.
    pub tested: bool,
}

/// All snippets for which a listener is open.
pub fn snippets(addresses: &ListenerAddresses) -> Vec<Snippet> {
    let host = if addresses.host.is_empty() { "luytre.example" } else { &addresses.host };
    let mut snippets = Vec::new();
    if let Some(port) = addresses.relp {
        snippets.push(Snippet {
            product: "rsyslog (RELP)",
            file: "/etc/rsyslog.d/60-luytre.conf",
            lines: format!(
                "module(load=\"omrelp\")\n\
                 action(type=\"omrelp\" target=\"{host}\" port=\"{port}\"\n\
                 \x20      template=\"RSYSLOG_SyslogProtocol23Format\"\n\
                 \x20      queue.type=\"LinkedList\" queue.filename=\"luytre\" queue.saveOnShutdown=\"on\"\n\
                 \x20      queue.size=\"100000\" queue.timeoutEnqueue=\"0\"\n\
                 \x20      action.resumeRetryCount=\"-1\")\n"
            ),
            tested: true,
        });
    }
    if let Some(address) = &addresses.elastic {
        snippets.extend(elastic(address));
        snippets.extend(web_snippets(address));
    }
    if let Some(port) = addresses.syslog_tcp {
        snippets.push(Snippet {
            product: "syslog-ng",
            file: "/etc/syslog-ng/conf.d/luytre.conf",
            lines: format!(
                "destination d_luytre {{\n  syslog(\"{host}\" transport(\"tcp\") port({port})\n\
                 \x20        disk-buffer(disk-buf-size(1073741824) reliable(yes)));\n}};\n\
                 log {{ source(s_src); destination(d_luytre); }};\n"
            ),
            tested: false,
        });
        snippets.push(Snippet {
            product: "rsyslog (TCP)",
            file: "/etc/rsyslog.d/60-luytre.conf",
            lines: format!(
                "action(type=\"omfwd\" target=\"{host}\" port=\"{port}\" protocol=\"tcp\"\n\
                 \x20      TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\"\n\
                 \x20      queue.type=\"LinkedList\" queue.filename=\"luytre\" action.resumeRetryCount=\"-1\")\n"
            ),
            tested: false,
        });
    }
    if let Some(port) = addresses.syslog_udp {
        snippets.push(Snippet {
            product: "Cisco IOS",
            file: "configure terminal",
            lines: format!(
                "logging host {host} transport udp port {port}\nlogging trap informational\n\
                 service timestamps log datetime msec show-timezone year\n"
            ),
            tested: false,
        });
        snippets.push(Snippet {
            product: "FortiGate",
            file: "CLI",
            lines: format!(
                "config log syslogd setting\n  set status enable\n  set server \"{host}\"\n  set port {port}\n\
                 \x20 set format default\nend\n"
            ),
            tested: false,
        });
    }
    snippets.extend(gelf_snippets(host, addresses));
    snippets.extend(addresses.flow_udp.into_iter().flat_map(|port| flows(host, port)));
    snippets
}

fn flows(host: &str, port: u16) -> [Snippet; 4] {
    [
        Snippet {
            product: "softflowd (NetFlow, IPFIX)",
            file: "/etc/softflowd/default.conf",
            lines: format!("interface='eth0'\noptions='-v 10 -n {host}:{port}'\n"),
            tested: true,
        },
        Snippet {
            product: "Cisco IOS (NetFlow)",
            file: "configure terminal",
            lines: format!(
                "flow exporter LUYTRE\n destination {host}\n transport udp {port}\n export-protocol netflow-v9\n\
                 \x20template data timeout 60\nflow monitor LUYTRE\n record netflow ipv4 original-input\n\
                 \x20exporter LUYTRE\ninterface GigabitEthernet0/0\n ip flow monitor LUYTRE input\n"
            ),
            tested: false,
        },
        Snippet {
            product: "FortiGate (NetFlow)",
            file: "CLI",
            lines: format!("config system netflow\n  set collector-ip {host}\n  set collector-port {port}\nend\n"),
            tested: false,
        },
        Snippet {
            product: "MikroTik (NetFlow)",
            file: "Terminal",
            lines: format!(
                "/ip traffic-flow set enabled=yes interfaces=all\n\
                 /ip traffic-flow target add dst-address={host} port={port} version=9\n"
            ),
            tested: false,
        },
    ]
}

fn elastic(address: &str) -> Vec<Snippet> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (name, port) = rest.rsplit_once(':').unwrap_or((rest, "9200"));
    vec![
        Snippet {
            product: "rsyslog (omelasticsearch)",
            file: "/etc/rsyslog.d/60-luytre.conf",
            lines: format!(
                "module(load=\"omelasticsearch\")\n\
                 template(name=\"luytre\" type=\"list\" option.jsonf=\"on\") {{\n\
                 \x20 property(outname=\"@timestamp\" name=\"timereported\" dateFormat=\"rfc3339\" format=\"jsonf\")\n\
                 \x20 property(outname=\"host\" name=\"hostname\" format=\"jsonf\")\n\
                 \x20 property(outname=\"program\" name=\"syslogtag\" format=\"jsonf\")\n\
                 \x20 property(outname=\"message\" name=\"rawmsg\" format=\"jsonf\")\n}}\n\
                 action(type=\"omelasticsearch\" server=\"{name}\" serverport=\"{port}\" template=\"luytre\"\n\
                 \x20      searchIndex=\"logs\" searchType=\"\" bulkmode=\"on\" uid=\"KEY-ID\" pwd=\"API-KEY\"\n\
                 \x20      queue.type=\"LinkedList\" queue.size=\"100000\" queue.timeoutEnqueue=\"0\"\n\
                 \x20      action.resumeRetryCount=\"-1\")\n"
            ),
            tested: true,
        },
        Snippet {
            product: "Elasticsearch client (Python)",
            file: "send.py",
            lines: format!(
                "from elasticsearch import Elasticsearch, helpers\n\
                 client = Elasticsearch(\"{address}\", api_key=\"API-KEY\")\n\
                 helpers.bulk(client, ({{\"_index\": \"logs\", \"_source\": record}} for record in records))\n"
            ),
            tested: true,
        },
        Snippet {
            product: "Filebeat",
            file: "/etc/filebeat/filebeat.yml",
            lines: format!(
                "output.elasticsearch:\n  hosts: [\"{address}\"]\n  api_key: \"KEY-ID:API-KEY\"\n\
                 setup.ilm.enabled: false\nsetup.template.enabled: false\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Winlogbeat",
            file: "winlogbeat.yml",
            lines: format!(
                "winlogbeat.event_logs:\n  - name: Security\n  - name: System\n\
                 \x20 - name: Microsoft-Windows-PowerShell/Operational\n\
                 \x20 - name: Microsoft-Windows-Sysmon/Operational\n\
                 output.elasticsearch:\n  hosts: [\"{address}\"]\n  api_key: \"KEY-ID:API-KEY\"\n\
                 setup.ilm.enabled: false\nsetup.template.enabled: false\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Logstash",
            file: "/etc/logstash/conf.d/luytre.conf",
            lines: format!(
                "output {{\n  elasticsearch {{\n    hosts => [\"{address}\"]\n    api_key => \"KEY-ID:API-KEY\"\n\
                 \x20   index => \"logs\"\n    action => \"create\"\n    manage_template => false\n\
                 \x20   ilm_enabled => false\n  }}\n}}\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Fluent Bit (Elasticsearch)",
            file: "/etc/fluent-bit/fluent-bit.conf",
            lines: format!(
                "[OUTPUT]\n    Name es\n    Match *\n    Host {name}\n    Port {port}\n    HTTP_User KEY-ID\n\
                 \x20   HTTP_Passwd API-KEY\n    Index logs\n    Suppress_Type_Name On\n    Compress gzip\n    Retry_Limit False\n"
            ),
            tested: false,
        },
        Snippet {
            product: "Vector (Elasticsearch)",
            file: "/etc/vector/vector.yaml",
            lines: format!(
                "sinks:\n  luytre:\n    type: elasticsearch\n    inputs: [\"*\"]\n    endpoints: [\"{address}\"]\n\
                 \x20   api_version: v8\n    compression: gzip\n    bulk: {{ action: create, index: logs }}\n\
                 \x20   auth: {{ strategy: basic, user: KEY-ID, password: API-KEY }}\n    buffer: {{ type: disk, max_size: 1073741824 }}\n"
            ),
            tested: false,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_listeners_are_offered_and_addresses_are_filled_in() {
        assert!(snippets(&ListenerAddresses::default()).is_empty());
        let open = ListenerAddresses {
            host: "log.tinh.example".into(),
            relp: Some(2514),
            elastic: Some("http://log.tinh.example:9200".into()),
            ..ListenerAddresses::default()
        };
        let snippets = snippets(&open);
        assert!(snippets.iter().any(|one| one.lines.contains("target=\"log.tinh.example\" port=\"2514\"")));
        assert!(snippets.iter().any(|one| one.lines.contains("serverport=\"9200\"")));
        assert!(!snippets.iter().any(|one| one.product == "Cisco IOS"));
        assert!(snippets.iter().any(|one| one.lines.contains("http://log.tinh.example:9200/v1/logs")));
        assert!(!snippets.iter().any(|one| one.product.starts_with("Docker (GELF")), "that door is shut");
        assert!(!snippets.iter().any(|one| one.product.contains("NetFlow")));
        let open = ListenerAddresses { flow_udp: Some(2055), ..open };
        assert!(super::snippets(&open).iter().any(|one| one.lines.contains("-v 10 -n log.tinh.example:2055")));
    }
}
