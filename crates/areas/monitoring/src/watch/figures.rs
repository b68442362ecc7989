//! What became of watched folders since the start, for the page, the doctor and whoever asks.

use super::WatchSettings;
use event::Micros;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Troubles that are told one by one.
const MOST_TOLD: usize = 10;

/// Figures of one folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderFigures {
    pub folder: String,
    /// Files that are followed.
    pub followed: u64,
    /// Files that were read as a whole.
    pub whole: u64,
    /// Files that are no logs.
    pub skipped: u64,
    /// Files of lines beyond the number that is followed at once.
    pub left_out: u64,
    pub records: u64,
    /// Records of these that could not be read; an event of ours stands in the place of each.
    pub rejected: u64,
    /// Files that were cut or rewritten from their beginning.
    pub cut: u64,
    /// Bytes not read yet.
    pub behind: u64,
    /// When something was last read.
    pub last_read: Option<Micros>,
    /// What could not be read at the last look, and why.
    pub troubles: Vec<String>,
}

/// One folder, and what was told of it at the look before.
#[derive(Debug, Default)]
struct Looked {
    figures: FolderFigures,
    before: Vec<String>,
}

/// Figures of all folders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WatchBoard(Arc<Mutex<Vec<Looked>>>);

impl WatchBoard {
    pub(super) fn new(folders: &[WatchSettings]) -> Self {
        let named = |settings: &WatchSettings| {
            let folder = settings.folder.display().to_string();
            Looked { figures: FolderFigures { folder, ..FolderFigures::default() }, before: Vec::new() }
        };
        Self(Arc::new(Mutex::new(folders.iter().map(named).collect())))
    }

    pub fn figures(&self) -> Vec<FolderFigures> {
        self.all().iter().map(|one| one.figures.clone()).collect()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Looked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut FolderFigures)) {
        if let Some(one) = self.all().get_mut(number) {
            change(&mut one.figures);
        }
    }

    /// A look begins; troubles of the last one are forgotten.
    pub(super) fn look(&self, number: usize) {
        if let Some(one) = self.all().get_mut(number) {
            one.before = std::mem::take(&mut one.figures.troubles);
            one.figures.left_out = 0;
        }
    }

    pub(super) fn looked(&self, number: usize, followed: u64, behind: u64) {
        self.change(number, |one| (one.followed, one.behind) = (followed, behind));
    }

    pub(super) fn read(&self, number: usize, records: u64, rejected: u64, at: Micros) {
        self.change(number, |one| {
            one.records += records;
            one.rejected += rejected;
            one.last_read = Some(at);
        });
    }

    pub(super) fn whole(&self, number: usize) {
        self.change(number, |one| one.whole += 1);
    }

    pub(super) fn skipped(&self, number: usize) {
        self.change(number, |one| one.skipped += 1);
    }

    pub(super) fn left_out(&self, number: usize) {
        self.change(number, |one| one.left_out += 1);
    }

    pub(super) fn cut(&self, number: usize) {
        self.change(number, |one| one.cut += 1);
    }

    pub(super) fn trouble(&self, number: usize, path: &Path, error: &impl Display) {
        let told = format!("{}: {error}", path.display());
        let mut all = self.all();
        let Some(Looked { figures, before }) = all.get_mut(number) else { return };
        if figures.troubles.len() >= MOST_TOLD || figures.troubles.contains(&told) {
            return;
        }
        // Once, not at every look.
        if !before.contains(&told) {
            tracing::warn!("a watched file could not be read: {told}");
        }
        figures.troubles.push(told);
    }
}
