//! Who may import whom (`ARCHITECTURE.md`): three floors, arrows point down; among areas only to the left. And what may
//! come in from outside: licences that are allowed, and nothing that is not used.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const AREAS: [&str; 7] = ["organisation", "assurance", "monitoring", "response", "exchange", "outreach", "direction"];
const ENGINES: [&str; 7] = ["event", "ingest", "event-store", "detection", "baseline", "stix", "documents"];

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

/// The whole graph for this machine.
fn graph() -> cargo_metadata::Metadata {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let options = ["--locked", "--offline", "--filter-platform", platform.as_str()].map(str::to_owned).to_vec();
    MetadataCommand::new().other_options(options).exec().expect("cargo metadata")
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let deny = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deny.toml");
    let deny: toml::Table = std::fs::read_to_string(deny).expect("deny.toml").parse().expect("TOML");
    let allowed: Vec<&str> = deny["licenses"]["allow"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|name| name.as_str().expect("a name"))
        .collect();
    let is_allowed = |licence: &str| {
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX);
        expression.is_ok_and(|expression| expression.evaluate(|one| allowed.contains(&one.to_string().as_str())))
    };
    let graph = graph();
    let used: Vec<_> = graph.resolve.as_ref().expect("a graph").nodes.iter().map(|node| &node.id).collect();
    let refused: Vec<_> = graph
        .packages
        .iter()
        .filter(|package| used.contains(&&package.id))
        .filter(|package| !package.license.as_deref().is_some_and(is_allowed))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert!(refused.is_empty(), "licences that deny.toml does not allow: {refused:#?}");
}

#[test]
fn every_dependency_is_used() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let mut unused = Vec::new();
    for package in &metadata.packages {
        let folder = package.manifest_path.parent().expect("a folder");
        let mut source = String::new();
        read_sources(folder.as_std_path(), &mut source);
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
            let name = name.strip_prefix("luytre_").unwrap_or(&name);
            let as_path = [format!("{name}::"), format!("use {name};"), format!("luytre_{name}")];
            if !as_path.iter().any(|path| source.contains(path.as_str())) {
                unused.push(format!("{}: {}", package.name, dependency.name));
            }
        }
    }
    assert!(unused.is_empty(), "dependencies that no source names: {unused:#?}");
}

/// What opens a connection to somewhere else.
const CALLS: [&str; 7] = [
    "Client::builder",
    "reqwest::Client::new",
    "TcpStream::connect",
    "UnixStream::connect",
    "SmtpTransport::",
    "S3Builder::new",
    "Database::connect",
];
/// Files that do, and where to (`docs/security.md`, "Connections"). A person can name an address to the first two alone; it is
/// checked by `delivery::addresses`. Feeds of records, which the configuration names, are fetched through the second; indicators and
/// rules come as files.
const CALLERS: [&str; 9] = [
    "areas/organisation/src/delivery/mail.rs",
    "areas/organisation/src/delivery/web.rs",
    "areas/organisation/src/sign_in/providers/client.rs",
    "engines/event-store/src/archive/objects.rs",
    "kit/src/db.rs",
    "luytre/src/centre.rs",
    "luytre/src/control.rs",
    "luytre/src/demonstration/traffic.rs",
    "luytre/src/web_door.rs",
];

#[test]
fn nothing_calls_elsewhere_but_the_places_that_are_known() {
    let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut callers = Vec::new();
    find_callers(crates, &mut callers);
    let mut found: Vec<_> = callers
        .iter()
        .map(|path| path.strip_prefix(crates).expect("below crates").to_str().expect("a name").replace('\\', "/"))
        .filter(|path| path.contains("/src/") && !path.starts_with("test-support/"))
        .collect();
    found.sort();
    assert_eq!(found, CALLERS, "an address that somebody else can choose is checked before it is called");
}

fn find_callers(folder: &Path, callers: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            find_callers(&path, callers);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("source");
            if CALLS.iter().any(|call| source.contains(call)) {
                callers.push(path);
            }
        }
    }
}

fn read_sources(folder: &Path, source: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            read_sources(&path, source);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            source.push_str(&std::fs::read_to_string(&path).expect("source"));
        }
    }
}
