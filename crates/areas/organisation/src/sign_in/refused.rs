//! Rights that were refused: which of them become rows of the trail. Whoever tries without end fills the log, not the trail.

use super::SignIn;
use crate::audit;
use crate::policies::RefusalLimits;
use axum::http::request::Parts;
use kit::Error;
use kit::clock::{Micros, SECOND};
use kit::session::Session;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most askers within a window; those on top are in the log alone.
const MOST: usize = 1_000;
const LONGEST_PATH: usize = 200;

/// What was told of each asker: since when, and how many rows.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashMap<String, (Micros, u64)>>);

impl Told {
    /// Counts one more; whether it becomes a row, and then whether that is the last for now.
    fn count(&self, actor: &str, limits: &RefusalLimits, now: Micros) -> Option<bool> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, (since, _)| (0..limits.window * SECOND).contains(&(now - *since)));
        if told.len() >= MOST && !told.contains_key(actor) {
            return None;
        }
        let (_, rows) = told.entry(actor.to_owned()).or_insert((now, 0));
        *rows = rows.saturating_add(1);
        (*rows <= limits.rows).then_some(*rows == limits.rows)
    }
}

impl SignIn {
    /// Puts a refused right into the trail, if the policy tells of it. A database that is busy changes no answer.
    pub(super) async fn tell_refused(&self, session: &Session, parts: &Parts, right: &str) {
        let limits = &self.policies.session.refusals;
        let path = parts.uri.path();
        if parts.method.is_safe() && !limits.tells_of(path) {
            return;
        }
        let now = self.clock.now();
        let Some(last) = self.told.count(&session.scope.actor().id(), limits, now) else { return };
        let write = async {
            let tx = self.db.scoped(&session.scope).begin().await?;
            let details = json!({ "right": right, "method": parts.method.as_str(), "last_for_now": last });
            let path: String = path.chars().take(LONGEST_PATH).collect();
            let agency = Some(session.agency_id.as_str());
            audit::record(&tx, now, "access.refuse", "operation", &path, agency, details).await?;
            tx.commit().await
        };
        let written: Result<(), Error> = write.await;
        if let Err(error) = written {
            tracing::warn!(%error, "a refused right is not in the trail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_asker_has_so_many_rows_within_the_window_and_there_are_only_so_many_askers() {
        let limits = RefusalLimits { reads: Vec::new(), rows: 2, window: 60 };
        let told = Told::default();
        let counted: Vec<_> = (0..4).map(|at| told.count("a", &limits, at)).collect();
        assert_eq!(counted, [Some(false), Some(true), None, None]);
        assert_eq!(told.count("b", &limits, 5), Some(false));
        assert_eq!(told.count("a", &limits, 60 * SECOND), Some(false), "a new window");
        let askers = (0..2 * MOST).filter(|one| told.count(&one.to_string(), &limits, 200 * SECOND).is_some()).count();
        assert_eq!(askers, MOST);
    }
}
