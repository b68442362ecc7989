//! The form of a saved search: keep what the search page or the page of questions asks, change it.

use super::service::{self, SavedSearchInput};
use super::{Kind, SavedSearch, Sharing, store};
use crate::search::Question;
use crate::settings::Settings;
use crate::timespan::Timespan;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::civil::moment_field;
use kit::page::{Address, Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, OnceForm, Visit, render, see_other_saying};

#[derive(Template)]
#[template(path = "saved_searches/templates/form.html")]
struct FormPage {
    page: Page,
    title: String,
    action: String,
    back: String,
    kind: Kind,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    /// The one that was opened before, where it is one's own: it may be meant to be changed.
    instead: Option<(String, String)>,
    is_new: bool,
}

pub(super) async fn new_search(visit: Visit) -> Result<Response, Fail> {
    let mut own = Kind::ALL.into_iter().filter(|kind| visit.scope().may(kind.capability()));
    let kind = visit.address.value("kind").and_then(Kind::from_code).or_else(|| own.next()).unwrap_or_default();
    visit.require(kind.capability())?;
    let input = SavedSearchInput { sharing: Sharing::Private.code().to_owned(), ..asked(&visit, kind) };
    Ok(show(&visit, kind, &input, None, FormErrors::default()).await?)
}

/// What the address asks, as the page behind it would read it.
fn asked(visit: &Visit, kind: Kind) -> SavedSearchInput {
    let text = |name: &str| visit.address.value(name).unwrap_or_default().to_owned();
    let input = SavedSearchInput { kind: kind.code().to_owned(), ..SavedSearchInput::default() };
    if kind == Kind::Sql {
        return SavedSearchInput { text: text("sql"), ..input };
    }
    let question = Question::of(&visit.address, visit.now());
    let given = question.span.range.is_empty();
    let end = |end: Option<i64>| end.filter(|_| given).map(moment_field).unwrap_or_default();
    SavedSearchInput {
        text: question.query,
        range: question.span.range.to_owned(),
        from: end(question.span.from),
        to: end(question.span.to),
        columns: question.columns.join(","),
        ..input
    }
}

fn as_input(saved: &SavedSearch) -> SavedSearchInput {
    SavedSearchInput {
        kind: saved.kind.code().to_owned(),
        name: saved.name.clone(),
        description: saved.description.clone(),
        text: saved.text.clone(),
        range: saved.range.clone(),
        from: saved.from.map(moment_field).unwrap_or_default(),
        to: saved.to.map(moment_field).unwrap_or_default(),
        columns: saved.columns.join(","),
        sharing: saved.sharing.code().to_owned(),
    }
}

pub(super) async fn edit_search(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let saved = service::own(&visit.read(), &id).await?;
    let mut input = as_input(&saved);
    // From the search page: the same name with what is asked there now.
    let parameter = if saved.kind == Kind::Sql { "sql" } else { "q" };
    if visit.address.value(parameter).is_some() {
        let asked = asked(&visit, saved.kind);
        input = SavedSearchInput { name: input.name, description: input.description, sharing: input.sharing, ..asked };
    }
    Ok(show(&visit, saved.kind, &input, Some(&id), FormErrors::default()).await?)
}

pub(super) async fn create(
    visit: Visit,
    OnceForm(input, identity): OnceForm<SavedSearchInput>,
) -> Result<Response, Fail> {
    let kind = Kind::from_code(&input.kind).ok_or_else(|| Error::unfit("kind", &input.kind))?;
    let tx = visit.begin().await?;
    if let Some(id) = identity.claim(&tx, visit.now()).await? {
        return Ok(see_other_saying(format!("/saved-searches/{id}"), FlashKind::Done, "saved-search-saved"));
    }
    let settings = Settings::of(&visit.app)?;
    match service::create(&tx, &settings.saved_searches, &input, &visit.session.agency_id, visit.now()).await {
        Ok(id) => {
            identity.answer(&tx, &id).await?;
            tx.commit().await?;
            Ok(see_other_saying(format!("/saved-searches/{id}"), FlashKind::Done, "saved-search-saved"))
        }
        Err(error) => {
            tx.rollback().await?;
            again(&visit, kind, &input, None, error).await
        }
    }
}

