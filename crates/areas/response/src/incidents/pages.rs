//! The matrix of incidents and the page that opens a new one. The page of one incident is in `show`, its acts in `acts`.

use super::service::{self, NewIncident};
use super::store::{self, IncidentFilter};
use super::{Incident, State};
use crate::duties::store as clock_store;
use crate::duties::view::{MatrixCell, MatrixColumn, cells, columns};
use crate::law::law;
use crate::readings::{by_agency, tell_incidents};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::civil::{moment_field, moment_in};
use kit::page::{Chip, Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Pagination};
use kit::web::{Csv, Fail, OnceForm, Routes, Visit, render, see_other, see_other_saying};
use kit::{Capability, Error};
use organisation::agencies;
use organisation::elevations::{export_refused, file_link};
use serde::Deserialize;

const PER_PAGE: u64 = 50;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/incidents", Capability::ViewIncidents, list_incidents)
        .post("/incidents", Capability::HandleIncidents, open_incident)
        .get("/incidents/new", Capability::HandleIncidents, new_incident)
        .get("/incidents/of-alert/{alert_id}", Capability::ViewIncidents, incident_of_alert)
        .merge(super::show::routes())
        .merge(super::acts::routes())
}

struct Row {
    incident: Incident,
    severity: String,
    state: String,
    cells: Vec<Option<MatrixCell>>,
}

#[derive(Template)]
#[template(path = "incidents/templates/list.html")]
struct ListPage {
    page: Page,
    filter: IncidentFilter,
    states: Vec<Choice>,
    severities: Vec<Choice>,
    chips: Vec<Chip>,
    columns: Vec<MatrixColumn>,
    rows: Vec<Row>,
    pagination: Pagination,
    may_handle: bool,
    csv: String,
}

