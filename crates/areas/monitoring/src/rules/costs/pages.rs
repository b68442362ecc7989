//! Measuring from the pages of rules.

use super::service;
use crate::search::run::monitoring;
use axum::extract::Path;
use axum::response::Response;
use kit::page::FlashKind;
use kit::web::{Access, Fail, Form, Routes, Visit, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

pub(in crate::rules) fn routes() -> Routes {
    const MEASURE: Access = Access::NeedsAll(&[Capability::ViewEvents, Capability::TuneRules]);
    Routes::new().post("/rules/costs", MEASURE, measure_all).post("/rules/{id}/cost", MEASURE, measure_one)
}

#[derive(Deserialize)]
struct Nothing {}

async fn measure_all(visit: Visit, _form: Form<Nothing>) -> Result<Response, Fail> {
    service::measure(&visit, None).await?;
    Ok(see_other_saying("/rules?sort=-cost", FlashKind::Done, "rule-cost-measured"))
}

async fn measure_one(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let rule = monitoring(&visit.app)?.rules.current().rule(&id).ok_or(Error::NotFound)?.clone();
    service::measure(&visit, Some(&rule.id)).await?;
    Ok(see_other_saying(format!("/rules/{}#rule-cost", rule.id), FlashKind::Done, "rule-cost-measured"))
}
