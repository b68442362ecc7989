//! Pages of channels: the list, the form, stop and start, the test.

use super::form::Fields;
use super::{Channel, ChannelKind, service, store};
use crate::agencies;
use crate::answers::again;
use crate::delivery::{Obstacle, obstacle};
use crate::policies::Policies;
use crate::sign_in::{require_confirmation, secret};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, Flash, FlashKind, FormErrors, Page, Place};
use kit::web::{Fail, Form, Routes, Visit, render, see_other, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

pub fn routes() -> Routes {
    Routes::new()
        .get("/channels", Capability::Administer, list_channels)
        .post("/channels", Capability::Administer, create_channel)
        .get("/channels/new", Capability::Administer, new_channel)
        .get("/channels/{id}", Capability::Administer, edit_channel)
        .post("/channels/{id}", Capability::Administer, change_channel)
        .post("/channels/{id}/test", Capability::Administer, test_channel)
        .post("/channels/{id}/stop", Capability::Administer, stop_channel)
        .post("/channels/{id}/start", Capability::Administer, start_channel)
}

/// A channel and where it leads.
struct Listed {
    channel: Channel,
    host: String,
    kinds: Vec<String>,
}

#[derive(Template)]
#[template(path = "channels/templates/list.html")]
struct ChannelList {
    page: Page,
    channels: Vec<Listed>,
    /// What a webhook just made signs with, shown on this one answer.
    made: Option<String>,
}

#[derive(Template)]
#[template(path = "channels/templates/form.html")]
struct ChannelForm {
    page: Page,
    errors: ErrorSummary,
    title: String,
    action: String,
    kind: String,
    entries: Vec<Entry>,
    kinds: Vec<Choice>,
    wrong: String,
}

fn path(channel: &Channel, act: &str) -> String {
    format!("/channels/{}{act}", channel.id)
}

async fn channel_list(visit: &Visit, made: Option<String>) -> Result<ChannelList, Error> {
    visit.require(Capability::Administer)?;
    let policies = Policies::of(&visit.app)?;
    let page = visit.page().await?;
    let view = visit.read();
    let mut channels = Vec::new();
    for channel in store::list(&view).await? {
        let host = store::opened(&view, &channel.id).await?.map(|settings| settings.host());
        let kinds = channel.kinds.split(' ').filter_map(|kind| policies.notice.kind(kind));
        let kinds = kinds.map(|kind| page.t(&kind.key())).collect();
        channels.push(Listed { host: host.unwrap_or_else(|| page.t("channel-not-opened")), kinds, channel });
    }
    Ok(ChannelList { page, channels, made })
}

async fn list_channels(visit: Visit) -> Result<Response, Fail> {
    Ok(render(&channel_list(&visit, None).await?)?.into_response())
}

async fn channel_form(
    visit: &Visit,
    fields: &Fields,
    changed: Option<&Channel>,
    errors: FormErrors,
) -> Result<ChannelForm, Error> {
    visit.require(Capability::Administer)?;
    let policies = Policies::of(&visit.app)?;
    let page = visit.page().await?;
    let places = agencies::choices(&visit.read(), visit.now()).await?;
    let entries = fields.entries(&page, &places, changed.is_some(), &errors);
    let posted = Place { field: "kinds".to_owned(), element: "kinds".to_owned(), label: page.t("channel-posted") };
    Ok(ChannelForm {
        title: changed.map_or_else(|| page.t("channel-new"), |channel| channel.name.clone()),
        action: changed.map_or_else(|| "/channels".to_owned(), |channel| path(channel, "")),
        kind: fields.kind().code().to_owned(),
        errors: errors.summary(entries.iter().map(Place::from).chain([posted])),
        entries,
        kinds: fields.kind_choices(&page, &policies.notice),
        wrong: errors.of("kinds").to_owned(),
        page,
    })
}

async fn new_channel(visit: Visit) -> Result<Response, Fail> {
    let Some(kind) = visit.address.value("kind").and_then(ChannelKind::from_code) else {
        // The list offers the kinds.
        return Ok(see_other("/channels"));
    };
    require_confirmation(&visit, "channel.create")?;
    let fields = Fields::new_of(kind, &visit.session.agency_id);
    Ok(render(&channel_form(&visit, &fields, None, FormErrors::default()).await?)?.into_response())
}

async fn create_channel(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    ChannelKind::from_code(&fields.kind).ok_or(Error::NotFound)?;
    require_confirmation(&visit, "channel.create")?;
    let secret = secret()?;
    match create(&visit, &fields, &secret).await {
        Ok(obstacle) if fields.kind() == ChannelKind::Webhook => {
            let mut list = channel_list(&visit, Some(secret)).await?;
            if let Some(obstacle) = obstacle {
                let text = list.page.t(obstacle.key());
                list.page.flash.push(Flash { kind: FlashKind::Problem, text });
            }
            Ok(render(&list)?.into_response())
        }
        Ok(obstacle) => Ok(saved(obstacle, "channel-made")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&channel_form(&visit, &fields, None, errors).await?)?))
        }
    }
}

