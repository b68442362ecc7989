//! The law in force as data. Areas read it from folders of `content/` ([`Book`]); a file is built in, or stands in the
//! directory of the installation, or was changed here by whoever holds the capability and was let by somebody else
//! (elevation `change-law`). Every change is a version; none is ever deleted, and the newest one counts.

mod book;
mod edit;
mod in_force;
mod pages;
mod service;
mod store;
mod view;

pub use book::{Book, Description, Fault, Files, Provision, Work, line_at, line_of_key};
pub use in_force::{InForce, LawError, Regulations, Source, State, Unread, digest};
pub use service::{
    Change, Preview, apply, ask, built_on, check, discard, has_moved, keep_draft, preview, require_change, tidy,
};
pub use store::{Draft, Version, draft_of, drafts_of, find, of_file};
pub(crate) use view::title_of;

use kit::web::Routes;

pub fn routes() -> Routes {
    pages::routes().merge(edit::routes())
}

/// A path as a part of addresses: `duties.plans-2026` for `duties/plans-2026.toml`.
pub fn address_of(path: &str) -> String {
    path.strip_suffix(".toml").unwrap_or(path).replacen('/', ".", 1)
}

/// And back.
pub fn path_of(address: &str) -> Option<String> {
    let (folder, name) = address.split_once('.')?;
    Some(format!("{folder}/{name}.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_path() {
        let path = "duties/plans-2026.toml";
        assert_eq!(address_of(path), "duties.plans-2026");
        assert_eq!(path_of("duties.plans-2026").as_deref(), Some(path));
        assert_eq!(path_of("duties.v1.2").map(|path| address_of(&path)).as_deref(), Some("duties.v1.2"));
        assert_eq!(path_of("duties"), None);
    }
}
