//! Requests that come twice: a double click, a reload, a client that never saw the answer. What a request did is kept
//! for a day under its identity, in the transaction that did it; a repetition is answered with that.

use crate::clock::Micros;
use crate::db::{Connection, Tx};
use crate::error::Error;
use crate::migration::Migration;
use sea_orm::{ConnectionTrait, Statement, Value};
use sha2::{Digest, Sha256};

pub(crate) const MIGRATION: Migration = Migration {
    name: "2026-11-22-kit-answered-requests",
    sql: "CREATE TABLE answered_requests (
  actor_id TEXT NOT NULL,
  identity TEXT NOT NULL,
  answer TEXT NOT NULL,
  answered_at BIGINT NOT NULL,
  PRIMARY KEY (actor_id, identity)
);
CREATE INDEX answered_requests_by_time ON answered_requests (answered_at);
",
};

/// How long a repetition is recognised, in microseconds.
const KEPT: Micros = 24 * 60 * 60 * 1_000_000;

/// What makes a request the same one again. Without an identity nothing is a repetition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestIdentity(Option<String>);

impl RequestIdentity {
    /// From everything that must be equal: the address asked and what was sent, a token made once among it.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self(Some(hex::encode(digest.finalize())))
    }

    /// Claims the identity for the actor of the transaction. Gives what the first request answered, if this is a
    /// repetition; one that comes while the first is still at work waits for it.
    pub async fn claim(&self, tx: &Tx<'_>, now: Micros) -> Result<Option<String>, Error> {
        let Some(identity) = &self.0 else { return Ok(None) };
        let actor = tx.scope().actor().id();
        let forget = "DELETE FROM answered_requests WHERE answered_at < $1";
        execute(tx, forget, vec![(now - KEPT).into()]).await?;
        let claim = "INSERT INTO answered_requests (actor_id, identity, answer, answered_at) VALUES ($1, $2, '', $3) \
                     ON CONFLICT (actor_id, identity) DO NOTHING";
        if execute(tx, claim, vec![actor.as_str().into(), identity.into(), now.into()]).await? == 1 {
            return Ok(None);
        }
        let find = "SELECT answer FROM answered_requests WHERE actor_id = $1 AND identity = $2";
        let values: Vec<Value> = vec![actor.into(), identity.into()];
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), find, values);
        Ok(tx.query_one_raw(statement).await?.map(|row| row.try_get("", "answer")).transpose()?)
    }

    /// Keeps what a repetition will be answered with.
    pub async fn answer(&self, tx: &Tx<'_>, answer: &str) -> Result<(), Error> {
        let Some(identity) = &self.0 else { return Ok(()) };
        let keep = "UPDATE answered_requests SET answer = $1 WHERE actor_id = $2 AND identity = $3";
        execute(tx, keep, vec![answer.into(), tx.scope().actor().id().into(), identity.into()]).await?;
        Ok(())
    }
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}
