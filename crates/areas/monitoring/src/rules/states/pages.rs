//! How people decide about a rule or a detector of early warning: the form, and the change it asks for.

use super::{RuleState, service};
use crate::early_warning;
use crate::rules::rule_page;
use crate::search::run::monitoring;
use crate::settings::Settings;
use axum::extract::Path;
use axum::response::Response;
use kit::page::{Address, Choice, Entry, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Routes, Visit, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

pub(in crate::rules) fn routes() -> Routes {
    Routes::new().post("/rules/{id}/state", Capability::ManageRules, change_state)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct StateForm {
    state: String,
    reason: String,
}

/// Fields for another state than the one of now; none for whoever may not decide.
pub(crate) fn entries(
    visit: &Visit,
    page: &Page,
    now: RuleState,
    typed: &StateForm,
    errors: &FormErrors,
) -> Vec<Entry> {
    if service::require_whole(visit.scope()).is_err() {
        return Vec::new();
    }
    let others = RuleState::ALL.into_iter().filter(|state| *state != now);
    let choices = others.map(|state| Choice::new(state.code(), page.t(state.key()), state.code() == typed.state));
    let select = Entry::new("select", "state", page.t("rule-state")).choices(choices.collect());
    let reason = Entry::new("textarea", "reason", page.t("shell-reason")).value(typed.reason.as_str()).rows(3);
    vec![
        select.hint(page.t("rule-state-hint")).required().checked(errors),
        reason.hint(page.t("shell-reason-hint")).required().checked(errors),
    ]
}

async fn change_state(visit: Visit, Path(id): Path<String>, Form(form): Form<StateForm>) -> Result<Response, Fail> {
    let is_detector = Settings::of(&visit.app)?.early_warning.place(&id).is_some();
    let rule = monitoring(&visit.app)?.rules.current().rule(&id).cloned();
    if !is_detector && rule.is_none() {
        return Err(Error::NotFound.into());
    }
    let (address, said) = match is_detector {
        true => (early_warning::address_of(&id), "early-warning-state-changed"),
        false => (format!("/rules/{id}"), "rule-state-changed"),
    };
    let tx = visit.begin().await?;
    let outcome = match (RuleState::from_code(&form.state), rule) {
        (Some(state), Some(rule)) => service::set_rule(&tx, &rule, state, &form.reason, visit.now()).await,
        (Some(state), None) => service::set(&tx, &id, state, &form.reason, visit.now()).await,
        (None, _) => Err(Error::invalid("state", "field-required")),
    };
    match outcome {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(address, FlashKind::Done, said))
        }
        Err(Error::Conflict(key)) => Ok(see_other_saying(address, FlashKind::Problem, key)),
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(match is_detector {
                true => early_warning::pages::show(&visit, Address::parse(&address), &form, errors).await?,
                false => rule_page::show(&visit, &id, &form, errors).await?,
            })
        }
    }
}
