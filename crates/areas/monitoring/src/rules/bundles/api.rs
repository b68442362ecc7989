//! `POST /api/v1/rules/bundles` with a signed bundle as its body: what it changes, and that done (`dry_run=1` keeps nothing,
//! `on_trial=1` puts new rules on trial).

use super::service::{Prepared, judge};
use super::{Bundle, MOST_BYTES, Manifest};
use crate::rules::packs::Plan;
use crate::rules::packs::pages::places;
use crate::rules::states::service::require_whole;
use crate::settings::Settings;
use axum::Json;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use kit::web::{ApiVisit, Fail, Routes};
use kit::{Capability, Error};
use organisation::sheets;
use serde::Serialize;

pub(in crate::rules) fn routes() -> Routes {
    Routes::new()
        .post("/api/v1/rules/bundles", Capability::ManageRules, take_bundle)
        .query(&["dry_run", "on_trial"])
        .map(|router| router.layer(DefaultBodyLimit::max(MOST_BYTES)))
}

#[derive(Serialize)]
struct Taken {
    manifest: Manifest,
    /// SHA-256 of the bundle, hexadecimal.
    digest: String,
    signer: String,
    dry_run: bool,
    done: Plan,
}

async fn take_bundle(ApiVisit(visit): ApiVisit, file: Bytes) -> Result<Json<Taken>, Fail> {
    require_whole(visit.scope())?;
    let asked = |name: &str| visit.address.has(name, "1");
    let (dry_run, on_trial) = (asked("dry_run"), asked("on_trial"));
    let bundle = sheets::apart(move || Bundle::read(&file).map_err(Error::from)).await?;
    judge(&visit.read(), &bundle, visit.now()).await?;
    let settings = Settings::of(&visit.app)?;
    let mut prepared = Prepared::of(bundle, places(&visit.app)?, &settings, visit.now()).await?;
    let tx = visit.begin().await?;
    let signer = prepared.take(&tx, &settings, on_trial, visit.lang, visit.now()).await?;
    let Prepared { bundle, compared, .. } = prepared;
    let compared = match dry_run {
        true => {
            tx.rollback().await?;
            compared
        }
        false => {
            tx.commit().await?;
            sheets::apart(move || compared.write().map(|()| compared)).await?
        }
    };
    let Bundle { manifest, digest, .. } = bundle;
    Ok(Json(Taken { manifest, digest, signer: signer.name, dry_run, done: compared.plan }))
}
