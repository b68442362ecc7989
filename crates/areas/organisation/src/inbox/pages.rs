//! The inbox page, and the bell of the top bar.

use super::InboxMessage;
use super::store::{self, InboxFilter};
use crate::answers::{csv_time, text};
use crate::elevations::{file_link, leave};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::area::CounterSource;
use kit::page::{Counter, FlashKind, Page, Pagination, Tab};
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other, see_other_saying};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

const PER_PAGE: u64 = 50;

pub fn routes() -> Routes {
    Routes::new()
        .get("/inbox", Access::SignedIn, list_messages)
        .post("/inbox/read", Access::SignedIn, read_all)
        .get("/inbox/{id}", Access::SignedIn, open_message)
        .post("/inbox/{id}/acknowledge", Access::SignedIn, acknowledge)
}

/// The bell: how many unread messages the person has. Machines have no bell.
pub fn counter() -> CounterSource {
    Arc::new(|app, scope| {
        Box::pin(async move {
            if scope.person_id().is_none() {
                return Ok(None);
            }
            let (unread, urgent) = store::unread(&app.db.scoped(scope).read()).await?;
            Ok(Some(Counter {
                name: "inbox".to_owned(),
                icon: "bell".to_owned(),
                count: unread,
                key: "inbox-counter".to_owned(),
                href: "/inbox?state=unread".to_owned(),
                urgent: urgent > 0,
            }))
        })
    })
}

#[derive(Template)]
#[template(path = "inbox/templates/list.html")]
struct Inbox {
    page: Page,
    messages: Vec<InboxMessage>,
    tabs: Vec<Tab>,
    unread: u64,
    pagination: Pagination,
    csv: String,
}

async fn list_messages(visit: Visit) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let view = visit.read();
    let state = page.address.value("state").unwrap_or_default().to_owned();
    let filters = [
        ("", "inbox-all", InboxFilter::default()),
        ("unread", "inbox-unread-ones", InboxFilter { unread: true, open: false }),
        ("open", "inbox-open-ones", InboxFilter { unread: false, open: true }),
    ];
    let mut tabs = Vec::new();
    let mut chosen = (InboxFilter::default(), 0);
    let mut unread = 0;
    for (code, key, filter) in filters {
        let count = store::count(&view, &filter).await?;
        if code == "unread" {
            unread = count;
        }
        let href = if code.is_empty() { page.address.without("state") } else { page.address.with("state", code) };
        tabs.push(Tab { name: page.t(key), href: href.to_string(), chosen: code == state, count: Some(count) });
        if code == state {
            chosen = (filter, count);
        }
    }
    let (filter, total) = chosen;
    if page.address.value("format") == Some("csv") {
        return Ok(leave(&visit, csv(&page, &store::list(&view, &filter, 20_000, 0).await?)).await?);
    }
    let pagination = Pagination::of(&page.address, PER_PAGE, total);
    let inbox = Inbox {
        messages: store::list(&view, &filter, PER_PAGE, pagination.offset()).await?,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        tabs,
        unread,
        pagination,
        page,
    };
    Ok(render(&inbox)?.into_response())
}

fn csv(page: &Page, messages: &[InboxMessage]) -> Csv {
    let keys = [
        "inbox-at",
        "inbox-message",
        "shell-severity",
        "inbox-link",
        "inbox-read",
        "inbox-acknowledged",
        "inbox-taken-by",
        "inbox-taken-at",
    ];
    let mut csv = Csv::new("inbox", keys.map(|key| text(page.lang, key)));
    for message in messages {
        csv.row([
            &csv_time(Some(message.created_at)),
            &message.title(page),
            &page.t(message.severity().key()),
            &message.link,
            &csv_time(message.read_at),
            &csv_time(message.acknowledged_at),
            &message.taken_words(page.lang),
            &csv_time(message.taken_at),
        ]);
    }
    csv
}

/// Reads a message: marks it and goes to what it is about. A repeated or prefetched visit changes nothing more.
async fn open_message(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let link = store::mark_read(&tx, visit.now(), &id).await?;
    tx.commit().await?;
    Ok(see_other(target(link)))
}

/// Where a message leads: to what it is about, else back to the inbox.
fn target(link: String) -> String {
    if crate::sign_in::is_local_path(&link) { link } else { "/inbox".to_owned() }
}

#[derive(Deserialize)]
struct Nothing {}

async fn acknowledge(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let link = store::acknowledge(&tx, visit.now(), &id).await?;
    tx.commit().await?;
    // Those who were told of the same see that it is taken.
    visit.app.live.send("inbox", None, json!({}));
    Ok(see_other_saying(target(link), FlashKind::Done, "inbox-acknowledged-now"))
}

async fn read_all(visit: Visit, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    store::mark_all_read(&tx, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying("/inbox", FlashKind::Done, "inbox-all-read"))
}
