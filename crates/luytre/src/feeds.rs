//! What comes in besides what is sent to a door: folders that are followed, feeds that are fetched. Their settings, and how
//! they are wired.

use crate::centre::Centre;
use crate::configuration::{Configuration, Secret};
use anyhow::{Result, bail};
use monitoring::pull::{CursorSettings, FeedSettings, Pull};
use monitoring::watch::WatchSettings;
use notify::Watcher;
use organisation::delivery::Web;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A feed that is fetched. Its address may be called under the rule for webhooks (`reachable_networks` of
/// `content/organisation/notices.toml`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PulledFeed {
    /// Of our own; stored with its records.
    pub name: String,
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    pub every_seconds: u64,
    /// Where the list of records is in the answer, as names behind slashes.
    #[serde(default)]
    pub records: String,
    /// Name in the address by which the feed is told what is known already; its value comes from `cursor_in_answer` or
    /// from `cursor_in_record`, a place in the last record.
    pub cursor_parameter: Option<String>,
    pub cursor_in_answer: Option<String>,
    pub cursor_in_record: Option<String>,
    pub source: Option<String>,
    pub format: Option<String>,
    pub time_zone: Option<String>,
}

impl PulledFeed {
    pub fn settings(&self) -> FeedSettings {
        let place = self.cursor_in_record.as_ref().map(|place| (place, true));
        let place = place.or(self.cursor_in_answer.as_ref().map(|place| (place, false)));
        let cursor = self.cursor_parameter.as_ref().zip(place);
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), value.reveal().to_owned()));
        FeedSettings {
            name: self.name.clone(),
            url: self.url.clone(),
            headers: headers.collect(),
            every: Duration::from_secs(self.every_seconds),
            records: self.records.clone(),
            cursor: cursor.map(|(parameter, (from, of_record))| CursorSettings {
                parameter: parameter.clone(),
                from: from.clone(),
                of_record,
            }),
            source_id: self.source.clone(),
            format: self.format.clone(),
            time_zone: self.time_zone.clone(),
        }
    }

    fn check(&self) -> Result<()> {
        let places = [&self.cursor_in_answer, &self.cursor_in_record].into_iter().flatten().count();
        let slashed = [Some(&self.records), self.cursor_in_answer.as_ref(), self.cursor_in_record.as_ref()];
        if self.name.is_empty() || self.every_seconds == 0 {
            bail!("pull.name and pull.every_seconds must be set");
        }
        if places != usize::from(self.cursor_parameter.is_some()) {
            bail!("pull.cursor_parameter and one of pull.cursor_in_answer and pull.cursor_in_record go together");
        }
        if slashed.into_iter().flatten().any(|place| !place.is_empty() && !place.starts_with('/')) {
            bail!("places in the answer of {} begin with a slash", self.name);
        }
        match self.time_zone.as_deref().filter(|zone| !ingest::is_time_zone(zone)) {
            Some(zone) => bail!("pull.time_zone: no time zone is called {zone}"),
            None => Ok(()),
        }
    }
}

/// A folder whose files are followed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchedFolder {
    pub folder: PathBuf,
    /// Patterns of names, with `*` and `?`; all files where empty.
    pub files: Vec<String>,
    /// Folders below it too.
    pub subfolders: bool,
    /// Id of the registered source that the files come from.
    pub source: Option<String>,
    /// Format by name; recognised by itself where absent.
    pub format: Option<String>,
    /// Year for records without one.
    pub year: Option<i16>,
    /// Zone (IANA name or offset) for records without one.
    pub time_zone: Option<String>,
}

impl WatchedFolder {
    pub fn settings(&self) -> WatchSettings {
        WatchSettings {
            folder: self.folder.clone(),
            names: self.files.clone(),
            subfolders: self.subfolders,
            source_id: self.source.clone(),
            format: self.format.clone(),
            year: self.year,
            time_zone: self.time_zone.clone(),
        }
    }

    fn check(&self) -> Result<()> {
        if !self.folder.is_absolute() {
            bail!("watch.folder {} must be a whole path, from the root on", self.folder.display());
        }
        match self.time_zone.as_deref().filter(|zone| !ingest::is_time_zone(zone)) {
            Some(zone) => bail!("watch.time_zone: no time zone is called {zone}"),
            None => Ok(()),
        }
    }
}

