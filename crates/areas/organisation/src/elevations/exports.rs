//! The door that many rows go through, as a file or by the API. Who lets them leave has approved the question that they
//! answer.

use super::given;
use super::service::{self, Act};
use super::subject::question_at;
use crate::policies::{EXPORT, Policies};
use axum::Json;
use axum::response::Response;
use kit::Error;
use kit::error::Mistake;
use kit::page::{Address, FlashKind};
use kit::web::{Csv, Released, Visit, see_other_saying};
use serde::Serialize;
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
    let allowed = service::allowed(&visit.read(), &policies, visit.now(), &act(&question, wanted)).await;
    let rows = allowed.map_err(|error| told(visit, asked, error))?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// The address of a list as a file, for whoever may have it now. Empty where its rows are more than may leave without a
/// second person and the visitor may not ask for one.
pub async fn file_link(visit: &Visit, list: &Address, rows: u64) -> Result<String, Error> {
    let file = list.with("format", "csv").to_string();
    let policies = Policies::of(&visit.app)?;
    let Some(kind) = policies.elevation.kind(EXPORT).filter(|kind| !visit.scope().may(kind.needs)) else {
        return Ok(file);
    };
    let may_leave = rows <= given::left(&visit.read(), kind, visit.now()).await?;
    Ok(if may_leave { file } else { String::new() })
}

/// Goes before rows leave by the API: counts them, or uses the running elevation.
///
/// # Errors
/// `elevation-needed-rows` where they are too many and none runs, and `elevation-needed-rows-key` for a key, which has what was
/// granted to it and nothing else; `elevation-for-another` where what runs is for something else.
pub async fn rows_given(visit: &Visit, asked: &Address, rows: usize) -> Result<(), Error> {
    count(visit, asked, rows).await.map_err(|error| told(visit, asked, error))
}

/// A part of a list of the API.
#[derive(Debug, Serialize)]
pub struct Rows<T> {
    /// All that were found.
    total: u64,
    rows: Vec<T>,
}

/// What every list of the API answers with.
pub type ListAnswer<T> = Released<Json<Rows<T>>>;

/// Lets rows of a list go by the API; see [`rows_given`]. `asked`: the address of their page.
pub async fn list_given<T: Serialize>(
    visit: &Visit,
    asked: &Address,
    total: u64,
    rows: Vec<T>,
) -> Result<ListAnswer<T>, Error> {
    rows_given(visit, asked, rows.len()).await?;
    Ok(Released(Json(Rows { total, rows })))
}

/// Lets a file go, or leads elsewhere; see [`export_refused`].
pub async fn leave(visit: &Visit, file: Csv) -> Result<Response, Error> {
    match export_refused(visit, file.rows()).await? {
        Some(elsewhere) => Ok(elsewhere),
        None => Ok(file.released()),
    }
}

/// Goes before a file of so many rows leaves: counts them, or uses the running elevation. Where they are too many it leads
/// to the page that asks for the second person, with the question filled in. A machine is told so.
pub async fn export_refused(visit: &Visit, rows: usize) -> Result<Option<Response>, Error> {
    match count(visit, &visit.address, rows).await {
        Ok(()) => Ok(None),
        Err(Error::Conflict(key)) if !visit.session.api_key => {
            let question = question_at(&visit.address);
            let form = Address::parse("/elevations").with("kind", EXPORT).with("question", question);
            Ok(Some(see_other_saying(form.to_string(), FlashKind::Problem, key)))
        }
        Err(error) => Err(told(visit, &visit.address, error)),
    }
}

async fn count(visit: &Visit, asked: &Address, rows: usize) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    if rows == 0 || policies.elevation.kind(EXPORT).is_none() {
        return Ok(());
    }
    let question = question_at(asked);
    let tx = visit.begin().await?;
    service::give(&tx, &policies, visit.now(), &act(&question, rows), json!(visit.address.path())).await?;
    tx.commit().await
}

/// A refusal with what whoever asks by the API can do about it: which question somebody else has to approve, and where.
fn told(visit: &Visit, asked: &Address, error: Error) -> Error {
    let code = match error {
        Error::Conflict("elevation-needed") if visit.session.api_key => "elevation-needed-rows-key",
        Error::Conflict("elevation-needed") => "elevation-needed-rows",
        other => return other,
    };
    let question = question_at(asked);
    Error::Mistake(Box::new(Mistake {
        status: 409,
        heading: "elevation-needed",
        code,
        words: format!("too many rows for {question}"),
        arguments: vec![("question", question), ("key", visit.scope().actor().id())],
        position: None,
    }))
}
