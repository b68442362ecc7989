//! What pages show of files, versions and differences.

use super::address_of;
use super::book::Description;
use super::in_force::{InForce, Regulations, Source, State, Unread};
use jiff::civil::Date;
use kit::diff::{self, Line};
use kit::locale::texts;
use kit::page::Page;

/// Lines around a difference.
const AROUND: usize = 3;

/// A file with what it lays down.
pub(super) struct FileView {
    pub(super) address: String,
    pub(super) path: String,
    pub(super) title: String,
    pub(super) documents: String,
    pub(super) validity: String,
    pub(super) text_seen: bool,
    pub(super) standing: String,
    pub(super) source: String,
    pub(super) provisions: Vec<ProvisionView>,
}

pub(super) struct ProvisionView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) says: Vec<String>,
    pub(super) basis: String,
    pub(super) validity: String,
    pub(super) text_seen: bool,
    pub(super) standing: String,
}

impl FileView {
    pub(super) fn of(page: &Page, regulations: &Regulations, path: &str, file: &InForce) -> Self {
        let said = regulations.book_of(path).map(|book| book.describe(path, &file.text, page.lang));
        let Description { title, documents, valid_from, valid_to, text_seen, standing, provisions } =
            said.unwrap_or_default();
        let provisions = provisions.into_iter().map(|one| ProvisionView {
            validity: validity(page, one.valid_from, one.valid_to),
            id: one.id,
            title: one.title,
            says: one.says,
            basis: one.basis,
            text_seen: one.text_seen,
            standing: one.standing,
        });
        Self {
            address: address_of(path),
            path: path.to_owned(),
            title: if title.is_empty() { path.to_owned() } else { title },
            documents: documents.join("; "),
            validity: validity(page, valid_from, valid_to),
            text_seen,
            standing,
            source: source_words(page, &file.source),
            provisions: provisions.collect(),
        }
    }
}

/// What a file is called by what is in force of it, where something is.
pub(crate) fn title_of(page: &Page, regulations: &Regulations, path: &str) -> Option<String> {
    let state = regulations.current();
    state.files.get(path).map(|file| FileView::of(page, regulations, path, file).title)
}

fn day(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

fn validity(page: &Page, from: Option<Date>, to: Option<Date>) -> String {
    match (from.map(day), to.map(day)) {
        (Some(from), Some(to)) => page.tn2("regulation-valid-between", "from", from, "to", to),
        (Some(from), None) => page.tn("regulation-valid-from", "from", from),
        (None, Some(to)) => page.tn("regulation-valid-to", "to", to),
        (None, None) => String::new(),
    }
}

/// Where the text comes from: built in, a directory, or who changed it when.
pub(super) fn source_words(page: &Page, source: &Source) -> String {
    match source {
        Source::Embedded | Source::Directory => page.t(&format!("regulation-source-{}", source.code())),
        Source::Version { version, by_name, valid_from } => page.tm(
            "regulation-source-version",
            &[
                ("version", (*version).into()),
                ("name", by_name.clone().into()),
                ("time", page.format.date_time(valid_from).into()),
            ],
        ),
    }
}

/// Name of a folder in words, else as it is.
pub(super) fn folder_title(page: &Page, folder: &str) -> String {
    let key = format!("regulation-folder-{folder}");
    if texts().has(page.lang, &key) { page.t(&key) } else { folder.to_owned() }
}

/// Versions of these files that are not in force because they do not load, each with its faults.
pub(super) fn unread_words(page: &Page, state: &State, of: impl Fn(&str) -> bool) -> Vec<String> {
    let words = |one: &Unread| {
        let faults: Vec<_> = one.faults.iter().map(|fault| fault.in_words(page.lang)).collect();
        page.tm(
            "regulation-unread-version",
            &[("path", one.path.clone().into()), ("version", one.version.into()), ("faults", faults.join("; ").into())],
        )
    };
    state.unread.iter().filter(|one| of(&one.path)).map(words).collect()
}

/// A line of a difference as a page draws it.
pub(super) struct LineView {
    /// `ins`, `del` or `span`.
    pub(super) element: &'static str,
    pub(super) class: &'static str,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) sign: &'static str,
    pub(super) text: String,
}

/// The parts that differ, drawn.
pub(super) fn drawn(lines: &[Line]) -> Vec<Vec<LineView>> {
    let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    let line = |line: Line| LineView {
        element: match line.mark {
            diff::Mark::Same => "span",
            diff::Mark::Added => "ins",
            diff::Mark::Removed => "del",
        },
        class: line.mark.class(),
        old: number(line.old),
        new: number(line.new),
        sign: line.mark.sign(),
        text: line.text,
    };
    diff::parts(lines, AROUND).into_iter().map(|part| part.into_iter().map(line).collect()).collect()
}
