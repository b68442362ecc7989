//! Who lets a backup take the place of what there is. Where there is something, that is an administrator for whom a second
//! person has approved it; where there is nothing, there is nobody to ask.

use super::registers::scope;
use super::restore::RestoreQuestion;
use super::{Database, EVENTS, Inventory, SQLITE, failed};
use crate::centre::Registers;
use crate::configuration::Configuration;
use event_store::holds_records;
use kit::bus::Bus;
use kit::clock::Micros;
use kit::live::Live;
use kit::migration::applied;
use kit::{Capability, Db, Error, Scope};
use organisation::audit;
use organisation::elevations::{self, Act, Elevation};
use organisation::people::{self, PersonFilter};
use organisation::policies::{Policies, RESTORE};
use serde_json::{Value, json};
use std::path::Path;

/// An administrator of the whole centre.
pub(super) async fn administrator(db: &Db, policies: &Policies, account: &str, now: Micros) -> Result<Scope, Error> {
    let unknown = || Error::mistake("backup-no-administrator", [("account", account.to_owned())]);
    let scope = scope();
    let person = people::by_account(&db.scoped(&scope).read(), account).await?.ok_or_else(unknown)?;
    let by = people::scope_of(db, policies, &person.id, None, now).await?;
    by.filter(|by| by.may(Capability::Administer)).ok_or_else(unknown)
}

/// Who lets it be done, and what it takes the place of.
pub(super) struct Permission {
    pub by: Scope,
    pub elevation: Option<Elevation>,
    /// Rows of the replaced trail and the hash of the last.
    replaced: Option<(i64, String)>,
}

impl Permission {
    /// Asks what there is. Only where there is nothing, nobody has to approve.
    pub(super) async fn ask(
        data: &Path,
        configuration: &Configuration,
        question: &RestoreQuestion,
        sha256: &str,
    ) -> Result<Self, Error> {
        let by = scope().asking("", &question.user);
        let nobody = Self { by, elevation: None, replaced: None };
        let events = holds_records(&data.join(EVENTS)).map_err(|error| failed(data, &error))?;
        let directory = data.display().to_string();
        let alone = || Error::mistake("restore-nobody", [("directory", directory.clone())]);
        if !has_registers(data, configuration).await? {
            return if events { Err(alone()) } else { Ok(nobody) };
        }
        let registers = Registers::open(data, configuration, &Live::default()).await.map_err(|error| {
            let reason = crate::commands::in_words(&error);
            Error::mistake("restore-unreadable", [("directory", directory.clone()), ("reason", reason)])
        })?;
        let counted = people::count(&registers.db.scoped(&scope()).read(), &PersonFilter::default()).await;
        let asked = match counted {
            Ok(0) if events => Err(alone()),
            Ok(0) => Ok(nobody),
            Ok(_) => Self::spend(&registers, question, sha256).await,
            Err(error) => Err(error),
        };
        registers.db.close().await?;
        asked
    }

    /// Uses the elevation of the account for this backup.
    async fn spend(registers: &Registers, question: &RestoreQuestion, sha256: &str) -> Result<Self, Error> {
        let needed = || Error::mistake("restore-needs-elevation", [("sha256", sha256.to_owned())]);
        let account = question.account.as_deref().ok_or_else(needed)?;
        let (db, policies, now) = (&registers.db, &registers.policies, registers.clock.now());
        let by = administrator(db, policies, account, now).await?;
        if policies.elevation.kind(RESTORE).is_none() {
            return Err(Error::mistake("restore-no-kind", []));
        }
        let tx = db.scoped(&by).begin().await?;
        let what = json!({ "backup": question.backup, "sha256": sha256, "user": question.user });
        let act = Act { kind: RESTORE, subject: sha256, rows: 1 };
        let used = match elevations::spend(&tx, policies, now, &act, what).await {
            Err(Error::Conflict("elevation-for-another")) => {
                return Err(Error::mistake("restore-of-another", [("sha256", sha256.to_owned())]));
            }
            Err(Error::Conflict(_)) => return Err(needed()),
            spent => spent?,
        };
        let elevation = match used {
            Some(id) => Some(elevations::find(&tx, &id).await?),
            None => None,
        };
        tx.commit().await?;
        let replaced = audit::head(&db.scoped(&scope()).read()).await?;
        Ok(Self { by: by.clone(), elevation, replaced: Some(replaced) })
    }

    pub(super) fn details(&self, question: &RestoreQuestion, inventory: &Inventory, kept: Option<&Path>) -> Value {
        let elevation = self.elevation.as_ref().map(|one| {
            json!({
                "id": one.id, "reason": one.reason, "asked_at": one.asked_at, "approved_by": one.decided_by,
                "approver": one.decider_name,
            })
        });
        let replaced = self.replaced.as_ref().map(|(rows, hash)| json!({ "rows": rows, "sha256": hash }));
        json!({
            "backup": question.backup, "made_at": inventory.made_at, "made_by": inventory.made_by,
            "elevation": elevation, "account": question.account, "user": question.user, "replaced_trail": replaced,
            "kept": kept,
        })
    }
}

/// Whether there are registers where the configuration says. Nothing is made where there are none.
async fn has_registers(data: &Path, configuration: &Configuration) -> Result<bool, Error> {
    match Database::of(configuration) {
        Database::Sqlite => Ok(data.join(SQLITE).exists()),
        Database::Postgres => {
            let db = Db::open_postgres(configuration.database.url.reveal(), Bus::default()).await?;
            let names = applied(&db).await;
            db.close().await?;
            Ok(!names?.is_empty())
        }
    }
}