pub(super) async fn change(
    visit: Visit,
    Path(id): Path<String>,
    Form(input): Form<SavedSearchInput>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    match service::change(&tx, &id, &input, visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/saved-searches/{id}"), FlashKind::Done, "saved-search-saved"))
        }
        Err(error) => {
            tx.rollback().await?;
            let kind = Kind::from_code(&input.kind).unwrap_or_default();
            again(&visit, kind, &input, Some(&id), error).await
        }
    }
}

async fn again(
    visit: &Visit,
    kind: Kind,
    input: &SavedSearchInput,
    id: Option<&str>,
    error: Error,
) -> Result<Response, Fail> {
    let errors = FormErrors::of_error(visit.lang, error)?;
    Ok(show(visit, kind, input, id, errors).await?)
}

async fn show(
    visit: &Visit,
    kind: Kind,
    input: &SavedSearchInput,
    id: Option<&str>,
    errors: FormErrors,
) -> Result<Response, Error> {
    let page = visit.page().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let path = id.map_or_else(|| "/saved-searches".to_owned(), |id| format!("/saved-searches/{id}"));
    let entries = entries(visit, &page, kind, input, &errors);
    let template = FormPage {
        title: page.t(if id.is_some() { "saved-search-edit" } else { "saved-search-new" }),
        errors: errors.summary(&entries),
        entries,
        instead: if id.is_none() { instead(visit).await? } else { None },
        is_new: id.is_none(),
        action: path.clone(),
        back: path,
        kind,
        page,
    };
    Ok((status, render(&template)?).into_response())
}

/// The saved search that the page was opened from, for its owner: name and the address that changes it.
async fn instead(visit: &Visit) -> Result<Option<(String, String)>, Error> {
    let Some(id) = visit.address.value("saved").filter(|id| !id.is_empty()) else { return Ok(None) };
    match store::find(&visit.read(), id).await {
        Ok(saved) if saved.is_owned_by(visit.scope().person_id()) => {
            let address = visit.address.at(&format!("/saved-searches/{id}/edit")).without("saved").without("kind");
            Ok(Some((saved.name, address.to_string())))
        }
        Ok(_) | Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn entries(visit: &Visit, page: &Page, kind: Kind, input: &SavedSearchInput, errors: &FormErrors) -> Vec<Entry> {
    let entry = |of, name: &str, key: &str, value: &str| Entry::new(of, name, page.t(key)).value(value).checked(errors);
    let hinted =
        |of, name: &str, key: &str, value: &str| entry(of, name, key, value).hint(page.t(&format!("{key}-hint")));
    let mut entries = vec![
        entry("text", "name", "saved-search-name", &input.name).required(),
        entry("textarea", "description", "saved-search-description", &input.description).rows(2),
    ];
    let rows = if kind == Kind::Sql { 9 } else { 2 };
    entries.push(match kind {
        Kind::Sql => entry("textarea", "text", "question-sql", &input.text).rows(rows).required(),
        Kind::Search => hinted("textarea", "text", "search-query", &input.text).rows(rows),
    });
    if kind == Kind::Search {
        let address = Address::parse("/search").with("range", &input.range);
        let ranges = Timespan::of(&address, 0, "24h").choices(page);
        let ends = !input.from.is_empty() || !input.to.is_empty();
        let ranges = ranges.into_iter().map(|choice| Choice { chosen: choice.chosen && !ends, ..choice }).collect();
        entries.push(entry("select", "range", "search-range", "").choices(ranges));
        entries.push(hinted("date-time", "from", "search-from", &input.from));
        entries.push(entry("date-time", "to", "search-to", &input.to));
        entries.push(entry("text", "columns", "search-columns", &input.columns));
    }
    let has_agency = !visit.session.agency_id.is_empty();
    let sharing = Sharing::ALL.into_iter().filter(|one| *one != Sharing::Agency || has_agency);
    let choice = |one: Sharing| {
        let name = match one {
            Sharing::Agency => page.tn("saved-search-sharing-agency-of", "agency", visit.session.agency_name.as_str()),
            one => page.t(one.key()),
        };
        Choice::new(one.code(), name, one.code() == input.sharing)
    };
    let sharing = hinted("radio", "sharing", "saved-search-sharing", "").choices(sharing.map(choice).collect());
    entries.push(sharing.required());
    entries
}
