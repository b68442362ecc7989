//! Whose bundles are taken, which of them, and taking one.

use super::registers::{Register, Tables};
use super::store::{self, Signer};
use super::{Bundle, Manifest};
use crate::rules::packs::service::compare;
use crate::rules::packs::{Compared, OF_A_BUNDLE, PackFile, Places};
use crate::rules::states::service::require_whole;
use crate::settings::Settings;
use jiff::Timestamp;
use kit::civil::moment_field;
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Connection, Error, Lang, Tx};
use organisation::signatures::PublicKeys;
use organisation::{audit, sheets};
use serde_json::json;
use std::sync::Arc;

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
    moment_field(at.as_microsecond())
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

/// A bundle held against what lies here, and its tables read: everything but the registers has been asked.
#[derive(Debug)]
pub struct Prepared {
    pub bundle: Bundle,
    pub compared: Compared,
    tables: Tables,
}

impl Prepared {
    /// Reads all rules and tables, apart from what answers requests.
    pub async fn of(bundle: Bundle, places: Arc<Places>, settings: &Arc<Settings>, now: Micros) -> Result<Self, Error> {
        let tables = Tables::read(&bundle.files, settings, now).await?;
        let needs_rules = tables.is_empty();
        let compare = move || {
            let folder = format!("{OF_A_BUNDLE}{}", bundle.manifest.name);
            let of_rules = |file: &&PackFile| Register::of(&file.path).is_none();
            let files = bundle.files.iter().filter(of_rules).cloned().collect();
            let compared = compare(&places, &folder, files, Vec::new(), needs_rules)?;
            Ok((bundle, compared))
        };
        let (bundle, compared) = sheets::apart(compare).await?;
        Ok(Self { bundle, compared, tables })
    }

    /// Takes the bundle, judged in the transaction that keeps it; a preview takes it back. The files follow once that is
    /// committed. What was done stands in the plan afterwards.
    pub async fn take(
        &mut self,
        tx: &Tx<'_>,
        settings: &Settings,
        on_trial: bool,
        lang: Lang,
        now: Micros,
    ) -> Result<Signer, Error> {
        require_whole(tx.scope())?;
        let signer = judge(tx, &self.bundle, now).await?;
        let tables = std::mem::take(&mut self.tables);
        let (brought, refused) = tables.take(tx, settings, &signer.name, lang, now).await?;
        let Self { bundle, compared, .. } = self;
        compared.plan.registers = brought;
        compared.plan.refused.extend(refused);
        let on_trial = compared.begin(tx, on_trial, now).await?;
        let manifest = &bundle.manifest;
        let id = store::keep(tx, bundle, &compared.plan.rules, now).await?;
        let details = json!({
            "bundle": manifest.name, "version": manifest.version, "serial": manifest.serial, "digest": bundle.digest,
            "signer": signer.name, "key": signer.key_id, "done": compared.figures(on_trial),
        });
        audit::record(tx, now, "bundle.import", "bundle", &id, None, details).await?;
        Ok(signer)
    }
}
