//! A system and its inventory in the words of OSCAL 1.1: metadata, system characteristics and system implementation of a
//! system security plan. Which requirements it meets is not in the register; `import-profile` and `control-implementation`
//! are left to whoever assesses it.

use super::store::{self, Filter};
use super::{Item, kind};
use crate::systems;
use crate::systems::{Hosting, ServiceScope, State, System};
use kit::clock::Micros;
use kit::locale::{Lang, texts};
use kit::page::iso;
use kit::{Connection, Error};
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};
use std::net::IpAddr;
use uuid::Builder;

const VERSION: &str = "1.1.2";
/// Whose names those of properties are that OSCAL does not have.
const NAMESPACE: &str = "https://luytre.example/ns/oscal";
/// Most items of one file.
const MOST_ITEMS: u64 = 20_000;

/// A system within reach with everything that is registered of it.
pub(super) async fn told(connection: &impl Connection, id: &str) -> Result<(System, Vec<Item>), Error> {
    let system = systems::store::find(connection, id).await?;
    let filter = Filter { system_id: system.id.clone(), registered: Some(true), ..Filter::default() };
    let items = store::list(connection, &filter, MOST_ITEMS, 0).await?;
    Ok((system, items))
}

/// The document. The same register at the same time makes the same document.
pub fn document(system: &System, items: &[Item], now: Micros) -> Value {
    let owner = uuid("agency", &system.agency_id);
    let mut parties = vec![party(&owner, &system.agency_name)];
    let mut responsible = vec![json!({ "role-id": "system-owner", "party-uuids": [owner] })];
    let mut roles = vec![json!({ "id": "system-owner", "title": vi("system-agency") })];
    if !system.secret {
        for (role, key, name) in [
            ("system-operator", "system-operator", system.run_by()),
            ("specialised-unit", "system-specialised-unit", system.guarded_by()),
        ] {
            if name.is_empty() {
                continue;
            }
            let id = uuid("party", name);
            roles.push(json!({ "id": role, "title": vi(key) }));
            responsible.push(json!({ "role-id": role, "party-uuids": [id] }));
            if parties.iter().all(|party| party["uuid"] != id) {
                parties.push(party(&id, name));
            }
        }
    }
    for item in items.iter().filter(|item| item.kind == "supplier") {
        let id = uuid("item", &item.id);
        parties.push(party(&id, &item.name));
        if roles.iter().all(|role| role["id"] != "provider") {
            roles.push(json!({ "id": "provider", "title": vi("inventory-kind-supplier") }));
        }
        responsible.push(json!({ "role-id": "provider", "party-uuids": [id] }));
    }
    json!({ "system-security-plan": {
        "uuid": uuid("plan", &system.id),
        "metadata": {
            "title": system.name,
            "last-modified": iso(now),
            "version": system.version.to_string(),
            "oscal-version": VERSION,
            "roles": roles,
            "parties": parties,
            "responsible-parties": responsible,
        },
        "system-characteristics": characteristics(system, items),
        "system-implementation": implementation(system, items),
    }})
}

fn characteristics(system: &System, items: &[Item]) -> Value {
    let mut props = vec![
        prop("level", &system.level.to_string()),
        prop("state", &word(State::from_code(&system.state).map(State::key))),
        prop("critical", if system.critical { "yes" } else { "no" }),
        prop("level-decision", system.level_decision.as_deref().unwrap_or_default()),
        prop("service-scope", &word(ServiceScope::from_code(&system.service_scope).map(ServiceScope::key))),
        prop("hosting-kind", &word(Hosting::from_code(&system.hosting_kind).map(Hosting::key))),
        prop("hosting", &system.hosting),
        prop("backup", &system.backup),
        prop("domains", &system.domains),
        prop("public-addresses", &system.public_addresses),
        prop("network-ranges", &system.network_ranges),
    ];
    props.retain(|prop| !prop["value"].as_str().unwrap_or_default().is_empty());
    let named = |kinds: &[&str]| -> String {
        let told = items.iter().filter(|item| kinds.contains(&item.kind.as_str()));
        told.map(sentence).collect::<Vec<_>>().join("\n\n")
    };
    let mut characteristics = json!({
        "system-ids": [
            { "identifier-type": "http://ietf.org/rfc/rfc4122", "id": system.id },
            { "id": system.code },
        ],
        "system-name": system.name,
        "system-name-short": system.code,
        "description": or(&system.purpose, &system.name),
        "props": props,
        "security-sensitivity-level": format!("level-{}", system.level),
        "system-information": { "information-types": information(system, items) },
        "status": { "state": state(&system.state) },
        "authorization-boundary": { "description": or(&named(&["component", "zone"]), &or(&system.network_ranges, &system.name)) },
    });
    for (member, kinds) in [("network-architecture", ["zone", "device"]), ("data-flow", ["link", "data-set"])] {
        let described = named(&kinds);
        if !described.is_empty() {
            characteristics[member] = json!({ "description": described });
        }
    }
    characteristics
}

