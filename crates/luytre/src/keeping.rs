//! The keeping of events, as commands and the server's housekeeping ask for it: what there is, for how long, what is
//! held, what is signed, and that it is all still what was written.

use crate::centre::Centre;
use crate::holds::{EventHolds, told};
use crate::spare::room;
use event_store::{Dropped, Forecast, Hold, Moved, Proof, Report, RetentionPlan, Sealed, Statistics, StoreError};
use jiff::civil::Date;
use kit::clock::DAY;
use kit::legal_hold::HoldEvents;
use kit::page::Severity;
use kit::{Capability, Error, Scope};
use monitoring::search::run::refusal;
use organisation::inbox::{Message, Recipient, notify_all};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is asked of a store in use. Every act that changes something is in the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Verify,
    Status,
    Sign,
    Prove { seq: u64 },
    Hold(Hold),
    Release { id: String },
    Expire,
    Archive,
}

/// What there is and how long it lasts.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub statistics: Statistics,
    pub forecast: Forecast,
    pub retention: RetentionPlan,
    pub holds: Vec<Hold>,
    /// Public half of the key that signs the ledger.
    pub ledger_key: String,
}

impl Centre {
    pub async fn keep(&self, act: &Act) -> Result<Value, Error> {
        match act {
            Act::Verify => value(&self.verify().await?),
            Act::Status => value(&self.status().await?),
            Act::Sign => value(&self.sign().await?),
            Act::Prove { seq } => value(&self.prove(*seq).await?),
            Act::Hold(hold) => self.hold(hold).await,
            Act::Release { id } => self.release(id).await,
            Act::Expire => value(&self.expire().await?),
            Act::Archive => value(&self.archive().await?),
        }
    }

    async fn verify(&self) -> Result<Report, Error> {
        self.store.verify().await.map_err(refusal)
    }

    pub async fn status(&self) -> Result<Status, Error> {
        let retention = self.retention_plan().await?;
        Ok(Status {
            statistics: self.store.statistics(),
            forecast: self.store.forecast(self.budget(), retention.longest()),
            holds: self.store.holds().map_err(refusal)?,
            ledger_key: self.ledger_key.clone(),
            retention,
        })
    }

    async fn sign(&self) -> Result<Sealed, Error> {
        self.store.seal().await.map_err(refusal)?;
        let sealed = self.store.sign_ledger().await.map_err(refusal)?;
        self.record("events.ledger", "events", &json!({ "sha256": sealed.seal.sha256 })).await?;
        Ok(sealed)
    }

    async fn prove(&self, seq: u64) -> Result<Proof, Error> {
        let proof = self.store.prove(seq).await.map_err(|error| match error {
            StoreError::Refused(words) => Error::mistake("store-not-proven", [("reason", words)]),
            error => refusal(error),
        })?;
        self.record("events.prove", "events", &json!({ "seq": seq })).await?;
        Ok(proof)
    }

    /// Keeps events, for areas and commands.
    pub fn holds(&self) -> EventHolds {
        EventHolds { store: self.store.clone(), db: self.db.clone(), clock: self.clock.clone() }
    }

    async fn hold(&self, hold: &Hold) -> Result<Value, Error> {
        self.holds().hold(&Scope::service("command line"), &told(hold)).await?;
        value(hold)
    }

    async fn release(&self, id: &str) -> Result<Value, Error> {
        self.holds().release(&Scope::service("command line"), id).await?;
        Ok(json!({ "id": id }))
    }

    /// Removes what the plan lets go, and where there is too little room, down to the minima.
    pub async fn expire(&self) -> Result<Dropped, Error> {
        let plan = self.retention_plan().await?;
        let mut gone = self.store.enforce_retention(&plan).await.map_err(refusal)?;
        let budget = self.budget();
        if self.store.statistics().segment_bytes > budget {
            let more = self.store.make_room(&plan.at_minimum(), budget).await.map_err(refusal)?;
            gone += more;
            let left = self.store.statistics().segment_bytes;
            if left > budget {
                tracing::error!(left, budget, "events take more room than they may, and none of them may go yet");
            }
        }
        if gone != Dropped::default() {
            let details = json!({ "gone": gone, "plan": plan, "budget": budget });
            self.record("events.expire", "events", &details).await?;
        }
        Ok(gone)
    }

    /// The same because a seal found no room on the disk. What was kept for such a day is given up first: taking a segment
    /// out of the manifest needs a little room as well.
    pub async fn make_room(&self) -> Result<Dropped, Error> {
        self.spare().give_up();
        let gone = self.expire().await;
        self.spare().keep();
        gone
    }

