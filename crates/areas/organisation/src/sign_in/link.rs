//! One-time sign-in links of the demonstration: printed by `luytre demo`, followed from this machine only, once.

use super::sessions::NewSession;
use super::{Origin, SignIn, own_scope};
use crate::people;
use crate::policies::Policies;
use kit::clock::{Micros, SECOND};
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement};

/// Makes a link for a person; returns the token for `/sign-in/link/{token}`. Only a hash of it is kept.
pub async fn create_sign_in_link(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    person_id: &str,
) -> Result<String, Error> {
    tx.scope().require(Capability::Administer)?;
    people::find(tx, person_id).await?;
    let token = super::secret()?;
    let sql = "INSERT INTO sign_in_links (token_hash, person_id, created_at, expires_at, used_at) \
               VALUES ($1, $2, $3, $4, NULL)";
    let until = now + policies.session.link.lifetime * SECOND;
    let values = [super::hash_of(&token).into(), person_id.into(), now.into(), until.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(token)
}

impl SignIn {
    /// Whose link it is or was: person and account. Whoever has the token has had the link.
    pub(super) async fn owner_of_link(&self, token: &str) -> Result<Option<(String, String)>, Error> {
        let scope = own_scope();
        let view = self.db.scoped(&scope).read();
        let sql = "SELECT people.id, people.account FROM sign_in_links JOIN people ON people.id = person_id \
                   WHERE token_hash = $1";
        let values = [super::hash_of(token).into()];
        let statement = Statement::from_sql_and_values(view.get_database_backend(), sql, values);
        let row = view.query_one_raw(statement).await?;
        row.map(|row| Ok((row.try_get("", "id")?, row.try_get("", "account")?))).transpose()
    }

    /// Signs in by a link: its first use, in time, by an open account. `None` otherwise.
    pub(super) async fn follow_link(&self, token: &str, origin: &Origin) -> Result<Option<NewSession>, Error> {
        let now = self.clock.now();
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let sql = "UPDATE sign_in_links SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1 \
                   RETURNING person_id";
        let values = [now.into(), super::hash_of(token).into()];
        let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
        let Some(row) = row else { return Ok(None) };
        let person_id: String = row.try_get("", "person_id")?;
        let person = people::signed_in(&tx, &person_id).await?;
        let Some(person) = person.filter(|person| person.may_sign_in(&self.policies)) else {
            return Ok(None);
        };
        let session = self.open(&tx, &person, origin, "link", now).await?;
        tx.commit().await?;
        Ok(Some(session))
    }
}