/// What it holds; OSCAL wants at least one.
fn information(system: &System, items: &[Item]) -> Vec<Value> {
    let subjects = |basic: Option<i64>, sensitive: Option<i64>| -> String {
        let told = [("system-basic-subjects", basic), ("system-sensitive-subjects", sensitive)];
        let told = told.into_iter().filter_map(|(key, amount)| Some(format!("{}: {}", vi(key), amount?)));
        told.collect::<Vec<_>>().join("; ")
    };
    let mut types: Vec<_> = [
        ("public", system.public_information, String::new()),
        ("private", system.private_information, String::new()),
        ("personal", system.personal_information, subjects(system.basic_subjects, system.sensitive_subjects)),
        ("state-secret", system.secret, String::new()),
    ]
    .into_iter()
    .filter(|(_, holds, _)| *holds)
    .map(|(id, _, told)| {
        let title =
            vi(&if id == "state-secret" { "system-secret".to_owned() } else { format!("system-{id}-information") });
        json!({ "uuid": uuid(id, &system.id), "title": title, "description": or(&told, &title) })
    })
    .collect();
    types.extend(items.iter().filter(|item| item.kind == "data-set").map(|item| {
        let described = or(item.value("information"), &item.name);
        json!({ "uuid": uuid("information", &item.id), "title": item.name, "description": described })
    }));
    if types.is_empty() {
        let title = vi("system-information");
        types.push(json!({ "uuid": uuid("information", &system.id), "title": title, "description": "–" }));
    }
    types
}

fn implementation(system: &System, items: &[Item]) -> Value {
    let this = uuid("this-system", &system.id);
    let operational = json!({ "state": state(&system.state) });
    let mut components = vec![json!({
        "uuid": this, "type": "this-system", "title": system.name, "description": or(&system.purpose, &system.name),
        "status": operational,
    })];
    for item in items {
        let form = match item.kind.as_str() {
            "component" => "system",
            "application" => "software",
            "zone" => "network",
            "data-set" => "data-store",
            "link" => "interconnection",
            _ => continue,
        };
        let mut component = json!({
            "uuid": uuid("item", &item.id), "type": form, "title": item.name,
            "description": or(item.value("purpose"), &item.name), "status": operational,
        });
        put_props(&mut component, item);
        components.push(component);
    }
    let inventory: Vec<_> = items
        .iter()
        .filter(|item| item.kind == "device")
        .map(|item| {
            let mut told = json!({
                "uuid": uuid("item", &item.id), "description": or(item.value("purpose"), &item.name),
                "implemented-components": [{ "component-uuid": this }],
            });
            put_props(&mut told, item);
            told
        })
        .collect();
    let users = or(&flat(&system.users), &vi("system-users"));
    let mut implementation = Map::new();
    implementation.insert("users".into(), json!([{ "uuid": uuid("users", &system.id), "title": users }]));
    implementation.insert("components".into(), components.into());
    if !inventory.is_empty() {
        implementation.insert("inventory-items".into(), inventory.into());
    }
    implementation.into()
}

/// What an item says: under OSCAL's own names where it has one, else under ours.
fn put_props(told: &mut Value, item: &Item) {
    let mut props = Vec::new();
    if item.kind == "device" {
        props.push(json!({ "name": "asset-id", "value": item.name }));
    }
    for (name, value) in &item.values {
        let value = flat(value);
        match *name {
            "purpose" | "linked_system" => {}
            "addresses" => {
                for address in value.split(", ") {
                    let name = match address.parse::<IpAddr>() {
                        Ok(IpAddr::V4(_)) => "ipv4-address",
                        Ok(IpAddr::V6(_)) => "ipv6-address",
                        Err(_) => {
                            props.push(prop("addresses", address));
                            continue;
                        }
                    };
                    props.push(json!({ "name": name, "value": address }));
                }
            }
            "serial" => props.push(json!({ "name": "serial-number", "value": value })),
            "edition" => props.push(json!({ "name": "version", "value": value })),
            "place" => props.push(json!({ "name": "physical-location", "value": value })),
            "zone" => props.push(json!({ "name": "network-id", "value": value })),
            own => props.push(prop(&own.replace('_', "-"), &value)),
        }
    }
    if let Some(linked) = &item.linked {
        props.push(prop("linked-system", &linked.code));
    }
    if !props.is_empty() {
        told["props"] = props.into();
    }
}

/// An item in one sentence: kind, name, and what is known of it.
fn sentence(item: &Item) -> String {
    let Some(kind) = kind(&item.kind) else { return item.name.clone() };
    let told = kind.fields().filter(|field| !item.value(field.name).is_empty());
    let told: Vec<_> =
        told.map(|field| format!("{}: {}", vi(&kind.field_key(field.name)), flat(item.value(field.name)))).collect();
    format!("{} – {}{}{}", vi(&kind.key()), item.name, if told.is_empty() { "" } else { ". " }, told.join("; "))
}

fn party(id: &str, name: &str) -> Value {
    json!({ "uuid": id, "type": "organization", "name": name })
}

fn prop(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": NAMESPACE, "value": flat(value) })
}

