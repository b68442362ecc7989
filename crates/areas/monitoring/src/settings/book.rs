//! The settings of monitoring as a book of regulations.

use super::{FOLDER, Settings, Shelf, describe, embedded};
use kit::clock::Micros;
use kit::{Lang, Tx, View};
use organisation::regulations::{Book, Description, Fault, Files, Work};

/// `content/monitoring/`; what is put in force stands on the shelf from then on.
pub struct MonitoringSettings(Shelf);

impl MonitoringSettings {
    pub fn new(shelf: Shelf) -> Self {
        Self(shelf)
    }
}

impl Book for MonitoringSettings {
    fn folders(&self) -> &'static [&'static str] {
        &[FOLDER]
    }

    fn embedded(&self) -> Files {
        embedded()
    }

    fn faults(&self, files: &Files) -> Vec<Fault> {
        Settings::read(files).err().map(|error| error.0).unwrap_or_default()
    }

    fn describe(&self, path: &str, text: &str, lang: Lang) -> Description {
        describe::describe(path, text, lang)
    }

    fn effects(&self, before: &Files, after: &Files, lang: Lang) -> Vec<String> {
        describe::effects(before, after, lang)
    }

    /// Nothing runs under settings that would go on under them.
    fn running<'a>(&'a self, _view: &'a View<'_>, _now: Micros, _lang: Lang) -> Work<'a, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn follow<'a>(&'a self, _tx: &'a Tx<'_>, _now: Micros, _files: &'a Files) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn put_in_force(&self, files: &Files) -> Result<(), Vec<Fault>> {
        self.0.replace(Settings::read(files).map_err(|error| error.0)?);
        Ok(())
    }
}
