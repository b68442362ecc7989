//! `/outbox`: what was sent, when, to whom, what failed and why; a failed message can be tried again.

use super::store::{self, OutboxFilter};
use super::{Outgoing, State, words};
use crate::answers::{csv_time, text};
use crate::channels::ChannelKind;
use crate::elevations::{file_link, leave};
use crate::policies::{Kind, Policies};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::Capability;
use kit::page::{FlashKind, Page, Pagination, Tab, Tone};
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use serde::Deserialize;

const PER_PAGE: u64 = 50;

/// Whoever runs it, and whoever checks it.
const MAY_SEE: Access = Access::NeedsOneOf(&[Capability::Administer, Capability::ViewAudit]);

pub fn routes() -> Routes {
    Routes::new().get("/outbox", MAY_SEE, list_outgoing).post("/outbox/{id}/retry", Capability::Administer, retry)
}

/// A row in words.
struct Listed {
    row: Outgoing,
    title: String,
    kind: String,
    channel_kind: String,
    failure: String,
}

#[derive(Template)]
#[template(path = "outbox/templates/list.html")]
struct Outbox {
    page: Page,
    rows: Vec<Listed>,
    tabs: Vec<Tab>,
    pagination: Pagination,
    csv: String,
    may_change: bool,
}

fn tone(row: &Outgoing) -> Tone {
    match row.state() {
        State::Waiting if row.failure.is_empty() => Tone::Active,
        State::Waiting => Tone::Attention,
        State::Sent => Tone::Good,
        State::Failed => Tone::Bad,
        State::Withdrawn => Tone::Neutral,
    }
}

fn is_failed(row: &Outgoing) -> bool {
    row.state() == State::Failed
}

fn retry_path(row: &Outgoing) -> String {
    format!("/outbox/{}/retry", row.id)
}

fn listed(page: &Page, policies: &Policies, row: Outgoing) -> Listed {
    let channel_kind = ChannelKind::from_code(&row.channel_kind).map(|kind| page.t(kind.key()));
    let failure = match row.failure.as_str() {
        "" => String::new(),
        code if row.answer.is_empty() => page.t(&format!("outbox-failure-{code}")),
        code => format!("{} ({})", page.t(&format!("outbox-failure-{code}")), row.answer),
    };
    Listed {
        // The very words that leave: whoever runs the channels sees no more of them than their receivers.
        title: words::title(&policies.notice, page.lang, &row.title_key, &row.title_arguments),
        kind: policies.notice.kind(&row.kind).map(Kind::key).map(|key| page.t(&key)).unwrap_or_default(),
        channel_kind: channel_kind.unwrap_or_default(),
        failure,
        row,
    }
}

async fn list_outgoing(visit: Visit) -> Result<Response, Fail> {
    let policies = Policies::of(&visit.app)?;
    let page = visit.page().await?;
    let view = visit.read();
    let chosen = page.address.value("state").and_then(State::from_code);
    let channel_id = page.address.value("channel").unwrap_or_default().to_owned();
    let filter = |state| OutboxFilter { state, channel_id: channel_id.clone() };
    let mut tabs = Vec::new();
    let mut total = 0;
    for state in [None].into_iter().chain(State::ALL.map(Some)) {
        let count = store::count(&view, &filter(state)).await?;
        if state == chosen {
            total = count;
        }
        let (name, href) = match state {
            None => (page.t("outbox-all"), page.address.without("state")),
            Some(state) => (page.t(state.key()), page.address.with("state", state.code())),
        };
        tabs.push(Tab { name, href: href.to_string(), chosen: state == chosen, count: Some(count) });
    }
    let words = |rows: Vec<Outgoing>| rows.into_iter().map(|row| listed(&page, &policies, row)).collect::<Vec<_>>();
    if page.address.value("format") == Some("csv") {
        let rows = words(store::list(&view, &filter(chosen), 20_000, 0).await?);
        return Ok(leave(&visit, csv(&page, &rows)).await?);
    }
    let pagination = Pagination::of(&page.address, PER_PAGE, total);
    let rows = words(store::list(&view, &filter(chosen), PER_PAGE, pagination.offset()).await?);
    let outbox = Outbox {
        rows,
        tabs,
        pagination,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        may_change: visit.scope().may(Capability::Administer),
        page,
    };
    Ok(render(&outbox)?.into_response())
}

fn csv(page: &Page, rows: &[Listed]) -> Csv {
    let keys = [
        "outbox-created",
        "outbox-message",
        "outbox-kind",
        "outbox-channel",
        "outbox-to",
        "outbox-state",
        "outbox-attempts",
        "outbox-done",
        "outbox-failure",
    ];
    let mut csv = Csv::new("outbox", keys.map(|key| text(page.lang, key)));
    for one in rows {
        csv.row([
            &csv_time(Some(one.row.created_at)),
            &one.title,
            &one.kind,
            &one.row.channel_name,
            &one.row.person_name.clone().unwrap_or_default(),
            &page.t(one.row.state().key()),
            &one.row.attempts.to_string(),
            &csv_time(one.row.done_at),
            &one.failure,
        ]);
    }
    csv
}

#[derive(Deserialize)]
struct Nothing {}

async fn retry(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    store::try_again(&tx, visit.now(), &id).await?;
    tx.commit().await?;
    Ok(see_other_saying("/outbox", FlashKind::Done, "outbox-again"))
}
