//! Questions to begin with, shown beside an empty page.

/// Key of the title and the statement.
pub(super) const EXAMPLES: [(&str, &str); 6] = [
    (
        "question-example-sources",
        "SELECT source_id, count(*) AS events, max(time) AS newest\nFROM events\n\
         WHERE arrival > now() - INTERVAL '1 hour'\nGROUP BY source_id\nORDER BY events DESC",
    ),
    (
        "question-example-failed-logons",
        "SELECT source_ip, user_name, count(*) AS failures\nFROM events\n\
         WHERE event_category = 'authentication' AND event_outcome = 'failure'\n\
         GROUP BY source_ip, user_name\nORDER BY failures DESC\nLIMIT 50",
    ),
    (
        "question-example-alerts",
        "SELECT agency_id, severity, count(*) AS alerts\nFROM monitoring.alerts\n\
         GROUP BY agency_id, severity\nORDER BY alerts DESC",
    ),
    (
        "question-example-systems",
        "SELECT level, state, count(*) AS systems\nFROM assurance.systems\nGROUP BY level, state\nORDER BY level DESC",
    ),
    (
        "question-example-not-understood",
        "SELECT format, problem, count(*) AS records\nFROM events\nWHERE NOT understood\n\
         GROUP BY format, problem\nORDER BY records DESC",
    ),
    (
        "question-example-address",
        "SELECT time, host_name, source_ip, destination_ip, event_action\nFROM events\n\
         WHERE ip_in(source_ip, '10.0.0.0/8')\nORDER BY time DESC\nLIMIT 100",
    ),
];