async fn create(visit: &Visit, fields: &Fields, secret: &str) -> Result<Option<Obstacle>, Error> {
    let policies = Policies::of(&visit.app)?;
    let input = fields.input(None, secret);
    let tx = visit.begin().await?;
    service::create(&tx, &policies.notice, visit.now(), &input).await?;
    tx.commit().await?;
    Ok(obstacle(&input.settings, !input.kinds.is_empty(), &policies.notice.reachable_networks).await)
}

/// That the channel is kept, and what keeps it from sending.
fn saved(obstacle: Option<Obstacle>, said: &'static str) -> Response {
    match obstacle {
        None => see_other_saying("/channels", FlashKind::Done, said),
        Some(obstacle) => see_other_saying("/channels", FlashKind::Problem, obstacle.key()),
    }
}

async fn edit_channel(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::Administer)?;
    let view = visit.read();
    let channel = store::find(&view, &id).await?;
    let settings = store::opened(&view, &id).await?;
    let fields = Fields::of(&channel, settings.as_ref());
    Ok(render(&channel_form(&visit, &fields, Some(&channel), FormErrors::default()).await?)?.into_response())
}

async fn change_channel(
    visit: Visit,
    Path(id): Path<String>,
    Form(mut fields): Form<Fields>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "channel.change")?;
    let channel = store::find(&visit.read(), &id).await?;
    fields.kind.clone_from(&channel.kind);
    match change(&visit, &id, &fields).await {
        Ok(obstacle) => Ok(saved(obstacle, "channel-changed")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&channel_form(&visit, &fields, Some(&channel), errors).await?)?))
        }
    }
}

async fn change(visit: &Visit, id: &str, fields: &Fields) -> Result<Option<Obstacle>, Error> {
    let policies = Policies::of(&visit.app)?;
    let secret = secret()?;
    let tx = visit.begin().await?;
    let input = fields.input(store::opened(&tx, id).await?, &secret);
    service::change(&tx, &policies.notice, visit.now(), id, &input).await?;
    tx.commit().await?;
    Ok(obstacle(&input.settings, !input.kinds.is_empty(), &policies.notice.reachable_networks).await)
}

#[derive(Deserialize)]
struct Nothing {}

async fn test_channel(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::queue_test(&tx, visit.now(), &id).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/outbox?channel={id}"), FlashKind::Done, "channel-test-queued"))
}

async fn stop_channel(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    set_active(&visit, &id, false).await?;
    Ok(see_other_saying("/channels", FlashKind::Done, "channel-stopped"))
}

async fn start_channel(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    set_active(&visit, &id, true).await?;
    Ok(see_other_saying("/channels", FlashKind::Done, "channel-started"))
}

async fn set_active(visit: &Visit, id: &str, active: bool) -> Result<(), Error> {
    let tx = visit.begin().await?;
    service::set_active(&tx, visit.now(), id, active).await?;
    tx.commit().await
}
