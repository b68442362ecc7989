//! The two acts on the page of an agency.

use super::service;
use crate::agencies::form::Nothing;
use axum::extract::Path;
use axum::response::Response;
use kit::page::FlashKind;
use kit::web::{Fail, Form, Visit, see_other_saying};

pub(in crate::agencies) async fn revoke_change(
    visit: Visit,
    Path((id, change)): Path<(String, String)>,
    _form: Form<Nothing>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::revoke(&tx, &visit.app.live, visit.now(), &id, &change).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/agencies/{id}"), FlashKind::Done, "agency-scheduled-revoked"))
}

pub(in crate::agencies) async fn retry_change(
    visit: Visit,
    Path((id, change)): Path<(String, String)>,
    _form: Form<Nothing>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::retry(&tx, visit.now(), &id, &change).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/agencies/{id}"), FlashKind::Done, "agency-scheduled-again"))
}
