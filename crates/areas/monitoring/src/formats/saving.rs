//! From a text to a version: tried together with the formats in force, and kept for the second person.

use super::{FOLDER, book, path_of};
use ingest::{FormatSet, about};
use kit::Error;
use kit::web::Visit;
use organisation::Policies;
use organisation::regulations::{Change, Fault, Files, Regulations, State, ask, digest, require_change, tidy};
use std::sync::Arc;

/// The files of formats in force.
pub(super) fn files(state: &State) -> Files {
    let folder = format!("{FOLDER}/");
    state.texts().into_iter().filter(|(path, _)| path.starts_with(&folder)).collect()
}

/// Where a text belongs: to the file of the format of this name, else to a new one.
fn path_for(files: &Files, name: &str) -> String {
    let is_named = |text: &String| about(text).is_ok_and(|one| one.name == name);
    files.iter().find(|(_, text)| is_named(text)).map_or_else(|| path_of(name), |(path, _)| path.clone())
}

/// A format that somebody is writing, among those in force.
pub(super) struct Tried {
    pub(super) path: String,
    /// As it would be kept.
    pub(super) text: String,
    /// The formats with it; else what is wrong.
    pub(super) outcome: Result<Arc<FormatSet>, Vec<Fault>>,
}

/// Puts a text among the formats in force, for once. It takes some tenths of a second.
pub(super) async fn tried(visit: &Visit, formats: Arc<FormatSet>, text: &str) -> Result<Tried, Error> {
    let regulations = Regulations::of(&visit.app)?;
    let text = tidy(text).map_err(|key| Error::invalid("text", key))?;
    let state = regulations.current();
    let work = move || {
        let mut files = files(&state);
        let path = match about(&text) {
            Ok(about) => path_for(&files, &about.name),
            Err(error) => {
                let path = format!("{FOLDER}/…");
                let faults = vec![Fault::of_toml(&path, &text, &error)];
                return Tried { path, text, outcome: Err(faults) };
            }
        };
        files.insert(path.clone(), text.clone());
        let outcome = book::load(&files, "UTC").map(|mut set| {
            set.take_time_zone(&formats);
            Arc::new(set)
        });
        Tried { path, text, outcome }
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// Keeps a text that loads for the second person. Gives the path of its file.
pub(super) async fn save(visit: &Visit, tried: Tried, reason: &str) -> Result<String, Error> {
    require_change(visit.scope())?;
    let regulations = Regulations::of(&visit.app)?;
    let Tried { path, text, outcome } = tried;
    if let Err(faults) = outcome {
        let words: Vec<String> = faults.iter().map(|fault| fault.in_words(visit.lang)).collect();
        return Err(Error::Refused { status: 422, key: "format-does-not-load", words: words.join("; ") });
    }
    regulations.reader(&path).map_err(|_| Error::invalid("text", "format-name-signs"))?;
    let state = regulations.current();
    if state.text(&path) == text {
        return Err(Error::Conflict("regulation-nothing-changed"));
    }
    let built_on = digest(state.text(&path));
    let change =
        Change { path: path.clone(), text, reason: reason.to_owned(), basis: visit.t("format-basis"), built_on };
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    let told = (&visit.app.live, &*policies);
    ask(&tx, &regulations, told, visit.now(), &visit.session.agency_id, &change).await?;
    tx.commit().await?;
    Ok(path)
}
