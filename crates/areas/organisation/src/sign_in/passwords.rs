//! Setting and changing passwords: rules, history, and which sessions end. Hashes are computed before a
//! transaction begins, so that nobody waits for them.

use super::password::Owner;
use super::sessions::NewSession;
use super::{SignIn, devices, second_factors, sessions, steps, throttle};
use crate::people::{self, Person};
use crate::{audit, policies};
use kit::clock::{DAY, Micros};
use kit::error::FieldError;
use kit::id::new_id;
use kit::{Capability, Connection, Error, Scope, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde_json::json;

#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct PasswordRow {
    pub(super) hash: String,
    pub(super) changed_at: Micros,
    pub(super) must_change: bool,
    /// Long enough only together with a second factor.
    pub(super) leans_on_second_factor: bool,
    /// When a temporary one opens nothing any more.
    pub(super) ends_at: Option<Micros>,
}

impl PasswordRow {
    /// The hash that is compared with what somebody gives; none where the password has ended.
    pub(super) fn hash_at(&self, now: Micros) -> Option<&str> {
        self.ends_at.is_none_or(|end| now < end).then_some(self.hash.as_str())
    }

    /// Whether a new one must be chosen before anything else.
    pub(super) fn is_due(
        &self,
        rules: &policies::PasswordRules,
        administrator: bool,
        second_factor: bool,
        now: Micros,
    ) -> bool {
        let limit = rules.administrator_max_age_days;
        self.must_change
            || (self.leans_on_second_factor && !second_factor)
            || (administrator && limit > 0 && now - self.changed_at > limit * DAY)
    }
}

pub(super) async fn find(connection: &impl Connection, person_id: &str) -> Result<Option<PasswordRow>, Error> {
    let sql =
        "SELECT hash, changed_at, must_change, leans_on_second_factor, ends_at FROM passwords WHERE person_id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [person_id.into()]);
    Ok(PasswordRow::find_by_statement(statement).one(connection).await?)
}

async fn former(connection: &impl Connection, person_id: &str, limit: u64) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT hash FROM former_passwords WHERE person_id = $1 ORDER BY replaced_at DESC, id DESC LIMIT {limit}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [person_id.into()]);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "hash")?)).collect()
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// A password as it is kept.
struct Kept {
    hash: String,
    must_change: bool,
    leans_on_second_factor: bool,
    ends_at: Option<Micros>,
}

async fn store(tx: &Tx<'_>, person_id: &str, kept: &Kept, now: Micros) -> Result<(), Error> {
    let keep = "INSERT INTO former_passwords (id, person_id, hash, replaced_at) \
                SELECT $1, person_id, hash, $2 FROM passwords WHERE person_id = $3";
    execute(tx, keep, vec![new_id(now).into(), now.into(), person_id.into()]).await?;
    let sql = "INSERT INTO passwords (person_id, hash, changed_at, must_change, leans_on_second_factor, ends_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, \
               changed_at = excluded.changed_at, must_change = excluded.must_change, \
               leans_on_second_factor = excluded.leans_on_second_factor, ends_at = excluded.ends_at";
    let Kept { hash, must_change, leans_on_second_factor, ends_at } = kept;
    let values = vec![
        person_id.into(),
        hash.as_str().into(),
        now.into(),
        (*must_change).into(),
        (*leans_on_second_factor).into(),
        (*ends_at).into(),
    ];
    execute(tx, sql, values).await
}

/// A new password must be chosen before anything else.
pub(super) async fn require_change(tx: &Tx<'_>, person_id: &str) -> Result<(), Error> {
    execute(tx, "UPDATE passwords SET must_change = TRUE WHERE person_id = $1", vec![person_id.into()]).await
}

/// Replaces a hash by one of the same password with today's parameters.
pub(super) async fn renew(tx: &Tx<'_>, person_id: &str, old: &str, new: &str) -> Result<(), Error> {
    let sql = "UPDATE passwords SET hash = $1 WHERE person_id = $2 AND hash = $3";
    execute(tx, sql, vec![new.into(), person_id.into(), old.into()]).await
}

