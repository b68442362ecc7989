//! Lists of indicators in the SQL catalogue, but for those kept for whoever manages rules.

use kit::Capability;
use kit::catalogue::ColumnKind::{Boolean, Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const INDICATOR_LISTS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "indicator_lists",
    doc: "Lists of indicators that events are looked up in.",
    columns: &[
        column("id", Text, "Identifier of the list."),
        column("name", Text, "Name."),
        column("source", Text, "Who publishes it."),
        column("kind", Text, "malware, phishing, control, scanning or other."),
        column("tlp", Text, "Traffic Light Protocol: clear, green, amber, amber-strict or red."),
        column("confidence", Integer, "How sure it is where it does not say, in per cent."),
        column("valid_days", Integer, "Days that its indicators hold where it does not say."),
        column("with_subdomains", Boolean, "Its domains stand for everything below them."),
        column("enabled", Boolean, "Events are looked up in it."),
        column("created_at", Time, "When it was made."),
        column("updated_at", Time, "When it was last changed."),
    ],
    select: "SELECT id, name, source, kind, tlp, confidence, valid_days, with_subdomains, enabled, created_at, updated_at \
             FROM indicator_lists WHERE sharing = 'everyone'",
    agency_column: None,
    capability: Some(Capability::ViewRules),
};

pub const INDICATORS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "indicators",
    doc: "Domains, addresses, links, hashes, e-mail addresses and file names on lists.",
    columns: &[
        column("list_id", Text, "List; joins monitoring.indicator_lists.id."),
        column("indicator_id", Text, "Identity of the indicator in all lists; alerts of it have rule_id indicator:…."),
        column("kind", Text, "domain, address, url, hash, mail or file-name."),
        column("text", Text, "The indicator in its one spelling."),
        column("confidence", Integer, "How sure the list is, in per cent."),
        column("valid_from", Time, "It holds from this moment on; empty since ever."),
        column("valid_until", Time, "It holds before this moment."),
        column("reference", Text, "What the list calls it."),
        column("added_at", Time, "When it came onto the list."),
        column("renewed_at", Time, "When it was last taken from a file."),
    ],
    select: "SELECT i.list_id, i.indicator_id, i.kind, i.text, i.confidence, NULLIF(i.valid_from, 0) AS valid_from, \
             i.valid_until, i.reference, i.added_at, i.renewed_at FROM indicators i JOIN indicator_lists l ON l.id = i.list_id WHERE l.sharing = 'everyone'",
    agency_column: None,
    capability: Some(Capability::ViewRules),
};
