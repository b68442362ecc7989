//! `?saved=…` on the search page and on the page of questions: the permanent address of a saved search. It leads to the
//! address that holds what was saved, which is then asked in the scope of whoever opened it.

use super::store;
use axum::response::Response;
use kit::Error;
use kit::web::{Visit, see_other};

/// Where the address leads; nothing where it names no saved search, or says itself (in `parameter`) what to ask.
pub async fn opened(visit: &Visit, parameter: &str) -> Result<Option<Response>, Error> {
    let address = &visit.address;
    let Some(id) = address.value("saved").filter(|id| !id.is_empty()) else { return Ok(None) };
    if address.value(parameter).is_some() {
        return Ok(None);
    }
    let saved = store::find(&visit.read(), id).await?;
    Ok(Some(see_other(saved.address().to_string())))
}