/// Refuses what could not work.
pub(crate) fn check(configuration: &Configuration) -> Result<()> {
    configuration.watch.iter().try_for_each(WatchedFolder::check)?;
    configuration.pull.iter().try_for_each(PulledFeed::check)?;
    let names: BTreeSet<&str> = configuration.pull.iter().map(|feed| feed.name.as_str()).collect();
    if names.len() < configuration.pull.len() {
        bail!("each feed of [[pull]] needs a name of its own");
    }
    Ok(())
}

/// What fetches feeds. They are called as webhooks are.
pub(crate) fn pull(centre: &Centre) -> Result<Pull> {
    let web = Web::new(&centre.policies.notice.reachable_networks)?;
    let feeds = centre.configuration.pull.iter().map(PulledFeed::settings).collect();
    Ok(Pull::new(feeds, web, centre.store.clone(), centre.clock.clone()))
}

/// The folders to follow. What would read what it writes itself is refused.
pub(crate) fn watched_folders(centre: &Centre, data: &Path) -> Result<Vec<WatchSettings>> {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (data, formats) = (whole(data), centre.pipeline.formats());
    for one in &centre.configuration.watch {
        let folder = whole(&one.folder);
        let within = folder.starts_with(&data) || one.subfolders && data.starts_with(&folder);
        anyhow::ensure!(!within, "watch.folder {} holds the data directory or lies in it", folder.display());
        if let Some(format) = one.format.as_deref().filter(|format| !formats.names().contains(format)) {
            anyhow::bail!("watch.format: no format is called {format}");
        }
    }
    Ok(centre.configuration.watch.iter().map(WatchedFolder::settings).collect())
}

/// Wakes whoever follows folders when something in them changes; where the system does not tell, they are looked at every
/// few seconds all the same.
pub(crate) fn watch_folders(folders: &[WatchSettings], wake: Arc<Notify>) -> Option<notify::RecommendedWatcher> {
    if folders.is_empty() {
        return None;
    }
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            wake.notify_one();
        }
    })
    .inspect_err(|error| tracing::info!(%error, "changes in watched folders are looked for"))
    .ok()?;
    for one in folders {
        let mode = if one.subfolders { notify::RecursiveMode::Recursive } else { notify::RecursiveMode::NonRecursive };
        if let Err(error) = watcher.watch(&one.folder, mode) {
            tracing::info!(%error, folder = %one.folder.display(), "changes in this folder are looked for");
        }
    }
    Some(watcher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watched_folders_are_whole_paths_with_known_zones() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("luytre.toml");
        let load = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Configuration::load(directory.path(), None)
        };
        let found =
            load("[[watch]]\nfolder = \"/var/log/app\"\nfiles = [\"*.log\"]\ntime_zone = \"+07:00\"\n").unwrap();
        assert_eq!(found.watch[0].settings().names, ["*.log"]);
        assert!(load("[[watch]]\nfolder = \"log\"\n").is_err());
        assert!(load("[[watch]]\nfolder = \"/log\"\ntime_zone = \"nowhere\"\n").is_err());
    }

    #[test]
    fn feeds_say_where_their_cursor_is_and_their_keys_do_not_show() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("luytre.toml");
        let load = |more: &str| {
            let text = format!("[[pull]]\nname = \"a\"\nurl = \"https://a.example\"\nevery_seconds = 60\n{more}");
            std::fs::write(&file, text).unwrap();
            Configuration::load(directory.path(), None)
        };
        let cursor = "cursor_parameter = \"since\"\ncursor_in_record = \"/at\"\n";
        let found = load(&format!("{cursor}headers = {{ Authorization = \"quiet\" }}\n")).unwrap();
        assert!(!format!("{found:?}").contains("quiet"));
        let settings = found.pull[0].settings();
        assert!(settings.cursor.is_some_and(|cursor| cursor.of_record && cursor.from == "/at"));
        assert_eq!(settings.headers, [("Authorization".to_owned(), "quiet".to_owned())]);
        assert!(load("cursor_parameter = \"since\"\n").is_err());
        assert!(load("records = \"items\"\n").is_err());
        assert!(load("[[pull]]\nname = \"a\"\nurl = \"https://b.example\"\nevery_seconds = 60\n").is_err());
    }
}
