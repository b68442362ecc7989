//! What the SQL catalogue may see of systems.

use kit::catalogue::{ColumnKind, TableSpec, column};

pub const SYSTEMS: TableSpec = TableSpec {
    schema: "assurance",
    name: "systems",
    doc: "Information systems of the register.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("code", ColumnKind::Text, "Public code, unique in the province."),
        column("name", ColumnKind::Text, "Name."),
        column("agency_id", ColumnKind::Text, "Owner; joins organisation.agencies.id."),
        column(
            "operator_id",
            ColumnKind::Text,
            "Agency that runs it; NULL where the owner does or none of the register.",
        ),
        column("operator", ColumnKind::Text, "Who runs it, where that is no agency of the register."),
        column("specialised_unit_id", ColumnKind::Text, "Specialised unit; joins organisation.agencies.id."),
        column("specialised_unit", ColumnKind::Text, "Specialised unit, where it is no agency of the register."),
        column("purpose", ColumnKind::Text, "What it is for."),
        column("users", ColumnKind::Text, "Who uses it."),
        column("user_count", ColumnKind::Integer, "How many use it."),
        column("service_scope", ColumnKind::Text, "organisation, province, nation or international; empty: not said."),
        column("public_information", ColumnKind::Boolean, "Holds public information."),
        column("private_information", ColumnKind::Boolean, "Holds private information."),
        column("personal_information", ColumnKind::Boolean, "Holds personal information."),
        column("basic_subjects", ColumnKind::Integer, "Of how many people it holds basic personal data."),
        column("sensitive_subjects", ColumnKind::Integer, "Of how many people it holds sensitive personal data."),
        column("level", ColumnKind::Integer, "Level 1 to 5 (Decree 331/2026 Articles 11-16)."),
        column("level_decision", ColumnKind::Text, "Number of the decision that approved the level."),
        column("state", ColumnKind::Text, "proposed, building, on_trial, operating or retired."),
        column(
            "hosting_kind",
            ColumnKind::Text,
            "own_room, provincial_data_centre, rented_cloud or elsewhere; empty: not said.",
        ),
        column("hosting", ColumnKind::Text, "Name of the place where it stands."),
        column("backup", ColumnKind::Text, "Backup arrangement."),
        column("domains", ColumnKind::Text, "Domain names."),
        column("public_addresses", ColumnKind::Text, "Public addresses."),
        column("network_ranges", ColumnKind::Text, "Ranges of its networks, separated by commas."),
        column("critical", ColumnKind::Boolean, "On the list of systems critical to national security."),
        column("secret", ColumnKind::Boolean, "Handles state secrets: code name, owner and level only."),
        column("created_at", ColumnKind::Time, "Registered at."),
        column("updated_at", ColumnKind::Time, "Last changed at."),
    ],
    select: "SELECT id, code, name, agency_id, operator_id, operator, specialised_unit_id, specialised_unit, purpose, \
             users, user_count, service_scope, public_information, private_information, personal_information, \
             basic_subjects, sensitive_subjects, level, level_decision, state, hosting_kind, hosting, backup, domains, \
             public_addresses, network_ranges, critical, secret, created_at, updated_at FROM systems",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewSystems),
};
