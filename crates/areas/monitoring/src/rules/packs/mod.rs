//! Packs of rules from outside, each in a folder of its own below this installation's rules: reading one within bounds, what it
//! changes, and writing it. Releases of others come as they are; what is signed is in `bundles`.

mod folder;
pub mod pages;
mod plan;
mod reading;
pub mod service;

pub(in crate::rules) use plan::holds_rules;
pub use plan::{Lines, Named, PackFile, Plan, is_of_a_pack, plan, without_common_folder};
pub use reading::Pack;
pub use service::Compared;

use kit::Error;
use std::path::PathBuf;

/// Where rules lie; a port of the program.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Folder of this installation's own rules.
    pub own: PathBuf,
    /// Those that the program brings along, by their paths.
    pub built_in: Vec<(PathBuf, String)>,
}

/// Folders of bundles begin so; nothing else may.
pub(super) const OF_A_BUNDLE: &str = "bundle-";

const LONGEST_NAME: usize = 60;

/// Whether this can name a folder and a bundle: small letters, digits, hyphens.
pub(super) fn is_name(name: &str) -> bool {
    let sound = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(sound)
}

/// Name of the folder of a release.
pub fn folder_name(name: &str) -> Result<String, Error> {
    let name = name.trim().to_lowercase();
    match is_name(&name) && !name.starts_with(OF_A_BUNDLE) {
        true => Ok(name),
        false => Err(Error::mistake("rules-import-name", [("name", name)])),
    }
}
