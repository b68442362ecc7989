//! The page where lines are pasted: how each is read, a first text of a format for those that are not, the text tried on the
//! lines while it is written, and the way to the second person.

use super::reading::{self, Reading};
use super::saving::{self, Tried};
use crate::search::event_page::find_many;
use crate::search::run::{audit, monitoring, text};
use crate::search::senders::{senders, touched};
use crate::unread_lines;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ingest::FormatSet;
use ingest::templates::{Wanted, propose};
use kit::page::{Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::regulations::{Regulations, address_of, require_change};
use serde::Deserialize;
use std::sync::Arc;

/// Rows of the text areas.
const LINES: u32 = 8;
const TEXT: u32 = 24;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/formats/workshop", Capability::ViewSources, show_workshop)
        .post("/formats/workshop", Capability::ViewSources, work)
        .post("/formats/workshop/save", Capability::ChangeLaw, save)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Fields {
    lines: String,
    name: String,
    title: String,
    /// `true`: samples without what tells of whom they are.
    disguised: String,
    /// The format that is being written; empty for none.
    text: String,
    reason: String,
    /// `read` or `propose`.
    then: String,
}

#[derive(Template)]
#[template(path = "formats/templates/workshop.html")]
struct WorkshopPage {
    page: Page,
    errors: ErrorSummary,
    lines: Entry,
    name: Entry,
    title: Entry,
    disguised: Entry,
    text: Entry,
    reason: Entry,
    readings: Vec<Reading>,
    /// Why the text would not load.
    faults: Vec<String>,
    /// Lines that are read whole.
    read: usize,
    has_text: bool,
    may_save: bool,
    path: String,
}

/// Empty, with the samples of lines that nothing reads (`?unread=`), or with the text of a format in force (`?file=`).
async fn show_workshop(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let mut fields = Fields { disguised: "true".to_owned(), ..Fields::default() };
    if let Some(id) = visit.address.value("unread").filter(|id| !id.is_empty()) {
        visit.require(Capability::ViewEvents)?;
        let unread = unread_lines::store::find(&visit.read(), id).await?;
        fields.lines = samples(&visit, &unread.samples).await?.join("\n");
        fields.name = name_of(&unread.program);
        fields.title = if unread.program.is_empty() { unread.source_name } else { unread.program };
    }
    if let Some(file) = visit.address.value("file").filter(|file| !file.is_empty()) {
        let regulations = Regulations::of(&visit.app)?;
        let state = regulations.current();
        let files = saving::files(&state);
        fields.text = files.get(file).cloned().ok_or(Error::NotFound)?;
    }
    Ok(show(&visit, fields, FormErrors::default()).await?)
}

/// Sample lines that are still there and that the visitor may read; the trail is told.
async fn samples(visit: &Visit, seqs: &[u64]) -> Result<Vec<String>, Error> {
    let rows = find_many(visit, seqs).await?;
    let ids = rows.iter().filter_map(|row| text(row, "source_id"));
    let senders = senders(&visit.read(), ids, visit.now()).await?;
    audit(visit, "format", &format!("seq IN {seqs:?}"), rows.len() as u64, &touched(&rows, &senders)).await?;
    let plain = rows.iter().filter(|row| text(row, "raw_encoding").is_none());
    Ok(plain.filter_map(|row| text(row, "raw")).map(|line| line.replace(['\r', '\n'], " ")).collect())
}

/// A name that a format may have, from that of a program.
fn name_of(program: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let name: String = program.chars().take(40).map(plain).collect();
    name.trim_matches('-').to_owned()
}

async fn work(visit: Visit, Form(mut fields): Form<Fields>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let mut errors = FormErrors::default();
    if fields.then == "propose" {
        match proposed(&visit, &fields).await {
            Ok(text) => fields.text = text,
            Err(error) => errors = FormErrors::of_error(visit.lang, error)?,
        }
    }
    Ok(show(&visit, fields, errors).await?)
}

/// A first text for the lines that nothing reads whole; for all where everything is read.
async fn proposed(visit: &Visit, fields: &Fields) -> Result<String, Error> {
    let formats = monitoring(&visit.app)?.formats.current();
    let name = name_of(&fields.name);
    if name.is_empty() {
        return Err(Error::invalid("name", "field-required"));
    }
    let title = kit::text::one_line(&fields.title).map_err(|key| Error::invalid("title", key))?;
    let (fields, now, origin) = (fields.clone(), visit.now(), visit.t("format-origin-pasted"));
    let work = move || -> Result<String, Error> {
        let lines = reading::lines(&fields.lines)?;
        let readings = reading::read(&formats, &lines, now);
        let some_unread = readings.iter().any(|one| !one.understood);
        let chosen: Vec<&Reading> = readings.iter().filter(|one| !some_unread || !one.understood).collect();
        // Of lines in envelopes those of one program make a format.
        let program = chosen.first().and_then(|one| one.program.as_deref());
        let chosen: Vec<&Reading> = chosen.iter().filter(|one| one.program.as_deref() == program).copied().collect();
        let texts: Vec<&str> = chosen.iter().map(|one| one.unread.as_deref().unwrap_or(&one.line).trim()).collect();
        let records: Vec<&str> = chosen.iter().map(|one| one.line.as_str()).collect();
        let proposal = propose(&Wanted {
            name: &name,
            title: if title.is_empty() { &name } else { &title },
            version: 1,
            program,
            origin: &origin,
            texts: &texts,
            records: &records,
            disguised: fields.disguised == "true",
        });
        Ok(proposal.text)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

async fn save(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    require_change(visit.scope())?;
    let formats = monitoring(&visit.app)?.formats.current();
    let saved = match saving::tried(&visit, formats, &fields.text).await {
        Ok(tried) => saving::save(&visit, tried, &fields.reason).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(path) => {
            let to = format!("/regulations/{}/edit", address_of(&path));
            Ok(see_other_saying(to, FlashKind::Done, "regulation-asked"))
        }
        // What is wrong with the text is told beside the lines.
        Err(Error::Refused { key: "format-does-not-load", .. }) => {
            Ok(show(&visit, fields, FormErrors::default()).await?)
        }
        Err(Error::Conflict(key)) => {
            let mut errors = FormErrors::default();
            errors.add("text", visit.t(key));
            Ok(show(&visit, fields, errors).await?)
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(show(&visit, fields, errors).await?)
        }
    }
}

/// The page with its lines as the formats read them, among which the one that is being written is where it loads.
async fn show(visit: &Visit, fields: Fields, mut errors: FormErrors) -> Result<Response, Error> {
    let page = visit.page().await?.part_of("/formats");
    let mut formats = monitoring(&visit.app)?.formats.current();
    let (mut faults, mut path) = (Vec::new(), String::new());
    let has_text = !fields.text.trim().is_empty();
    if has_text {
        match saving::tried(visit, formats.clone(), &fields.text).await {
            Ok(Tried { path: of, outcome: Ok(with), .. }) => {
                path = of;
                formats = with;
            }
            Ok(Tried { outcome: Err(found), .. }) => {
                faults = found.iter().map(|fault| fault.in_words(visit.lang)).collect();
            }
            Err(Error::Invalid(found)) => {
                found.iter().for_each(|fault| errors.add(fault.field.clone(), page.t(fault.key)));
            }
            Err(error) => return Err(error),
        }
    }
    let readings = match fields.lines.trim().is_empty() {
        true => Vec::new(),
        false => match readings(visit, formats, fields.lines.clone()).await {
            Ok(readings) => readings,
            Err(Error::Invalid(found)) => {
                found.iter().for_each(|fault| errors.add(fault.field.clone(), page.t(fault.key)));
                Vec::new()
            }
            Err(error) => return Err(error),
        },
    };
    let entry = |kind, name: &str, value: &str| {
        let label = page.t(&format!("format-field-{name}"));
        let hint = page.t(&format!("format-field-{name}-hint"));
        Entry::new(kind, name, label).value(value).hint(hint).checked(&errors)
    };
    let lines = entry("textarea", "lines", &fields.lines).rows(LINES).required();
    let name = entry("text", "name", &fields.name);
    let title = entry("text", "title", &fields.title);
    let disguised = entry("checkbox", "disguised", &fields.disguised);
    let text = entry("textarea", "text", &fields.text).rows(TEXT);
    let reason = entry("textarea", "reason", &fields.reason).rows(3);
    let template = WorkshopPage {
        errors: errors.summary([&lines, &name, &title, &text, &reason]),
        lines,
        name,
        title,
        disguised,
        text,
        reason,
        read: readings.iter().filter(|one| one.understood).count(),
        readings,
        faults,
        has_text,
        may_save: require_change(visit.scope()).is_ok(),
        path,
        page,
    };
    // What is tried while it is written is no failure.
    let wrong = !visit.partial && (!errors.is_empty() || !template.faults.is_empty());
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, render(&template)?).into_response())
}

async fn readings(visit: &Visit, formats: Arc<FormatSet>, lines: String) -> Result<Vec<Reading>, Error> {
    let now = visit.now();
    let work = move || reading::lines(&lines).map(|lines| reading::read(&formats, &lines, now));
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// Key of the word for how sure the time is.
fn quality_key(reading: &Reading) -> String {
    format!("format-time-{}", reading.time_quality)
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::TimeQuality;
    use kit::Lang;
    use kit::locale::texts;

    #[test]
    fn a_name_is_made_of_what_a_file_may_be_called() {
        assert_eq!(name_of("CRON"), "cron");
        assert_eq!(name_of("(squid-1)/x"), "squid-1--x");
        assert_eq!(name_of("…"), "");
    }

    #[test]
    fn every_quality_of_a_time_has_its_words() {
        let all = [TimeQuality::Exact, TimeQuality::Assumed, TimeQuality::Missing, TimeQuality::Implausible];
        for quality in all {
            let key = format!("format-time-{}", quality.as_str());
            assert!(Lang::ALL.iter().all(|lang| texts().has(*lang, &key)), "{key}");
        }
    }
}
