//! Tells cargo when the embedded browser files change, gives them one content hash for their address, and
//! says how to make them where they are missing.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo:rerun-if-changed={}", root.join("../../locales").display());
    let mut hasher = DefaultHasher::new();
    for folder in ["assets/own", "assets/vendor"] {
        let folder = root.join(folder);
        println!("cargo:rerun-if-changed={}", folder.display());
        if !folder.is_dir() {
            println!(
                "cargo::error=crates/kit/{} is missing: the browser libraries are fetched by npm at build time. \
                 Run `make assets` and build again.",
                folder.strip_prefix(&root).unwrap_or(&folder).display()
            );
            return;
        }
        hash(&folder, &mut hasher);
    }
    println!("cargo:rustc-env=LUYTRE_ASSETS_HASH={:016x}", hasher.finish());
}

fn hash(folder: &Path, hasher: &mut DefaultHasher) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash(&path, hasher);
        } else {
            path.file_name().hash(hasher);
            std::fs::read(&path).unwrap_or_default().hash(hasher);
        }
    }
}