impl SignIn {
    /// Whether the password is known from a breach, where the centre has a list of them; `None` where the list cannot be
    /// read, which is in the log.
    pub(super) async fn is_breached(&self, password: &str) -> Option<bool> {
        let Some(list) = &self.breached else { return Some(false) };
        list.contains(password).await.inspect_err(|error| tracing::error!(%error, "a password was not looked up")).ok()
    }

    /// What keeps the centre's list of breached passwords from being read, in words for who runs the centre.
    pub async fn breached_trouble(&self) -> Option<String> {
        match &self.breached {
            Some(list) => list.trouble().await,
            None => None,
        }
    }

    /// Checks a password for a person; whether it is long enough only because of the second factor.
    async fn check(&self, person: &Person, password: &str, field: &str) -> Result<bool, Error> {
        let about = [person.account.as_str(), person.full_name.as_str()];
        let scope = super::own_scope();
        let second_factor = second_factors::factors(&self.db.scoped(&scope).read(), &person.id).await?.any();
        let rules = &self.policies.password.rules;
        let owner = Owner { about: &about, second_factor };
        let mut wrong = super::check_rules(rules, password, owner);
        if wrong.is_empty() {
            match self.is_breached(password).await {
                Some(true) => wrong.push("password-breached"),
                Some(false) => {}
                None => wrong.push("password-breached-unread"),
            }
        }
        if wrong.is_empty() {
            let alone = Owner { second_factor: false, ..owner };
            return Ok(second_factor && !super::check_rules(rules, password, alone).is_empty());
        }
        Err(Error::Invalid(wrong.into_iter().map(|key| FieldError { field: field.to_owned(), key }).collect()))
    }

    /// Sets a password that somebody chose for the person (command line). Opens a locked account and ends its
    /// sessions.
    pub async fn set_password(&self, scope: &Scope, person_id: &str, password: &str) -> Result<(), Error> {
        let person = people::find(&self.db.scoped(scope).read(), person_id).await?;
        let leans_on_second_factor = self.check(&person, password, "password").await?;
        let hash = self.hasher.hash(password).await?;
        let kept = Kept { hash, must_change: false, leans_on_second_factor, ends_at: None };
        self.put(scope, person_id, kept, "password.set").await
    }

    /// Makes a password for the first sign-in, to be changed there, and until when it opens the door. It is shown this
    /// once.
    pub async fn reset_password(&self, scope: &Scope, person_id: &str) -> Result<(String, Micros), Error> {
        let policy = &self.policies.password;
        let password = super::temporary(&policy.rules);
        let hash = self.hasher.hash(&password).await?;
        let end = self.clock.now() + policy.temporary.lasts();
        let kept = Kept { hash, must_change: true, leans_on_second_factor: false, ends_at: Some(end) };
        self.put(scope, person_id, kept, "password.reset").await?;
        Ok((password, end))
    }

    async fn put(&self, scope: &Scope, person_id: &str, kept: Kept, act: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::manageable(&tx, &self.policies, now, person_id).await?;
        store(&tx, person_id, &kept, now).await?;
        throttle::clear_account(&tx, &person.account).await?;
        // Whoever knew the old password may have made a device known, or stand before the second step.
        devices::forget(&tx, person_id).await?;
        steps::forget(&tx, person_id).await?;
        // Whoever was handed a password may add the first second factor with it.
        second_factors::open_way(&tx, person_id, now).await?;
        let ended = sessions::end_sessions_of(&tx, person_id, now).await?;
        let details = json!({ "sessions_ended": ended, "ends_at": kept.ends_at });
        audit::record(&tx, now, act, "person", person_id, Some(&person.agency_id), details).await?;
        tx.commit().await
    }

