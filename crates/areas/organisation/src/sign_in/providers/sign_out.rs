//! Signing out at the provider ends the sessions here that came from there (OpenID Connect Back-Channel Logout 1.0).

use super::client::Trouble;
use super::{links, token};
use crate::audit;
use crate::people;
use crate::sign_in::{Origin, SignIn, own_scope, sessions};
use kit::Error;
use serde_json::json;

impl SignIn {
    /// Ends the sessions that the provider names; how many there were. `Err` in the inner result: the token is not taken.
    pub(super) async fn signed_out_at_provider(
        &self,
        id: &str,
        signed: &str,
        origin: &Origin,
    ) -> Result<Result<usize, Trouble>, Error> {
        let provider = self.providers.get(id).ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let checked = provider.client.check(now, |keys, expected| token::signed_out(signed, keys, expected)).await;
        let claims = match checked {
            Ok(claims) => claims,
            Err(trouble) => {
                tracing::warn!(provider = id, %trouble, "a sign-out of a provider of accounts is refused");
                return Ok(Err(trouble));
            }
        };
        let issuer = provider.settings.issuer.as_str();
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let person = match claims.text("sub") {
            // Of somebody whom nobody here is, no session can be.
            Some(subject) => Some(links::person_of(&tx, issuer, subject).await?.unwrap_or_default()),
            None => None,
        };
        let ended = sessions::end_from(&tx, issuer, claims.text("sid"), person.as_deref(), now).await?;
        for person_id in &ended {
            let Some(person) = people::signed_in(&tx, person_id).await? else { continue };
            let actor = (person.id.as_str(), person.full_name.as_str());
            let agency = Some(person.agency_id.as_str());
            let details = json!({ "by": "provider", "provider": provider.id });
            audit::record_for(&tx, now, actor, &origin.text(), "session.end", agency, details).await?;
        }
        tx.commit().await?;
        Ok(Ok(ended.len()))
    }
}
