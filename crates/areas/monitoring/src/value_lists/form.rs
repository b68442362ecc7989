//! The form of a value on a list.

use super::NOUN;
use super::service::{self, ValueInput};
use super::store::TABLE;
use crate::enrichment::{agency_choices, form_page};
use crate::settings::Settings;
use axum::response::Response;
use kit::page::{Entry, FlashKind, FormErrors};
use kit::web::{Fail, Form, Routes, Visit, see_other_saying};
use kit::{Capability, Error};

pub(super) fn routes() -> Routes {
    Routes::new().get("/value-lists/new", Capability::ManageSources, new_value).post(
        "/value-lists",
        Capability::ManageSources,
        keep_value,
    )
}

async fn new_value(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let input = match visit.address.value("value").filter(|id| !id.is_empty()) {
        None => {
            ValueInput { list: visit.address.value("list").unwrap_or_default().to_owned(), ..ValueInput::default() }
        }
        Some(id) => {
            let value = TABLE.find(&visit.read(), id).await?;
            ValueInput {
                list: value.list,
                value: value.value,
                agency_id: value.agency_id.unwrap_or_default(),
                note: value.note,
            }
        }
    };
    Ok(show(&visit, &input, FormErrors::default()).await?)
}

async fn keep_value(visit: Visit, Form(input): Form<ValueInput>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let settings = Settings::of(&visit.app)?;
    match service::keep(&tx, &settings.tuning.enrichment, &input, visit.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other_saying(NOUN.path, FlashKind::Done, "value-list-kept"))
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(show(&visit, &input, errors).await?)
        }
    }
}

async fn show(visit: &Visit, input: &ValueInput, errors: FormErrors) -> Result<Response, Error> {
    let page = visit.page().await?;
    let entry = |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value);
    let agencies = agency_choices(visit, &page, &input.agency_id).await?;
    let entries = [
        entry("text", "list", "value-list-name", &input.list).hint(page.t("value-list-name-hint")).required(),
        entry("text", "value", "value-list-value", &input.value).hint(page.t("value-list-value-hint")).required(),
        entry("select", "agency_id", "enrichment-agency", &input.agency_id)
            .hint(page.t("enrichment-agency-hint"))
            .choices(agencies),
        entry("textarea", "note", "value-list-note", &input.note).rows(2),
    ];
    form_page(page, NOUN, entries, &errors)
}