    /// Whether this is the present password of whoever asks; an error of the field `current` where not. Wrong ones are
    /// counted.
    async fn verify_present(
        &self,
        scope: &Scope,
        person: &Person,
        have: Option<&PasswordRow>,
        current: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let limits = &self.policies.session.account_lock;
        let subject = throttle::present_password(&person.account);
        let tx = self.db.scoped(scope).begin().await?;
        let open = throttle::reserve(&tx, &subject, limits, now).await?;
        tx.commit().await?;
        if let Err(until) = open {
            let seconds = u64::try_from((until - now) / kit::clock::SECOND).unwrap_or_default();
            return Err(Error::RateLimited { retry_after_seconds: seconds });
        }
        if self.hasher.verify(have.and_then(|row| row.hash_at(now)), current).await? {
            return Ok(());
        }
        let tx = self.db.scoped(scope).begin().await?;
        throttle::failed(&tx, &subject, limits, now).await?;
        tx.commit().await?;
        Err(Error::invalid("current", "password-current-wrong"))
    }

    /// Proves again who it is by the present password. `token` is the cookie of the session, which goes on under the one
    /// that is returned.
    pub(super) async fn confirm_by_password(
        &self,
        scope: &Scope,
        token: &str,
        current: &str,
    ) -> Result<NewSession, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("password"))?;
        let view = self.db.scoped(scope).read();
        let person = people::find(&view, id).await?;
        let have = find(&view, id).await?;
        self.verify_present(scope, &person, have.as_ref(), current).await?;
        let tx = self.db.scoped(scope).begin().await?;
        throttle::clear(&tx, &throttle::present_password(&person.account)).await?;
        let session = self.confirmed(&tx, &person, token, "password").await?;
        tx.commit().await?;
        Ok(session)
    }

    /// The person chooses a new password. `token` is the cookie of the session that stays; all others end.
    pub async fn change_password(&self, scope: &Scope, token: &str, current: &str, new: &str) -> Result<(), Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("password"))?;
        let now = self.clock.now();
        let view = self.db.scoped(scope).read();
        let person = people::find(&view, id).await?;
        let have = find(&view, id).await?;
        let remembered = former(&view, id, self.policies.password.rules.remembered).await?;
        let subject = throttle::present_password(&person.account);
        self.verify_present(scope, &person, have.as_ref(), current).await?;
        let leans_on_second_factor = self.check(&person, new, "new").await?;
        for hash in have.iter().map(|row| &row.hash).chain(&remembered) {
            if self.hasher.verify(Some(hash), new).await? {
                return Err(Error::invalid("new", "password-used-before"));
            }
        }
        let hash = self.hasher.hash(new).await?;
        let tx = self.db.scoped(scope).begin().await?;
        store(&tx, id, &Kept { hash, must_change: false, leans_on_second_factor, ends_at: None }, now).await?;
        throttle::clear(&tx, &subject).await?;
        let ended = sessions::end_others(&tx, id, token, now).await?;
        let details = json!({ "sessions_ended": ended });
        audit::record(&tx, now, "password.change", "person", id, Some(&person.agency_id), details).await?;
        tx.commit().await
    }

    /// Opens an account that wrong passwords have locked.
    pub async fn unlock(&self, scope: &Scope, person_id: &str) -> Result<(), Error> {
        scope.require(Capability::ManagePeople)?;
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::manageable(&tx, &self.policies, now, person_id).await?;
        throttle::clear_account(&tx, &person.account).await?;
        audit::record(&tx, now, "person.unlock", "person", person_id, Some(&person.agency_id), json!({})).await?;
        tx.commit().await
    }

    /// Until when wrong passwords have locked some place out of an account, for the page of the person.
    pub async fn locked_until(&self, connection: &impl Connection, person: &Person) -> Result<Option<Micros>, Error> {
        throttle::locked_until(connection, &person.account, self.clock.now()).await
    }
}
