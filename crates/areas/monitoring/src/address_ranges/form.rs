//! The form of an address range: a new one, or another name for one that is there.

use super::service::{self, RangeInput};
use super::store::TABLE;
use super::{Kind, NOUN};
use crate::enrichment::{agency_choices, form_page};
use crate::settings::Settings;
use axum::response::Response;
use kit::page::{Choice, Entry, FlashKind, FormErrors};
use kit::web::{Fail, Form, Routes, Visit, see_other_saying};
use kit::{Capability, Error};

pub(super) fn routes() -> Routes {
    Routes::new().get("/address-ranges/new", Capability::ManageSources, new_range).post(
        "/address-ranges",
        Capability::ManageSources,
        keep_range,
    )
}

async fn new_range(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let input = match visit.address.value("range").filter(|id| !id.is_empty()) {
        None => RangeInput::default(),
        Some(id) => {
            let range = TABLE.find(&visit.read(), id).await?;
            RangeInput {
                network: range.network.to_string(),
                name: range.name,
                kind: range.kind.code().to_owned(),
                agency_id: range.agency_id.unwrap_or_default(),
                note: range.note,
            }
        }
    };
    Ok(show(&visit, &input, FormErrors::default()).await?)
}

async fn keep_range(visit: Visit, Form(input): Form<RangeInput>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let settings = Settings::of(&visit.app)?;
    match service::keep(&tx, &settings.tuning.enrichment, &input, visit.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other_saying(NOUN.path, FlashKind::Done, "address-range-kept"))
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(show(&visit, &input, errors).await?)
        }
    }
}

async fn show(visit: &Visit, input: &RangeInput, errors: FormErrors) -> Result<Response, Error> {
    let page = visit.page().await?;
    let entry = |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value);
    let kinds = Kind::ALL.map(|kind| Choice::new(kind.code(), page.t(&kind.key()), kind.code() == input.kind));
    let agencies = agency_choices(visit, &page, &input.agency_id).await?;
    let entries = [
        entry("text", "network", "address-range-network", &input.network)
            .hint(page.t("address-range-network-hint"))
            .required(),
        entry("text", "name", "address-range-name", &input.name).hint(page.t("address-range-name-hint")).required(),
        entry("select", "kind", "address-range-kind", &input.kind).choices(kinds.into()).required(),
        entry("select", "agency_id", "enrichment-agency", &input.agency_id)
            .hint(page.t("enrichment-agency-hint"))
            .choices(agencies),
        entry("textarea", "note", "address-range-note", &input.note).rows(2),
    ];
    form_page(page, NOUN, entries, &errors)
}
