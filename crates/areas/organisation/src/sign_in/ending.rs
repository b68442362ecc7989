//! Sessions that an administrator ends: those of one person, or of everybody.

use super::{SignIn, sessions, steps};
use crate::{audit, people};
use kit::scope::Agencies;
use kit::text::FieldFaults;
use kit::{Capability, Error, Scope};
use serde_json::json;

const LONGEST_REASON: usize = 500;

impl SignIn {
    /// Ends every session of a person and what is under way in signing in; returns how many sessions there were. The
    /// account stays open.
    pub async fn end_sessions(&self, scope: &Scope, person_id: &str) -> Result<u64, Error> {
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::manageable(&tx, &self.policies, now, person_id).await?;
        steps::forget(&tx, person_id).await?;
        let ended = sessions::end_sessions_of(&tx, person_id, now).await?;
        let details = json!({ "sessions_ended": ended });
        let agency = Some(person.agency_id.as_str());
        audit::record(&tx, now, "person.end-sessions", "person", person_id, agency, details).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends the sessions of everybody, the asker's own too; returns how many there were. For who administers the whole
    /// centre.
    pub async fn end_sessions_of_all(&self, scope: &Scope, reason: &str) -> Result<u64, Error> {
        scope.require(Capability::Administer)?;
        if *scope.agencies() != Agencies::All {
            return Err(Error::Forbidden(Capability::Administer.name()));
        }
        let mut faults = FieldFaults::default();
        let reason = faults.required_lines("reason", reason, LONGEST_REASON);
        faults.into_result()?;
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let ended = sessions::end_all_sessions(&tx, now).await?;
        let details = json!({ "reason": reason, "sessions_ended": ended });
        audit::record(&tx, now, "session.end-all", "sessions", "", None, details).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