/// Values of properties have one line.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn or(text: &str, otherwise: &str) -> String {
    if text.trim().is_empty() { otherwise } else { text }.to_owned()
}

fn word(key: Option<&'static str>) -> String {
    key.map(vi).unwrap_or_default()
}

/// The document is Vietnamese whoever asks.
fn vi(key: &str) -> String {
    texts().text(Lang::Vi, key)
}

/// State of a system, and of what it is made of.
fn state(code: &str) -> &'static str {
    match State::from_code(code) {
        Some(State::Operating) => "operational",
        Some(State::Building | State::OnTrial) => "under-development",
        Some(State::Retired) => "disposition",
        Some(State::Proposed) | None => "other",
    }
}

/// A name-based UUID (RFC 9562, version 5): OSCAL takes those of versions 4 and 5 alone.
fn uuid(space: &str, name: &str) -> String {
    let digest =
        Sha1::new().chain_update(NAMESPACE).chain_update([0]).chain_update(space).chain_update([0]).chain_update(name);
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest.finalize()).for_each(|(byte, given)| *byte = given);
    Builder::from_sha1_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn system() -> System {
        System {
            id: "0199aaaa-0000-7000-8000-000000000001".into(),
            code: "SYT-01".into(),
            name: "Hồ sơ sức khỏe".into(),
            agency_id: "a".into(),
            agency_name: "Sở Y tế".into(),
            operator: "Công ty Tre".into(),
            purpose: "Lưu hồ sơ\ncủa người dân".into(),
            level: 3,
            state: "operating".into(),
            personal_information: true,
            sensitive_subjects: Some(12_000),
            backup: "Hằng ngày\nsang nơi khác".into(),
            version: 4,
            ..System::default()
        }
    }

    fn item(kind: &str, name: &str, values: &[(&'static str, &str)]) -> Item {
        Item {
            id: format!("{kind}-{name}"),
            kind: kind.into(),
            name: name.into(),
            values: values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            registered: true,
            ..Item::default()
        }
    }

    /// Every text, with the path to it.
    fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
        visit(path, value);
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, one)| walk(one, &format!("{path}/{name}"), visit))
            }
            Value::Array(all) => all.iter().for_each(|one| walk(one, path, visit)),
            _ => {}
        }
    }

    #[test]
    fn the_document_has_what_the_model_asks_for() {
        let items = [
            item("device", "Máy chủ 1", &[("addresses", "10.0.0.1, 2001:db8::1, 10.0.0.0/24"), ("serial", "SN 1")]),
            item("zone", "DMZ", &[("addresses", "10.0.1.0/24")]),
            item("link", "Sổ học bạ", &[("relation", "data-flow")]),
            item("data-set", "Hồ sơ", &[("information", "Bệnh án")]),
            item("supplier", "Công ty Nứa", &[]),
        ];
        let document = document(&system(), &items, 1_795_510_800_000_000);
        let plan = &document["system-security-plan"];
        assert_eq!(plan["metadata"]["last-modified"], "2026-11-24T09:00:00Z");
        let told = &plan["system-characteristics"];
        for member in
            ["system-ids", "system-name", "description", "system-information", "status", "authorization-boundary"]
        {
            assert!(!told[member].is_null(), "{member}");
        }
        assert_eq!(told["status"]["state"], "operational");
        assert_eq!(told["system-information"]["information-types"].as_array().unwrap().len(), 2);
        let inventory = &plan["system-implementation"]["inventory-items"][0]["props"];
        let names: Vec<_> = inventory.as_array().unwrap().iter().map(|prop| prop["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["asset-id", "ipv4-address", "ipv6-address", "addresses", "serial-number"]);
        let mut uuids = BTreeSet::new();
        walk(&document, "", &mut |path, value| {
            let Some(text) = value.as_str() else {
                assert!(!value.as_array().is_some_and(Vec::is_empty), "{path} is empty");
                return;
            };
            assert!(!text.trim().is_empty(), "{path} is blank");
            if path.ends_with("/uuid") {
                let parts: Vec<_> = text.split('-').map(str::len).collect();
                assert_eq!(parts, [8, 4, 4, 4, 12], "{text}");
                assert!(text.as_bytes()[14] == b'5' && b"89ab".contains(&text.as_bytes()[19]), "{text}");
                uuids.insert((path.to_owned(), text.to_owned()));
            }
            if path.contains("/props/") {
                assert!(!text.contains('\n') && text.trim() == text, "{path}: {text}");
            }
        });
        assert!(uuids.len() >= 10, "{uuids:?}");
    }

    #[test]
    fn of_a_system_with_state_secrets_nothing_but_name_owner_and_level_is_told() {
        let secret = System {
            id: "s".into(),
            code: "MAT-01".into(),
            name: "Tre Xanh".into(),
            agency_name: "Sở Y tế".into(),
            level: 4,
            state: "proposed".into(),
            secret: true,
            version: 1,
            ..System::default()
        };
        let text = document(&secret, &[], 0).to_string();
        assert!(!text.contains("system-operator") && text.contains("level-4"), "{text}");
    }
}