    /// Moves what is due to the archive.
    async fn archive(&self) -> Result<Moved, Error> {
        self.store.seal().await.map_err(refusal)?;
        self.move_to_archive().await
    }

    /// The same without what is in memory, which is never due. What went there by itself is in the audit trail as well.
    async fn move_to_archive(&self) -> Result<Moved, Error> {
        let moved = self.store.archive().await.map_err(|error| match error {
            // Whoever asks for this may know where the archive is.
            StoreError::Archive(words) => Error::BadRequest(words),
            error => refusal(error),
        })?;
        if moved != Moved::default() {
            self.record("events.archive", "events", &value(&moved)?).await?;
        }
        Ok(moved)
    }

    async fn retention_plan(&self) -> Result<RetentionPlan, Error> {
        let scoped = self.db.scoped(self.scope());
        let levels = monitoring::sources::store::highest_levels(&scoped.read()).await?;
        Ok(self.settings.current().retention.plan(self.configuration.events.wish(), &levels))
    }

    /// Bytes that segments may take: what is configured, but never more than all but a twentieth of what the disk can give
    /// them.
    fn budget(&self) -> u64 {
        let used = self.store.statistics().segment_bytes;
        budget(used, self.configuration.events.disk_bytes, room(&self.data))
    }
}

/// `room`: free bytes of the disk and all of them, where that is known.
fn budget(used: u64, configured: Option<u64>, room: Option<(u64, u64)>) -> u64 {
    let possible = room.map(|(free, all)| used.saturating_add(free).saturating_sub(all / 20));
    match (configured, possible) {
        (Some(configured), Some(possible)) => configured.min(possible),
        (one, other) => one.or(other).unwrap_or(used),
    }
}

/// What administrators were told already, so that they are told once: files, and the day of the last warning.
#[derive(Debug, Default)]
pub struct Told {
    files: BTreeSet<String>,
    warned: Option<Date>,
}

impl Centre {
    /// An hour's part of reading everything again, and a look at how long the disk lasts. Administrators are told.
    pub async fn care(&self, told: &mut Told) -> Result<(), Error> {
        let hours = self.settings.current().retention.care.read_again_days * 24;
        let part = self.store.statistics().segment_bytes.div_ceil(hours.max(1)).max(1);
        for problem in self.store.scrub(part).await.map_err(refusal)? {
            if told.files.insert(problem.file.clone()) {
                let arguments = vec![("file", problem.file.clone())];
                self.tell_administrators("inbox-store-damaged", arguments, problem.reason).await?;
            }
        }
        match self.move_to_archive().await {
            // An archive that is away has been told by the store.
            Ok(_) | Err(Error::BadRequest(_)) => {}
            Err(error) => return Err(error),
        }
        let now = self.clock.now();
        let today = kit::calendar::vietnam_date(now);
        let within = self.settings.current().retention.care.warn_days * DAY;
        let full = self.store.forecast(self.budget(), self.retention_plan().await?.longest()).full_at;
        if let Some(full) = full.filter(|at| at - now <= within)
            && told.warned != Some(today)
        {
            told.warned = Some(today);
            let day = kit::calendar::vietnam_date(full).strftime("%d/%m/%Y").to_string();
            self.tell_administrators("inbox-store-full", vec![("day", day)], String::new()).await?;
        }
        Ok(())
    }

    async fn tell_administrators(
        &self,
        title_key: &'static str,
        title_arguments: Vec<(&'static str, String)>,
        body: String,
    ) -> Result<(), Error> {
        let message = Message { severity: Severity::High, title_key, title_arguments, body, ..Message::default() };
        let roles = self.policies.roles_with(Capability::Administer);
        let recipients: Vec<_> = roles.map(|role| Recipient::Role { role: &role.id, agency_id: None }).collect();
        let tx = self.db.scoped(self.scope()).begin().await?;
        notify_all(&tx, &self.live, self.clock.now(), &recipients, &message).await?;
        tx.commit().await
    }
}

fn value(of: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(of).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_may_take_what_is_configured_and_never_more_than_the_disk_has() {
        let disk = |free| Some((free, 1_000));
        assert_eq!(budget(100, None, disk(500)), 550, "a twentieth of the disk stays free");
        assert_eq!(budget(100, Some(300), disk(500)), 300);
        assert_eq!(budget(100, Some(300), disk(0)), 50, "a full disk is full, whatever is configured");
        assert_eq!((budget(100, Some(300), None), budget(100, None, None)), (300, 100));
        assert_eq!(budget(0, None, disk(0)), 0);
    }
}
