//! What the SQL catalogue may see of the inventory.

use kit::catalogue::{ColumnKind, TableSpec, column};

pub const INVENTORY: TableSpec = TableSpec {
    schema: "assurance",
    name: "inventory",
    doc: "What systems are made of: components, applications, devices, zones, data sets, links, suppliers, accounts.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("system_id", ColumnKind::Text, "System; joins assurance.systems.id."),
        column("agency_id", ColumnKind::Text, "Owner of the system; joins organisation.agencies.id."),
        column("kind", ColumnKind::Text, "component, application, device, zone, data-set, link, supplier or account."),
        column("name", ColumnKind::Text, "Name, unique within system and kind."),
        column("registered", ColumnKind::Boolean, "False where a scan saw it and nobody registered it."),
        column("purpose", ColumnKind::Text, "What it is for."),
        column("part_of", ColumnKind::Text, "Component that it belongs to."),
        column("addresses", ColumnKind::Text, "Addresses and ranges, separated by commas."),
        column("serial", ColumnKind::Text, "MAC address or serial number."),
        column("place", ColumnKind::Text, "Where it stands."),
        column("zone", ColumnKind::Text, "Network zone."),
        column("platform", ColumnKind::Text, "Operating system or database system."),
        column("edition", ColumnKind::Text, "Version of a software."),
        column("status", ColumnKind::Text, "planned, in-use, spare, broken or retired."),
        column("owner", ColumnKind::Text, "Who answers for it as its owner."),
        column("licence", ColumnKind::Text, "Licence."),
        column("support_end", ColumnKind::Time, "Day on which its maker's support ends."),
        column("services", ColumnKind::Text, "Services on it, as registered or last seen."),
        column("information", ColumnKind::Text, "Information that it holds or that flows."),
        column("basic_subjects", ColumnKind::Integer, "Of how many people it holds basic personal data."),
        column("sensitive_subjects", ColumnKind::Integer, "Of how many people it holds sensitive personal data."),
        column("level", ColumnKind::Integer, "Level proposed for a component."),
        column("linked_system_id", ColumnKind::Text, "System at the other end; joins assurance.systems.id."),
        column("relation", ColumnKind::Text, "data-flow, dependency or function."),
        column("direction", ColumnKind::Text, "in, out or both."),
        column("begins", ColumnKind::Time, "Day on which a contract or an account begins."),
        column("ends", ColumnKind::Time, "Day on which it ends."),
        column("responsible", ColumnKind::Text, "Who answers for it day by day."),
        column("first_seen_at", ColumnKind::Time, "When a scan first saw it."),
        column("last_seen_at", ColumnKind::Time, "When a scan last saw it."),
        column("created_at", ColumnKind::Time, "Entered at."),
        column("updated_at", ColumnKind::Time, "Last changed at."),
    ],
    select: "SELECT i.id, i.system_id, s.agency_id, i.kind, i.name, i.registered, i.purpose, i.part_of, i.addresses, \
             i.serial, i.place, i.zone, i.platform, i.edition, i.status, i.owner, i.licence, i.support_end, i.services, \
             i.information, i.basic_subjects, i.sensitive_subjects, i.level, i.linked_system_id, i.relation, \
             i.direction, i.begins, i.ends, i.responsible, i.first_seen_at, i.last_seen_at, i.created_at, i.updated_at \
             FROM inventory_items i JOIN systems s ON s.id = i.system_id",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewSystems),
};
