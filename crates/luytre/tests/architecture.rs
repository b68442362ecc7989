//! Who may import whom (`ARCHITECTURE.md`): three floors, arrows point down; among areas only to the left.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeMap;

const AREAS: [&str; 7] = ["organisation", "assurance", "monitoring", "response", "exchange", "outreach", "direction"];
const ENGINES: [&str; 6] = ["event", "ingest", "event-store", "detection", "stix", "documents"];

/// What a crate may import of ours.
fn allowed(name: &str) -> Vec<String> {
    let crate_name = |name: &&str| format!("luytre-{name}");
    let engines = ENGINES.iter().map(crate_name);
    match name.strip_prefix("luytre-") {
        None => AREAS.iter().chain(&ENGINES).chain(&["kit"]).map(crate_name).collect(),
        Some("kit" | "event") => Vec::new(),
        Some("test-support") => vec!["luytre-kit".to_owned()],
        // Direction reads the others through the SQL catalogue and imports organisation alone.
        Some("direction") => engines.chain(["luytre-kit".to_owned(), "luytre-organisation".to_owned()]).collect(),
        Some(engine) if ENGINES.contains(&engine) => vec!["luytre-event".to_owned()],
        Some(area) => {
            let left = AREAS.iter().take_while(|one| **one != area).map(crate_name);
            engines.chain(left).chain(["luytre-kit".to_owned()]).collect()
        }
    }
}

#[test]
fn imports_point_down_and_among_areas_to_the_left() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let mut wrong = BTreeMap::new();
    for package in &metadata.packages {
        let may = allowed(&package.name);
        let imports: Vec<_> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .filter(|dependency| dependency.name == "luytre" || dependency.name.starts_with("luytre-"))
            .filter(|dependency| !may.contains(&dependency.name))
            .map(|dependency| dependency.name.clone())
            .collect();
        if !imports.is_empty() {
            wrong.insert(package.name.to_string(), imports);
        }
    }
    assert!(wrong.is_empty(), "imports against the order of the house: {wrong:#?}");
}

#[test]
fn every_crate_has_its_place() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    for package in &metadata.packages {
        let name = package.name.strip_prefix("luytre-").unwrap_or("luytre").to_owned();
        let folder = package.manifest_path.parent().expect("a folder").to_string();
        let expected = match name.as_str() {
            "luytre" | "kit" | "test-support" => format!("crates/{name}"),
            engine if ENGINES.contains(&engine) => format!("crates/engines/{engine}"),
            area => format!("crates/areas/{area}"),
        };
        assert!(folder.ends_with(&expected), "{name} lies in {folder}, expected {expected}");
    }
}
