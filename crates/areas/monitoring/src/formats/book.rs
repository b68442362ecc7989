//! Formats as a book of regulations: read together, with their samples, at the start and for a change.

use super::{FOLDER, Shelf};
use ingest::{About, FormatSet, SAMPLES_ARRIVED, about};
use kit::clock::Micros;
use kit::locale::{Argument, texts};
use kit::{Lang, Tx, View};
use organisation::regulations::{Book, Description, Fault, Files, Work};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Sets of files whose outcome is remembered: those in force, and what somebody is writing.
const REMEMBERED: usize = 4;

/// `content/formats/`; what is put in force stands on the shelf from then on.
pub struct Formats {
    shelf: Shelf,
    embedded: Files,
    /// Of records that name no zone and whose source has none set.
    time_zone: String,
    read: Mutex<VecDeque<Read>>,
}

/// What came of some files.
struct Read {
    files: Files,
    outcome: Outcome,
}

type Outcome = Result<Arc<FormatSet>, Vec<Fault>>;

impl Formats {
    /// `embedded`: the files built into the program, by their path in `content/`.
    pub fn new(shelf: Shelf, embedded: Files, time_zone: &str) -> Self {
        Self { shelf, embedded, time_zone: time_zone.to_owned(), read: Mutex::default() }
    }

    fn read(&self, files: &Files) -> Outcome {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.iter().find(|one| one.files == *files) {
            return known.outcome.clone();
        }
        let outcome = load(files, &self.time_zone).map(Arc::new);
        if read.len() >= REMEMBERED {
            read.pop_front();
        }
        read.push_back(Read { files: files.clone(), outcome: outcome.clone() });
        outcome
    }
}

