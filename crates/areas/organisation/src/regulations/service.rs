//! What can be done with law: look at what a change would do, keep it for the second person, put in force what was approved.

use super::book::{Fault, Files};
use super::in_force::{Regulations, State, digest, of_book};
use super::store::{self, Draft, Version};
use crate::audit;
use crate::elevations::{self, Act};
use crate::policies::{CHANGE_LAW, Policies};
use kit::clock::Micros;
use kit::diff::{self, Line, Mark};
use kit::live::Live;
use kit::scope::Agencies;
use kit::text::{FieldFaults, several_lines};
use kit::{Capability, Connection, Error, Lang, Scope, Tx};
use serde_json::json;

const LONGEST_TEXT: usize = 200_000;
/// No longer than the reason of an elevation may be.
const LONGEST_REASON: usize = 1_500;
/// Changed lines that the trail keeps; the whole text is in the version.
const LINES_IN_TRAIL: usize = 400;

/// What somebody wants to put in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub path: String,
    pub text: String,
    pub reason: String,
    /// Legal basis of the change.
    pub basis: String,
    /// Digest of the text in force when it was begun.
    pub built_on: String,
}

impl Change {
    /// Digest of everything in it: what the second person approves.
    pub fn digest(&self) -> String {
        digest(&json!([self.path, self.built_on, self.text, self.reason, self.basis]).to_string())
    }

    /// As it is kept.
    ///
    /// # Errors
    /// The fields that are wrong, each with what is wrong.
    pub fn tidied(&self) -> Result<Self, Error> {
        let mut faults = FieldFaults::default();
        let text = tidy(&self.text).unwrap_or_else(|key| {
            faults.add("text", key);
            String::new()
        });
        if text.len() > LONGEST_TEXT {
            faults.add("text", "field-too-long");
        }
        let reason = faults.required_lines("reason", &self.reason, LONGEST_REASON);
        let basis = faults.required_lines("basis", &self.basis, LONGEST_REASON);
        faults.into_result()?;
        Ok(Self { path: self.path.clone(), text, reason, basis, built_on: self.built_on.clone() })
    }
}

impl From<Draft> for Change {
    fn from(draft: Draft) -> Self {
        let Draft { path, text, reason, basis, built_on, .. } = draft;
        Self { path, text, reason, basis, built_on }
    }
}

/// What would become different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub lines: Vec<Line>,
    /// In sentences.
    pub effects: Vec<String>,
}

/// A text as it is kept: NFC, line ends of one kind, one at the end. Else the key of what is wrong: signs that nobody sees
/// are not taken away.
pub fn tidy(text: &str) -> Result<String, &'static str> {
    several_lines(text).map(|text| text + "\n")
}

/// Refuses all but who holds the capability for the whole centre: law is one for everybody.
pub fn require_change(scope: &Scope) -> Result<(), Error> {
    scope.require(Capability::ChangeLaw)?;
    match scope.agencies() {
        Agencies::All => Ok(()),
        Agencies::Under(_) => Err(Error::Forbidden(Capability::ChangeLaw.name())),
    }
}

/// What is wrong with everything in force if this text took the place of the file; nothing where it may.
pub fn check(regulations: &Regulations, path: &str, text: &str) -> Vec<Fault> {
    if regulations.book_of(path).is_none() {
        return vec![Fault::new(path, None, "regulation-fault-no-reader", [])];
    }
    regulations.faults(&with(&regulations.current(), path, text))
}

/// The difference to what is in force, for a text without a fault.
pub fn preview(regulations: &Regulations, path: &str, text: &str, lang: Lang) -> Preview {
    difference(regulations, &regulations.current(), path, text, lang)
}

fn difference(regulations: &Regulations, state: &State, path: &str, text: &str, lang: Lang) -> Preview {
    let effects = regulations.book_of(path).map(|book| {
        let (before, after) = (of_book(book, &state.texts()), of_book(book, &with(state, path, text)));
        book.effects(&before, &after, lang)
    });
    Preview { lines: diff::lines(state.text(path), text), effects: effects.unwrap_or_default() }
}

fn with(state: &State, path: &str, text: &str) -> Files {
    let mut files = state.texts();
    files.insert(path.to_owned(), text.to_owned());
    files
}

/// Keeps a change until somebody else has approved it; whoever decides can look at it. A request for what was kept before is
/// taken back where nobody has answered it. Gives the digest of what is kept.
pub async fn keep_draft(tx: &Tx<'_>, regulations: &Regulations, now: Micros, change: &Change) -> Result<String, Error> {
    require_change(tx.scope())?;
    let person_id = tx.scope().person_id().ok_or(Error::Forbidden(Capability::ChangeLaw.name()))?.to_owned();
    regulations.reader(&change.path)?;
    let change = change.tidied()?;
    let kept = change.digest();
    let details = json!({
        "digest": kept, "text": digest(&change.text), "built_on": change.built_on, "reason": change.reason,
        "basis": change.basis,
    });
    if let Some(before) = store::draft_of(tx, &change.path, &person_id).await?.filter(|before| before.digest != kept) {
        elevations::withdraw(tx, now, CHANGE_LAW, &before.digest).await?;
    }
    let draft = Draft {
        path: change.path.clone(),
        person_id,
        person_name: String::new(),
        text: change.text,
        reason: change.reason,
        basis: change.basis,
        built_on: change.built_on,
        digest: kept.clone(),
        saved_at: now,
    };
    store::keep_draft(tx, &draft).await?;
    audit::record(tx, now, "law.draft", "law", &change.path, None, details).await?;
    Ok(kept)
}

