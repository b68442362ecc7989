//! The door that many rows go through. Who lets them leave has approved the question that they answer.

use super::service::{self, Act};
use super::subject::question_at;
use crate::policies::{EXPORT, Policies};
use axum::response::Response;
use kit::Error;
use kit::page::{Address, FlashKind};
use kit::web::{Visit, see_other_saying};
use serde_json::json;

fn act(question: &str, rows: usize) -> Act<'_> {
    Act { kind: EXPORT, subject: question, rows: u64::try_from(rows).unwrap_or(u64::MAX) }
}

/// How many rows of those wanted may leave now as the answer to what stands at this address: all of them by a running
/// elevation, else those that need no second person. What then leaves is told by [`rows_given`].
pub async fn rows_allowed(visit: &Visit, asked: &Address, wanted: usize) -> Result<usize, Error> {
    let policies = Policies::of(&visit.app)?;
    if policies.elevation.kind(EXPORT).is_none() {
        return Ok(wanted);
    }
    let question = question_at(asked);
    let rows = service::allowed(&visit.read(), &policies, visit.now(), &act(&question, wanted)).await?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// Goes before rows leave by the API: counts them, or uses the running elevation.
///
/// # Errors
/// `elevation-needed` where they are too many and none runs.
pub async fn rows_given(visit: &Visit, asked: &Address, rows: usize) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    if policies.elevation.kind(EXPORT).is_none() {
        return Ok(());
    }
    let question = question_at(asked);
    let tx = visit.begin().await?;
    service::give(&tx, &policies, visit.now(), &act(&question, rows), json!(visit.address.path())).await?;
    tx.commit().await
}

/// Where a file of so many rows leads instead of to the asker: to the page that asks for the second person, with the
/// question filled in. Nothing where it may leave. A machine is told so.
pub async fn export_refused(visit: &Visit, rows: usize) -> Result<Option<Response>, Error> {
    let policies = Policies::of(&visit.app)?;
    let question = question_at(&visit.address);
    let tx = visit.begin().await?;
    let spent = service::spend(&tx, &policies, visit.now(), &act(&question, rows), json!(visit.address.path())).await;
    match spent {
        Ok(_) => tx.commit().await.map(|()| None),
        Err(Error::Conflict(key)) if !visit.session.api_key => {
            let form = Address::parse("/elevations").with("kind", EXPORT).with("question", question);
            Ok(Some(see_other_saying(form.to_string(), FlashKind::Problem, key)))
        }
        Err(error) => Err(error),
    }
}
