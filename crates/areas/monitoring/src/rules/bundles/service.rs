//! Whose bundles are taken, which of them, and taking one.

use super::store::{self, Signer};
use super::{Bundle, Manifest};
use crate::rules::packs::service::compare;
use crate::rules::packs::{Compared, OF_A_BUNDLE, Places};
use crate::rules::states::service::require_whole;
use jiff::Timestamp;
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Connection, Error, Tx};
use organisation::audit;
use organisation::signatures::PublicKeys;
use serde_json::json;

const LONGEST_NAME: usize = 200;

/// Trusts whoever holds the private halves of these keys to bring rules for the whole centre.
pub async fn trust(tx: &Tx<'_>, name: &str, keys: &PublicKeys, now: Micros) -> Result<(), Error> {
    require_whole(tx.scope())?;
    let mut faults = FieldFaults::default();
    let name = faults.required_line("name", name, LONGEST_NAME);
    faults.into_result()?;
    if !keys.are_sound() {
        return Err(Error::mistake("bundle-no-key", []));
    }
    store::trust(tx, &name, keys, now).await?;
    audit::record(tx, now, "bundle.trust", "bundle-signer", &keys.fingerprint(), None, json!({ "name": name })).await
}

/// Takes nothing more of a signer. Rules that they brought stay.
pub async fn withdraw(tx: &Tx<'_>, key_id: &str, now: Micros) -> Result<(), Error> {
    require_whole(tx.scope())?;
    let signer = store::find_signer(tx, key_id).await?.filter(Signer::is_trusted);
    let signer = signer.ok_or_else(|| Error::mistake("bundle-signer-missing", [("key", key_id.to_owned())]))?;
    store::withdraw(tx, &signer.key_id, now).await?;
    let details = json!({ "name": signer.name });
    audit::record(tx, now, "bundle.distrust", "bundle-signer", &signer.key_id, None, details).await
}

/// A moment as the refusal of a bundle names it.
fn words(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Who signed a bundle, if that is somebody trusted, it still holds, and nothing newer of its name came before.
pub async fn judge(connection: &impl Connection, bundle: &Bundle, now: Micros) -> Result<Signer, Error> {
    let Manifest { name, serial, valid_until, .. } = &bundle.manifest;
    let key = &bundle.signatures.key;
    let signer = store::find_signer(connection, key).await?.filter(Signer::is_trusted);
    let signer = signer.ok_or_else(|| Error::mistake("bundle-signer-unknown", [("key", key.clone())]))?;
    if !bundle.is_by(&signer.keys) {
        return Err(Error::mistake("bundle-signature-wrong", [("signer", signer.name)]));
    }
    if bundle.manifest.ends_at() < now {
        return Err(Error::mistake("bundle-expired", [("until", words(*valid_until))]));
    }
    let Some(last) = store::newest(connection, name).await? else { return Ok(signer) };
    let is_of_another = last.key_id != signer.key_id;
    if is_of_another && store::find_signer(connection, &last.key_id).await?.is_some_and(|last| last.is_trusted()) {
        return Err(Error::mistake("bundle-of-another", [("name", name.clone()), ("signer", last.signer)]));
    }
    if *serial < last.serial {
        let numbers = [("serial", serial.to_string()), ("last", last.serial.to_string())];
        return Err(Error::mistake("bundle-older", numbers));
    }
    if *serial == last.serial && bundle.digest != last.digest {
        return Err(Error::mistake("bundle-same-serial", [("serial", serial.to_string())]));
    }
    Ok(signer)
}

/// What a bundle changes. Reads all rules.
pub fn compare_bundle(places: &Places, bundle: &Bundle) -> Result<Compared, Error> {
    let folder = format!("{OF_A_BUNDLE}{}", bundle.manifest.name);
    compare(places, &folder, bundle.files.clone(), Vec::new())
}

/// Takes a bundle, judged again in the transaction that keeps it; the files follow once that is committed.
pub async fn take(
    tx: &Tx<'_>,
    bundle: &Bundle,
    compared: &Compared,
    on_trial: bool,
    now: Micros,
) -> Result<Signer, Error> {
    let on_trial = compared.begin(tx, on_trial, now).await?;
    let signer = judge(tx, bundle, now).await?;
    let manifest = &bundle.manifest;
    let id = store::keep(tx, bundle, &compared.plan.rules, now).await?;
    let details = json!({
        "bundle": manifest.name, "version": manifest.version, "serial": manifest.serial, "digest": bundle.digest,
        "signer": signer.name, "key": signer.key_id, "done": compared.figures(on_trial),
    });
    audit::record(tx, now, "bundle.import", "bundle", &id, None, details).await?;
    Ok(signer)
}