/// Keeps a change and asks for the second person; gives the digest that is approved. A request for the same change that
/// waits, or that was approved, is enough.
///
/// # Errors
/// `regulation-somebody-was-faster` where the law in force is not what it was built on: nobody could approve it to any use.
pub async fn ask(
    tx: &Tx<'_>,
    regulations: &Regulations,
    (live, policies): (&Live, &Policies),
    now: Micros,
    agency_id: &str,
    change: &Change,
) -> Result<String, Error> {
    let kept = keep_draft(tx, regulations, now, change).await?;
    if has_moved(regulations, &change.path, &change.built_on) {
        return Err(Error::Conflict("regulation-somebody-was-faster"));
    }
    let asked = elevations::Asked {
        kind: CHANGE_LAW.to_owned(),
        agency_id: agency_id.to_owned(),
        agency_code: String::new(),
        subject: kept.clone(),
        about: change.path.clone(),
        rows: 0,
        reason: change.reason.clone(),
    };
    match elevations::ask(tx, live, policies, now, &asked).await {
        Ok(_) | Err(Error::Conflict("elevation-open-already")) => Ok(kept),
        Err(error) => Err(error),
    }
}

/// Whether the text in force is another one than what a change was built on.
pub fn has_moved(regulations: &Regulations, path: &str, built_on: &str) -> bool {
    digest(regulations.current().text(path)) != built_on
}

/// The text that a change was built on, where it is still known.
pub async fn built_on(
    connection: &impl Connection,
    regulations: &Regulations,
    path: &str,
    built_on: &str,
) -> Result<Option<String>, Error> {
    let below = regulations.base(path).map(|file| file.text.clone()).unwrap_or_default();
    if digest(&below) == built_on {
        return Ok(Some(below));
    }
    store::text_of(connection, path, built_on).await
}

/// Gives a draft up.
pub async fn discard(tx: &Tx<'_>, now: Micros, path: &str) -> Result<(), Error> {
    require_change(tx.scope())?;
    let person_id = tx.scope().person_id().unwrap_or_default().to_owned();
    let draft = store::draft_of(tx, path, &person_id).await?.ok_or(Error::NotFound)?;
    store::drop_draft(tx, path, &person_id).await?;
    elevations::withdraw(tx, now, CHANGE_LAW, &draft.digest).await?;
    audit::record(tx, now, "law.discard", "law", path, None, json!({ "digest": draft.digest })).await
}

/// Puts a text in force as the next version of its file: by the running elevation of who asks for exactly this change, which
/// is used up by it. What of the registers must follow does so in this transaction; the law of the program is swapped when it
/// is committed. Gives the number of the version.
pub async fn apply(
    tx: &Tx<'_>,
    regulations: &Regulations,
    policies: &Policies,
    now: Micros,
    change: &Change,
) -> Result<i64, Error> {
    require_change(tx.scope())?;
    let book = regulations.reader(&change.path)?;
    let change = change.tidied()?;
    // From here on nobody else changes anything until the commit; what they did before is read.
    let change_number = store::next_change(tx).await?;
    let mut newest = store::newest(tx).await?;
    let before = regulations.state_of(newest.clone(), change_number - 1);
    let old = before.text(&change.path);
    if digest(old) != change.built_on {
        return Err(Error::Conflict("regulation-somebody-was-faster"));
    }
    if old == change.text {
        return Err(Error::Conflict("regulation-nothing-changed"));
    }
    let files = with(&before, &change.path, &change.text);
    if !regulations.faults(&files).is_empty() {
        return Err(Error::Conflict("regulation-does-not-load"));
    }
    book.follow(tx, now, &of_book(book, &files)).await?;
    let preview = difference(regulations, &before, &change.path, &change.text, Lang::Vi);
    let last = store::of_file(tx, &change.path).await?.first().map_or(0, |version| version.version);
    let details = json!({ "path": change.path, "version": last + 1 });
    let approved = change.digest();
    let act = Act { kind: CHANGE_LAW, subject: &approved, rows: 0 };
    let elevation = elevations::spend(tx, policies, now, &act, details).await?;
    let elevation = elevation.ok_or(Error::Conflict("elevation-needed"))?;
    elevations::use_up(tx, now, &elevation).await?;
    let version = Version {
        path: change.path.clone(),
        version: last + 1,
        change_number,
        digest: digest(&change.text),
        text: change.text,
        reason: change.reason,
        basis: change.basis,
        elevation_id: elevation,
        by_id: tx.scope().actor().id(),
        by_name: tx.scope().actor().name().to_owned(),
        valid_from: now,
        valid_to: None,
    };
    store::insert(tx, &version).await?;
    store::drop_draft(tx, &version.path, &version.by_id).await?;
    let details = in_trail(&version, &digest(old), &preview);
    let number = version.version;
    newest.retain(|one| one.path != version.path);
    let path = version.path.clone();
    newest.push(version);
    let after = regulations.state_of(newest, change_number);
    if after.unread.iter().any(|one| one.path == path && one.version == number) {
        return Err(Error::Conflict("regulation-does-not-load"));
    }
    let swapped = regulations.clone();
    tx.after_commit(move || swapped.take_up(after));
    audit::record(tx, now, "law.change", "law", &path, None, details).await?;
    Ok(number)
}

/// What the trail says of a change.
fn in_trail(version: &Version, old: &str, preview: &Preview) -> serde_json::Value {
    let (added, removed) = diff::counts(&preview.lines);
    let changed = preview.lines.iter().filter(|line| line.mark != Mark::Same);
    let lines: Vec<_> =
        changed.take(LINES_IN_TRAIL).map(|line| format!("{} {}", line.mark.sign(), line.text)).collect();
    json!({
        "version": version.version, "before": old, "after": version.digest, "reason": version.reason,
        "basis": version.basis, "elevation": version.elevation_id, "effects": preview.effects,
        "added": added, "removed": removed, "lines": lines,
    })
}
