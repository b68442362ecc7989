//! Legal hold on the events of the store: the port of kit, for areas and for `luytre store hold`.

use event_store::Store;
use kit::clock::Clock;
use kit::legal_hold::{Hold, HoldEvents};
use kit::{Db, Error, Scope};
use monitoring::search::run::refusal;
use organisation::audit;
use serde_json::{Value, json};
use std::sync::Arc;

/// The event store as the keeper of events.
pub struct EventHolds {
    pub store: Store,
    pub db: Db,
    pub clock: Arc<dyn Clock>,
}

/// As the store knows it.
fn stored(hold: &Hold) -> event_store::Hold {
    let Hold { id, reason, sources, from, to } = hold.clone();
    event_store::Hold { id, reason, sources, from, to }
}

/// As areas know it.
pub fn told(hold: &event_store::Hold) -> Hold {
    let event_store::Hold { id, reason, sources, from, to } = hold.clone();
    Hold { id, reason, sources, from, to }
}

impl EventHolds {
    async fn record(&self, scope: &Scope, action: &str, details: Value) -> Result<(), Error> {
        let tx = self.db.scoped(scope).begin().await?;
        audit::record(&tx, self.clock.now(), action, "events", "", None, details).await?;
        tx.commit().await
    }
}

#[async_trait::async_trait]
impl HoldEvents for EventHolds {
    async fn hold(&self, scope: &Scope, hold: &Hold) -> Result<(), Error> {
        if hold.id.trim().is_empty() || hold.reason.trim().is_empty() {
            return Err(Error::mistake("store-hold-incomplete", []));
        }
        let taken = self.store.holds().map_err(refusal)?.iter().any(|one| one.id == hold.id);
        if taken {
            return Err(Error::mistake("store-hold-exists", [("id", hold.id.clone())]));
        }
        self.record(scope, "events.hold", serde_json::to_value(hold).map_err(Error::internal)?).await?;
        self.store.hold(stored(hold)).await.map_err(refusal)
    }

    async fn release(&self, scope: &Scope, id: &str) -> Result<(), Error> {
        let released = self.store.release_hold(id).await.map_err(refusal)?;
        if !released {
            return Err(Error::mistake("store-hold-missing", [("id", id.to_owned())]));
        }
        self.record(scope, "events.release", json!({ "id": id })).await
    }

    async fn holds(&self) -> Result<Vec<Hold>, Error> {
        Ok(self.store.holds().map_err(refusal)?.iter().map(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_the_same_on_both_sides() {
        let sources = Some(["a".to_owned()].into());
        let hold = Hold { id: "SC-1".into(), reason: "điều tra".into(), sources, from: Some(1), to: None };
        assert_eq!(told(&stored(&hold)), hold);
        let (ours, theirs) = (serde_json::to_value(&hold).unwrap(), serde_json::to_value(stored(&hold)).unwrap());
        assert_eq!(ours, theirs, "the trail reads as before");
    }
}