/// All files compiled, with every sample read as it says.
pub(super) fn load(files: &Files, time_zone: &str) -> Result<FormatSet, Vec<Fault>> {
    let mut names: BTreeMap<String, &String> = BTreeMap::new();
    let mut faults = Vec::new();
    for (path, text) in files {
        match about(text) {
            Ok(about) => {
                names.insert(about.name, path);
            }
            Err(error) => faults.push(Fault::of_toml(path, text, &error)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let named: Vec<(String, String)> = files.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
    let mut set = FormatSet::load(&named).map_err(|errors| {
        let fault =
            |error: ingest::FormatError| Fault::new(&error.file, None, "format-fault-words", [("words", error.reason)]);
        errors.0.into_iter().map(fault).collect::<Vec<_>>()
    })?;
    // As their authors wrote them: without the zone that this centre has set.
    let (_, failures) = set.check_samples(SAMPLES_ARRIVED);
    if !failures.is_empty() {
        let fault = |failure: ingest::SampleFailure| {
            let path = names.get(&failure.format).map_or(FOLDER, |path| path.as_str());
            let arguments = [("line", failure.line), ("difference", failure.difference)];
            Fault::new(path, None, "format-fault-sample", arguments)
        };
        return Err(failures.into_iter().map(fault).collect());
    }
    if !set.set_default_time_zone(time_zone) {
        return Err(vec![Fault::new(FOLDER, None, "format-fault-zone", [("zone", time_zone.to_owned())])]);
    }
    Ok(set)
}

impl Book for Formats {
    fn folders(&self) -> &'static [&'static str] {
        &[FOLDER]
    }

    fn embedded(&self) -> Files {
        self.embedded.clone()
    }

    fn faults(&self, files: &Files) -> Vec<Fault> {
        self.read(files).err().unwrap_or_default()
    }

    fn describe(&self, path: &str, text: &str, lang: Lang) -> Description {
        match about(text) {
            Ok(about) => Description {
                title: about.title,
                text_seen: true,
                standing: texts().text_with(lang, "format-standing", &[("name", about.name.into())]),
                ..Description::default()
            },
            Err(_) => Description { title: path.to_owned(), text_seen: true, ..Description::default() },
        }
    }

    fn effects(&self, before: &Files, after: &Files, lang: Lang) -> Vec<String> {
        let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut sentences: Vec<String> =
            paths.into_iter().filter_map(|path| effect(before.get(path), after.get(path), lang)).collect();
        if !sentences.is_empty() {
            sentences.push(texts().text_with(lang, "format-effect-from-now", &[]));
        }
        sentences
    }

    /// What was read stays as it was read.
    fn running<'a>(&'a self, _view: &'a View<'_>, _now: Micros, _lang: Lang) -> Work<'a, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn follow<'a>(&'a self, _tx: &'a Tx<'_>, _now: Micros, _files: &'a Files) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn put_in_force(&self, files: &Files) -> Result<(), Vec<Fault>> {
        self.shelf.replace(self.read(files)?);
        Ok(())
    }
}

/// What becomes different by one file.
fn effect(before: Option<&String>, after: Option<&String>, lang: Lang) -> Option<String> {
    if before == after {
        return None;
    }
    let of = |text: Option<&String>| text.and_then(|text| about(text).ok());
    let say = |key: &str, about: &About, before: u32| {
        let arguments: [(&str, Argument<'_>); 4] = [
            ("name", about.name.as_str().into()),
            ("version", about.version.to_string().into()),
            ("before", before.to_string().into()),
            ("samples", about.samples.into()),
        ];
        Some(texts().text_with(lang, key, &arguments))
    };
    match (of(before), of(after)) {
        (None, Some(now)) => say("format-effect-new", &now, 0),
        (Some(was), Some(now)) if was.version == now.version => say("format-effect-same-version", &now, was.version),
        (Some(was), Some(now)) => say("format-effect-changed", &now, was.version),
        (Some(was), None) => say("format-effect-gone", &was, was.version),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: &str = "name = 'gate'\nversion = 1\ntitle = 'Cổng'\norder = 450\nextract = 'patterns'\n[recognise]\n\
        lines = ['^gate: ']\n[[pattern]]\nregex = '^gate: (?P<act>opened|closed) by (?P<user>\\S+)'\n\
        [[sample]]\nline = 'gate: opened by anna'\norigin = 'a gate'\nevidence = 'seen'\nfields = { user = 'anna' }\n";

    fn files(text: &str) -> Files {
        Files::from([("formats/gate.toml".to_owned(), text.to_owned())])
    }

    fn book() -> Formats {
        let shelf = Shelf::new(FormatSet::load(&[]).expect("no formats"));
        Formats::new(shelf, Files::new(), "Asia/Ho_Chi_Minh")
    }

    #[test]
    fn what_is_put_in_force_stands_on_the_shelf() {
        let book = book();
        assert_eq!(book.faults(&files(GATE)), []);
        book.put_in_force(&files(GATE)).expect("no fault");
        assert_eq!(book.shelf.current().names(), ["gate"]);
        assert_eq!(book.describe("formats/gate.toml", GATE, Lang::Vi).title, "Cổng");
    }

    #[test]
    fn a_fault_names_the_file_the_line_and_the_sample() {
        let book = book();
        let broken = book.faults(&files(&GATE.replace("order = 450", "odrer = 450")));
        assert_eq!((broken.len(), broken[0].path.as_str(), broken[0].line), (1, "formats/gate.toml", Some(4)));
        let expression = book.faults(&files(&GATE.replace("(?P<act>", "(?P<act")));
        assert_eq!((expression.len(), expression[0].key), (1, "format-fault-words"));
        let sample = book.faults(&files(&GATE.replace("user = 'anna' }", "user = 'bao' }")));
        assert_eq!(
            (sample.len(), sample[0].key, sample[0].path.as_str()),
            (1, "format-fault-sample", "formats/gate.toml")
        );
        assert!(book.put_in_force(&files("name = 1")).is_err());
        assert!(book.shelf.current().names().is_empty(), "what was in force stays");
    }

    #[test]
    fn effects_say_when_a_version_was_not_raised() {
        let book = book();
        let (before, same) = (files(GATE), files(&GATE.replace("'Cổng'", "'Cổng chính'")));
        let raised = files(&GATE.replace("version = 1", "version = 2"));
        let sentences = |after: &Files| book.effects(&before, after, Lang::En);
        assert_eq!(sentences(&before), Vec::<String>::new());
        assert_ne!(sentences(&same), sentences(&raised));
        assert_eq!(book.effects(&Files::new(), &before, Lang::Vi).len(), 2);
    }
}