async fn list_incidents(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let address = &visit.address;
    let value = |name: &str| address.value(name).unwrap_or_default().to_owned();
    let filter = IncidentFilter {
        words: value("q"),
        // Without a wish the open ones are shown; `all` shows every one.
        state: match address.value("state") {
            None | Some("") => "open".to_owned(),
            Some("all") => String::new(),
            Some(state) => state.to_owned(),
        },
        agency_id: value("agency"),
        system_id: value("system"),
        severity: value("severity"),
    };
    let connection = visit.read();
    let page = visit.page().await?;
    let as_csv = address.has("format", "csv");
    let pagination =
        Pagination::of(address, if as_csv { 10_000 } else { PER_PAGE }, store::count(&connection, &filter).await?);
    let incidents = store::list(&connection, &filter, pagination.per_page, pagination.offset()).await?;
    let ids: Vec<String> = incidents.iter().map(|incident| incident.id.clone()).collect();
    let clocks = clock_store::of_incidents(&connection, &ids).await?;
    let columns = columns(visit.lang, page.now);
    let rows: Vec<Row> = incidents
        .into_iter()
        .map(|incident| Row {
            severity: severity_words(&page, &incident),
            state: page.t(&format!("incident-state-{}", incident.state)),
            cells: cells(&columns, clocks.get(&incident.id).map(Vec::as_slice).unwrap_or_default(), page.now),
            incident,
        })
        .collect();
    if as_csv {
        let file = csv(&page, &columns, &rows);
        if let Some(elsewhere) = export_refused(&visit, file.rows()).await? {
            return Ok(elsewhere);
        }
        tell_incidents(&visit, &by_agency(rows.iter().map(|row| &row.incident)), "export").await?;
        return Ok(file.released());
    }
    let template = ListPage {
        states: state_filter(&page, address.value("state").unwrap_or_default()),
        severities: super::view::severity_choices(&page, &filter.severity),
        chips: chips(&page, &filter, rows.first()),
        may_handle: visit.scope().may(Capability::HandleIncidents),
        csv: file_link(&visit, address, pagination.total).await?,
        filter,
        columns,
        rows,
        pagination,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// Level in words; "not classified yet" where there is none.
pub(super) fn severity_words(page: &Page, incident: &Incident) -> String {
    let law = law();
    let level = incident.severity.as_deref().and_then(|id| law.scale()?.level(id));
    level.map_or_else(|| page.t("incident-not-classified"), |level| level.title.of(page.lang).to_owned())
}

fn state_filter(page: &Page, chosen: &str) -> Vec<Choice> {
    let special = [("open", "incident-filter-open"), ("all", "incident-filter-all")];
    let named = special.into_iter().map(|(code, key)| Choice::new(code, page.t(key), code == chosen));
    let states = State::ALL.into_iter().map(|state| {
        Choice::new(state.code(), page.t(&format!("incident-state-{}", state.code())), state.code() == chosen)
    });
    named.chain(states).collect()
}

fn chips(page: &Page, filter: &IncidentFilter, first: Option<&Row>) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |parameter: &str, code: &str, key: &str, value: String| {
        chips.push(Chip::of(&page.address, parameter, code, page.t(key), value));
    };
    if !filter.words.is_empty() {
        chip("q", &filter.words, "incident-words", filter.words.clone());
    }
    if let Some(state) = page.address.value("state").filter(|state| !state.is_empty()) {
        let name = state_filter(page, state).into_iter().find(|choice| choice.chosen).map(|choice| choice.name);
        chip("state", state, "incident-state", name.unwrap_or_default());
    }
    if !filter.severity.is_empty() {
        chip("severity", &filter.severity, "incident-severity", filter.severity.clone());
    }
    let name = |pick: fn(&Incident) -> Option<String>| first.and_then(|row| pick(&row.incident)).unwrap_or_default();
    if !filter.agency_id.is_empty() {
        chip("agency", &filter.agency_id, "incident-agency", name(|incident| Some(incident.agency_name.clone())));
    }
    if !filter.system_id.is_empty() {
        chip("system", &filter.system_id, "incident-system", name(|incident| incident.system_name.clone()));
    }
    chips
}

fn csv(page: &Page, columns: &[MatrixColumn], rows: &[Row]) -> Csv {
    let heads =
        ["incident-code", "incident-name", "incident-agency", "incident-system", "incident-severity", "incident-state"];
    let heads = heads.into_iter().map(|key| page.t(key)).chain(columns.iter().map(|column| column.name.clone()));
    let mut csv = Csv::new("incidents", heads);
    for row in rows {
        let incident = &row.incident;
        let facts = [
            incident.code.clone(),
            incident.title.clone(),
            incident.agency_name.clone(),
            incident.system_name.clone().unwrap_or_default(),
            row.severity.clone(),
            row.state.clone(),
        ];
        let cells = row.cells.iter().map(|cell| match cell {
            None => String::new(),
            Some(cell) => {
                let time = cell.sent_at.or(cell.due_at).map(|at| page.format.date_time(at)).unwrap_or_default();
                format!("{} {time}", page.t(cell.state.key())).trim().to_owned()
            }
        });
        csv.row(facts.into_iter().chain(cells));
    }
    csv
}

/// Where an escalated alert went.
async fn incident_of_alert(visit: Visit, Path(alert_id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let incident = store::of_alert(&visit.read(), &alert_id).await?.ok_or(Error::NotFound)?;
    Ok(see_other(format!("/incidents/{}", incident.id)))
}

#[derive(Template)]
#[template(path = "incidents/templates/new.html")]
struct NewPage {
    page: Page,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

/// The form as browsers send it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct NewForm {
    title: String,
    agency_id: String,
    system_id: String,
    description: String,
    occurred: String,
    detected: String,
}

async fn new_incident(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::HandleIncidents)?;
    let empty = NewForm {
        agency_id: visit.session.agency_id.clone(),
        detected: moment_field(visit.now()),
        ..NewForm::default()
    };
    new_form(&visit, &empty, FormErrors::default()).await
}

async fn open_incident(visit: Visit, OnceForm(form, request): OnceForm<NewForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    if let Some(id) = request.claim(&tx, visit.now()).await? {
        return Ok(see_other(format!("/incidents/{id}")));
    }
    let opened = async {
        let new = NewIncident {
            title: form.title.clone(),
            agency_id: form.agency_id.clone(),
            system_id: form.system_id.clone(),
            description: form.description.clone(),
            occurred: moment_in("occurred", &form.occurred)?,
            detected: moment_in("detected", &form.detected)?,
        };
        service::open(&tx, &visit.app.live, visit.now(), &new).await
    };
    match opened.await {
        Ok(id) => {
            crate::edge::tell(&visit.app, &tx, &id, &form.agency_id);
            request.answer(&tx, &id).await?;
            tx.commit().await?;
            Ok(see_other_saying(format!("/incidents/{id}"), FlashKind::Done, "incident-opened"))
        }
        Err(error) => {
            drop(tx);
            let errors = FormErrors::of_error_at("agency_id", visit.lang, error)?;
            new_form(&visit, &form, errors).await
        }
    }
}

async fn new_form(visit: &Visit, form: &NewForm, errors: FormErrors) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let connection = visit.read();
    let chosen = |list: Vec<(String, String)>, chosen: &str| -> Vec<Choice> {
        list.into_iter().map(|(id, name)| Choice::new(id.clone(), name, id == chosen)).collect()
    };
    let agencies = chosen(agencies::choices(&connection, visit.now()).await?, &form.agency_id);
    let systems = assurance::systems::store::list(&connection, &assurance::systems::store::Filter::default()).await?;
    let systems = systems.into_iter().map(|system| (system.id, format!("{} · {}", system.name, system.agency_name)));
    let systems = chosen(systems.collect(), &form.system_id);
    let entry =
        |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(&errors);
    let entries = vec![
        entry("text", "title", "incident-name", &form.title).hint(page.t("incident-name-hint")).required(),
        entry("select", "agency_id", "incident-agency", &form.agency_id).choices(agencies).required(),
        entry("select", "system_id", "incident-system", &form.system_id).choices(systems),
        entry("date-time", "detected", "incident-time-detected", &form.detected).required(),
        entry("date-time", "occurred", "incident-time-occurred", &form.occurred).hint(page.t("incident-occurred-hint")),
        entry("textarea", "description", "incident-description", &form.description)
            .hint(page.t("incident-description-hint")),
    ];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let errors = errors.summary(&entries);
    Ok((status, render(&NewPage { page, errors, entries })?).into_response())
}
