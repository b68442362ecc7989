//! The form of a source: register, change.

use super::pages::system_choices;
use super::service::{self, SourceInput};
use super::{Rhythm, SolutionGroup, Source, SourceKind, SourceState, store};
use crate::settings::{Bounds, Settings};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::clock::SECOND;
use kit::locale::Argument;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Visit, render, see_other_saying};
use kit::{Capability, Error};

#[derive(Template)]
#[template(path = "sources/templates/form.html")]
struct FormPage {
    page: Page,
    title: String,
    action: String,
    back: String,
    errors: ErrorSummary,
    sections: Vec<(String, Vec<Entry>)>,
}

pub(super) async fn new_source(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let empty = SourceInput {
        expected: "on".to_owned(),
        max_silence_minutes: Settings::of(&visit.app)?.sources.silence_minutes.default.to_string(),
        system_id: visit.address.value("system").unwrap_or_default().to_owned(),
        ..SourceInput::default()
    };
    show(&visit, &empty, None, FormErrors::default()).await
}

pub(super) async fn edit_source(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let listed = store::get(&visit.read(), &id).await?;
    if listed.source.state == SourceState::Unassigned {
        return Err(Error::Conflict("source-adopt-first").into());
    }
    let input = as_input(listed.source, listed.system_id, listed.agency_id);
    show(&visit, &input, Some(&id), FormErrors::default()).await
}

pub(super) async fn register_source(visit: Visit, Form(input): Form<SourceInput>) -> Result<Response, Fail> {
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    match service::register(&tx, &settings.sources, &input, visit.now()).await {
        Ok(id) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/sources/{id}"), FlashKind::Done, "source-registered"))
        }
        Err(error) => again(&visit, &input, None, error).await,
    }
}

pub(super) async fn change_source(
    visit: Visit,
    Path(id): Path<String>,
    Form(input): Form<SourceInput>,
) -> Result<Response, Fail> {
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    match service::change(&tx, &settings.sources, &id, &input, visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/sources/{id}"), FlashKind::Done, "source-changed"))
        }
        Err(error) => again(&visit, &input, Some(&id), error).await,
    }
}

/// The form once more, with everything that was typed and what is wrong with it.
async fn again(visit: &Visit, input: &SourceInput, id: Option<&str>, error: Error) -> Result<Response, Fail> {
    show(visit, input, id, FormErrors::of_error(visit.lang, error)?).await
}

async fn show(visit: &Visit, input: &SourceInput, id: Option<&str>, errors: FormErrors) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let systems = system_choices(visit, &input.system_id).await?;
    let kinds = SourceKind::ALL
        .into_iter()
        .map(|kind| Choice::new(kind.code(), page.t(&kind.key()), kind.code() == input.kind));
    let kinds = kinds.collect();
    let group = |group: SolutionGroup| Choice::new(group.code(), page.t(&group.key()), false);
    let groups = SolutionGroup::ALL.map(group).into();
    let rhythms = Rhythm::ALL.map(|rhythm| Choice::new(rhythm.code(), page.t(&rhythm.key()), false)).into();
    let entry =
        |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(&errors);
    let hinted =
        |kind, name: &str, key: &str, value: &str| entry(kind, name, key, value).hint(page.t(&format!("{key}-hint")));
    let what = vec![
        entry("text", "name", "source-name", &input.name).required(),
        entry("select", "kind", "source-kind", &input.kind).choices(kinds),
        hinted("select", "solution_group", "source-group", &input.solution_group).choices(groups),
        entry("select", "system_id", "source-system", &input.system_id).choices(systems).required(),
        entry("textarea", "note", "source-note", &input.note).rows(2),
    ];
    let recognised = vec![
        hinted("text", "match_network", "source-network", &input.match_network),
        hinted("text", "match_host", "source-host", &input.match_host),
        hinted("text", "match_certificate", "source-certificate", &input.match_certificate),
    ];
    let measured = match id {
        Some(id) => store::get(&visit.read(), id).await?.status.lag,
        None => None,
    };
    let measured = match measured {
        // What arrives later than it says was sent by a clock that is behind.
        Some(lag) => page.tn("source-clock-hint", "seconds", (-lag.div_euclid(SECOND)).to_string()),
        None => page.t("source-clock-hint-none"),
    };
    let read = vec![
        hinted("text", "format", "source-format", &input.format),
        hinted("text", "header", "source-header", &input.header),
        hinted("text", "time_zone", "source-zone", &input.time_zone),
        hinted("number", "year_default", "source-year", &input.year_default),
        entry("number", "clock_ahead", "source-clock", &input.clock_ahead).hint(measured),
    ];
    let Bounds { least, most, default } = Settings::of(&visit.app)?.sources.silence_minutes;
    let bounds: [(&str, Argument<'_>); 3] =
        [("least", least.into()), ("most", most.into()), ("default", default.into())];
    let within = page.tm("source-silence-hint", &bounds);
    let expected = vec![
        hinted("checkbox", "expected", "source-expected", if input.expected == "on" { "true" } else { "" }),
        hinted("select", "rhythm", "source-rhythm", &input.rhythm).choices(rhythms),
        entry("number", "max_silence_minutes", "source-silence", &input.max_silence_minutes).hint(within),
    ];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let path = id.map_or_else(|| "/sources".to_owned(), |id| format!("/sources/{id}"));
    let template = FormPage {
        title: page.t(if id.is_some() { "source-edit" } else { "source-new" }),
        action: path.clone(),
        back: path,
        errors: errors.summary(what.iter().chain(&recognised).chain(&expected).chain(&read)),
        sections: vec![
            (page.t("source-section-what"), what),
            (page.t("source-section-recognised"), recognised),
            (page.t("source-section-expected"), expected),
            (page.t("source-section-read"), read),
        ],
        page,
    };
    Ok((status, render(&template)?).into_response())
}

fn as_input(source: Source, system_id: Option<String>, agency_id: Option<String>) -> SourceInput {
    SourceInput {
        name: source.name,
        kind: source.kind.code().to_owned(),
        system_id: system_id.unwrap_or_default(),
        agency_id: agency_id.unwrap_or_default(),
        match_listener: source.match_listener.unwrap_or_default(),
        match_network: source.match_network.unwrap_or_default(),
        match_host: source.match_host.unwrap_or_default(),
        match_certificate: source.match_certificate.unwrap_or_default(),
        format: source.format.unwrap_or_default(),
        header: source.header.unwrap_or_default(),
        time_zone: source.time_zone.unwrap_or_default(),
        year_default: source.year_default.map(|year| year.to_string()).unwrap_or_default(),
        clock_ahead: source.clock_ahead.map(|seconds| seconds.to_string()).unwrap_or_default(),
        rhythm: source.rhythm.code().to_owned(),
        solution_group: source.solution_group.map(SolutionGroup::code).unwrap_or_default().to_owned(),
        expected: if source.expected { "on".to_owned() } else { String::new() },
        max_silence_minutes: source.max_silence_minutes.to_string(),
        note: source.note,
    }
}
