//! The common columns: a small set for search and correlation across formats, named after the Elastic
//! Common Schema with underscores. Order here is the order in segments; add at the end only.

use crate::Value;
use std::fmt;

/// How a column is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Text,
    Integer,
}

macro_rules! columns {
    ($($variant:ident $name:literal $kind:ident $doc:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Column { $(#[doc = $doc] $variant),+ }

        impl Column {
            pub const ALL: &'static [Column] = &[$(Column::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Column::$variant => $name),+ }
            }

            pub fn kind(self) -> ColumnKind {
                match self { $(Column::$variant => ColumnKind::$kind),+ }
            }

            /// One sentence for the documentation of the catalogue.
            pub fn doc(self) -> &'static str {
                match self { $(Column::$variant => $doc),+ }
            }

            pub fn from_name(name: &str) -> Option<Column> {
                match name { $($name => Some(Column::$variant),)+ _ => None }
            }
        }
    };
}

columns! {
    EventCategory "event_category" Text "Kind of activity: authentication, process, network, web, file, registry, iam, configuration, malware, intrusion_detection, database, email.",
    EventAction "event_action" Text "What was done, for example logon, process_started, connection_closed.",
    EventOutcome "event_outcome" Text "success, failure or unknown.",
    EventCode "event_code" Text "The format's own number of the event, for example a Windows event id.",
    EventProvider "event_provider" Text "Program or channel that wrote the event.",
    EventSeverity "event_severity" Integer "Severity, 0 (emergency) to 7 (debug), as in syslog.",
    HostName "host_name" Text "Host the event happened on.",
    HostIp "host_ip" Text "Address of that host.",
    UserName "user_name" Text "Account that acted.",
    UserDomain "user_domain" Text "Directory domain of that account.",
    UserId "user_id" Text "Its number or SID.",
    TargetUserName "target_user_name" Text "Account that was acted upon.",
    SourceIp "source_ip" Text "Address the activity came from.",
    SourcePort "source_port" Integer "Port at that address.",
    DestinationIp "destination_ip" Text "Address the activity went to.",
    DestinationPort "destination_port" Integer "Port at that address.",
    DestinationDomain "destination_domain" Text "Name the activity went to.",
    NetworkTransport "network_transport" Text "tcp, udp, icmp.",
    NetworkProtocol "network_protocol" Text "Application protocol, for example http, dns, smb.",
    NetworkBytes "network_bytes" Integer "Bytes in both directions.",
    ProcessName "process_name" Text "File name of the program.",
    ProcessExecutable "process_executable" Text "Path of the program.",
    ProcessPid "process_pid" Integer "Process number.",
    ProcessCommandLine "process_command_line" Text "Command line.",
    ProcessParentExecutable "process_parent_executable" Text "Path of the parent program.",
    ProcessParentCommandLine "process_parent_command_line" Text "Command line of the parent.",
    FilePath "file_path" Text "File acted upon.",
    FileHash "file_hash" Text "Hash of the file or program, the strongest that the record names.",
    RegistryPath "registry_path" Text "Registry key or value acted upon.",
    RegistryData "registry_data" Text "Data written to the registry.",
    DnsQuestionName "dns_question_name" Text "Name asked of DNS.",
    UrlOriginal "url_original" Text "Address as the client sent it.",
    UrlDomain "url_domain" Text "Host part of the address.",
    HttpRequestMethod "http_request_method" Text "GET, POST …",
    HttpResponseStatusCode "http_response_status_code" Integer "HTTP status.",
    HttpReferrer "http_referrer" Text "Referrer header.",
    UserAgent "user_agent" Text "User-Agent header.",
    RuleId "rule_id" Text "Rule of the sensor that wrote the event (Suricata, Zeek notice).",
    RuleName "rule_name" Text "Name of that rule.",
    LogonType "logon_type" Text "Windows logon type, or the authentication method.",
    ServiceName "service_name" Text "Service installed, started or stopped.",
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Common columns of one event; few of the many are filled, so they are kept as pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns(Vec<(Column, Value)>);

impl Columns {
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    pub fn get(&self, column: Column) -> Option<&Value> {
        self.0.iter().find(|(have, _)| *have == column).map(|(_, value)| value)
    }

    pub fn text(&self, column: Column) -> Option<&str> {
        match self.get(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn integer(&self, column: Column) -> Option<i64> {
        match self.get(column) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// Sets a column, converted to the column's kind. Values that do not convert, and empty texts or a lone
    /// dash, leave the column unset; the own field keeps the original.
    pub fn set(&mut self, column: Column, value: &Value) {
        let converted = match column.kind() {
            ColumnKind::Integer => match value {
                Value::Int(number) => Some(Value::Int(*number)),
                Value::Float(number) if number.is_finite() => Some(Value::Int(*number as i64)),
                Value::Text(text) => parse_integer(text).map(Value::Int),
                _ => None,
            },
            ColumnKind::Text => match value {
                Value::List(values) => values.iter().find_map(Value::as_text).map(|text| Value::Text(text.into())),
                other => other.as_text().map(|text| Value::Text(text.trim().into())),
            },
        };
        if let Some(value) = converted {
            self.keep(column, value);
        }
    }

    /// As [`Columns::set`], with a value that is not needed any more.
    pub fn put(&mut self, column: Column, value: Value) {
        match value {
            Value::Text(text) if column.kind() == ColumnKind::Text && text.trim().len() == text.len() => {
                self.keep(column, Value::Text(text));
            }
            other => self.set(column, &other),
        }
    }

    fn keep(&mut self, column: Column, value: Value) {
        if matches!(&value, Value::Text(text) if text.is_empty() || text == "-") {
            return;
        }
        match self.0.iter_mut().find(|(have, _)| *have == column) {
            Some((_, old)) => *old = value,
            None => self.0.push((column, value)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (Column, &Value)> {
        self.0.iter().map(|(column, value)| (*column, value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn parse_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_columns() {
        for column in Column::ALL {
            assert_eq!(Column::from_name(column.name()), Some(*column));
        }
    }

    #[test]
    fn values_take_the_kind_of_their_column() {
        let mut columns = Columns::default();
        columns.set(Column::ProcessPid, &Value::from("0x1f4"));
        columns.set(Column::UserName, &Value::from(" root "));
        columns.set(Column::SourceIp, &Value::from("-"));
        assert_eq!(columns.integer(Column::ProcessPid), Some(500));
        assert_eq!(columns.text(Column::UserName), Some("root"));
        assert_eq!(columns.get(Column::SourceIp), None);
    }

    #[test]
    fn a_value_given_away_is_kept_as_one_shown() {
        let values = [Value::from(" root "), Value::from("root"), Value::from("-"), Value::from(""), Value::Int(7)];
        let values = values.into_iter().chain([Value::Null, Value::List(vec![Value::Null, "a".into()]), "0x10".into()]);
        for (value, column) in values.flat_map(|value| [(value.clone(), Column::UserName), (value, Column::ProcessPid)])
        {
            let (mut set, mut put) = (Columns::default(), Columns::default());
            set.set(column, &value);
            put.put(column, value);
            assert_eq!(set, put);
        }
    }
}
