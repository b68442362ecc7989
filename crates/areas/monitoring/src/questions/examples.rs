//! Questions to begin with, shown beside an empty page.

use kit::Capability;

/// Key of the title, what its table needs, and the statement.
pub const EXAMPLES: [(&str, Capability, &str); 12] = [
    (
        "question-example-sources",
        Capability::ViewEvents,
        "SELECT source_id, count(*) AS events, max(time) AS newest\nFROM events\n\
         WHERE arrival > now() - INTERVAL '1 hour'\nGROUP BY source_id\nORDER BY events DESC",
    ),
    (
        "question-example-failed-logons",
        Capability::ViewEvents,
        "SELECT source_ip, user_name, count(*) AS failures\nFROM events\n\
         WHERE event_category = 'authentication' AND event_outcome = 'failure'\n\
         GROUP BY source_ip, user_name\nORDER BY failures DESC\nLIMIT 50",
    ),
    (
        "question-example-alerts",
        Capability::ViewAlerts,
        "SELECT agency_id, severity, count(*) AS alerts\nFROM monitoring.alerts\n\
         GROUP BY agency_id, severity\nORDER BY alerts DESC",
    ),
    (
        "question-example-systems",
        Capability::ViewSystems,
        "SELECT level, state, count(*) AS systems\nFROM assurance.systems\nGROUP BY level, state\nORDER BY level DESC",
    ),
    (
        "question-example-not-understood",
        Capability::ViewEvents,
        "SELECT format, problem, count(*) AS records\nFROM events\nWHERE NOT understood\n\
         GROUP BY format, problem\nORDER BY records DESC",
    ),
    (
        "question-example-address",
        Capability::ViewEvents,
        "SELECT time, host_name, source_ip, destination_ip, event_action\nFROM events\n\
         WHERE ip_in(source_ip, '10.0.0.0/8')\nORDER BY time DESC\nLIMIT 100",
    ),
    (
        "question-example-top-targets",
        Capability::ViewEvents,
        "SELECT user_name, approx_distinct(source_ip) AS addresses, count(*) AS failures\nFROM events\n\
         WHERE event_category = 'authentication' AND event_outcome = 'failure'\n\
         AND time > now() - INTERVAL '24 hours'\n\
         GROUP BY user_name\nORDER BY addresses DESC, failures DESC\nLIMIT 20",
    ),
    (
        "question-example-buckets",
        Capability::ViewEvents,
        "SELECT date_bin(INTERVAL '5 minutes', time) AS five_minutes, count(*) AS failures,\n\
         count(DISTINCT source_ip) AS addresses\nFROM events\n\
         WHERE event_category = 'authentication' AND event_outcome = 'failure'\n\
         AND time > now() - INTERVAL '24 hours'\nGROUP BY five_minutes\nORDER BY five_minutes",
    ),
    (
        "question-example-scan",
        Capability::ViewEvents,
        "SELECT source_ip, approx_distinct(destination_port) AS ports, approx_distinct(destination_ip) AS hosts,\n\
         count(*) AS connections\nFROM events\n\
         WHERE destination_port IS NOT NULL AND time > now() - INTERVAL '24 hours'\n\
         GROUP BY source_ip\nORDER BY ports * hosts DESC\nLIMIT 20",
    ),
    (
        "question-example-percentiles",
        Capability::ViewEvents,
        "SELECT source_ip, count(*) AS connections, approx_percentile_cont(network_bytes, 0.5) AS half,\n\
         approx_percentile_cont(network_bytes, 0.95) AS p95, approx_percentile_cont(network_bytes, 0.99) AS p99\n\
         FROM events\nWHERE network_bytes IS NOT NULL AND time > now() - INTERVAL '24 hours'\n\
         GROUP BY source_ip\nORDER BY p99 DESC\nLIMIT 50",
    ),
    (
        "question-example-rare",
        Capability::ViewEvents,
        "SELECT process_name, min(host_name) AS host_name, count(*) AS starts, min(time) AS first\nFROM events\n\
         WHERE process_name IS NOT NULL AND time > now() - INTERVAL '7 days'\n\
         GROUP BY process_name\nHAVING count(DISTINCT host_name) = 1\nORDER BY starts, first DESC\nLIMIT 50",
    ),
    (
        "question-example-own-field",
        Capability::ViewEvents,
        "SELECT date_trunc('hour', time) AS hour, field(fields, 'EventID') AS event_id, count(*) AS events\nFROM events\n\
         WHERE field(fields, 'EventID') IS NOT NULL AND time > now() - INTERVAL '24 hours'\n\
         GROUP BY hour, event_id\nORDER BY hour DESC, events DESC\nLIMIT 100",
    ),
];
