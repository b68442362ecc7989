//! Secrets and personal data at rest: sealed under a key that the database does not hold (XChaCha20-Poly1305), and
//! opened only in the cell they were sealed for. A sealed text names its key, so that keys can change.

use crate::db::{Connection, Db};
use crate::error::Error;
use crate::scope::Scope;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sea_orm::{ConnectionTrait, Statement};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// How a sealed text begins: `sealed:<name of the key>:<nonce and ciphertext>`.
pub const PREFIX: &str = "sealed:";

const NONCE: usize = 24;

/// The cell that a text is sealed for. Copied into another, it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'cell> {
    pub table: &'cell str,
    pub column: &'cell str,
    pub row: &'cell str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!("{}\0{}\0{}", self.table, self.column, self.row).into_bytes()
    }
}

/// Why a text does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    #[error("it is not sealed")]
    NotSealed,
    #[error("the key {0} is not at hand")]
    UnknownKey(String),
    #[error("it is damaged, or stands where it was not sealed for")]
    Damaged,
}

/// Why a text of keys cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    #[error("a key has 64 hexadecimal digits; number {0} has not")]
    Form(usize),
    #[error("there is no key")]
    None,
}

#[derive(Clone)]
struct SealKey {
    /// The first eight hexadecimal digits of its SHA-256.
    name: String,
    cipher: XChaCha20Poly1305,
}

/// The keys at hand: the first seals, all open. Cheap to clone; the default has none and seals nothing.
#[derive(Clone, Default)]
pub struct KeyRing(Arc<Vec<SealKey>>);

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}

impl KeyRing {
    /// Keys of 64 hexadecimal digits, with blanks, commas or line ends between them.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let mut keys = Vec::new();
        let words = text.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty());
        for (number, word) in words.enumerate() {
            let bytes = hex::decode(word).map_err(|_| BadKeys::Form(number + 1))?;
            let key = Key::<XChaCha20Poly1305>::try_from(bytes.as_slice()).map_err(|_| BadKeys::Form(number + 1))?;
            let name = hex::encode(Sha256::digest(&bytes)).chars().take(8).collect();
            keys.push(SealKey { name, cipher: XChaCha20Poly1305::new(&key) });
        }
        if keys.is_empty() { Err(BadKeys::None) } else { Ok(Self(Arc::new(keys))) }
    }

    /// A new key from the machine's source of randomness, as [`KeyRing::parse`] reads it.
    pub fn fresh_key() -> String {
        hex::encode(Key::<XChaCha20Poly1305>::generate())
    }

    /// Names of the keys, the one that seals first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.name.as_str())
    }

    /// An empty text stays empty.
    pub fn seal(&self, place: Place<'_>, text: &str) -> Result<String, Error> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let key = self.0.first().ok_or_else(|| Error::internal("there is no key to seal with"))?;
        let nonce = XNonce::generate();
        let payload = Payload { msg: text.as_bytes(), aad: &place.bytes() };
        let sealed = key.cipher.encrypt(&nonce, payload).map_err(|_| Error::internal("a text cannot be sealed"))?;
        let bytes: Vec<u8> = nonce.iter().copied().chain(sealed).collect();
        Ok(format!("{PREFIX}{}:{}", key.name, URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<String, Unopened> {
        if sealed.is_empty() {
            return Ok(String::new());
        }
        let (name, code) =
            sealed.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':')).ok_or(Unopened::NotSealed)?;
        let key = self.0.iter().find(|key| key.name == name);
        let key = key.ok_or_else(|| Unopened::UnknownKey(name.chars().take(8).collect()))?;
        let bytes = URL_SAFE_NO_PAD.decode(code).map_err(|_| Unopened::Damaged)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or(Unopened::Damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| Unopened::Damaged)?;
        let payload = Payload { msg: sealed, aad: &place.bytes() };
        let text = key.cipher.decrypt(&nonce, payload).map_err(|_| Unopened::Damaged)?;
        String::from_utf8(text).map_err(|_| Unopened::Damaged)
    }
}

/// A column that holds sealed texts. `row` is the column that names the row in [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    pub table: &'static str,
    pub row: &'static str,
    pub column: &'static str,
}

/// What came of sealing a column anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Resealed {
    pub sealed: u64,
    /// Texts that no key at hand opens; they stay as they are.
    pub unreadable: u64,
}

const BATCH: u64 = 500;

/// Seals with the first key what stands in plain or is sealed with another, a batch a transaction.
pub async fn reseal(db: &Db, scope: &Scope, of: &SealedColumn) -> Result<Resealed, Error> {
    let mut done = Resealed::default();
    let mut last = String::new();
    loop {
        let tx = db.scoped(scope).begin().await?;
        let rows = not_current(&tx, of, &last).await?;
        let Some((row, _)) = rows.last() else { return Ok(done) };
        last.clone_from(row);
        for (row, stored) in &rows {
            let place = Place { table: of.table, column: of.column, row };
            let text = match tx.keys().open(place, stored) {
                Ok(text) => text,
                Err(Unopened::NotSealed) => stored.clone(),
                Err(Unopened::UnknownKey(_) | Unopened::Damaged) => {
                    done.unreadable += 1;
                    continue;
                }
            };
            let sql = format!("UPDATE {} SET {} = $1 WHERE {} = $2", of.table, of.column, of.row);
            let values = [tx.keys().seal(place, &text)?.into(), row.as_str().into()];
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
            done.sealed += 1;
        }
        tx.commit().await?;
    }
}

async fn not_current(
    connection: &impl Connection,
    of: &SealedColumn,
    after: &str,
) -> Result<Vec<(String, String)>, Error> {
    let current = connection.keys().names().next().unwrap_or_default().to_owned();
    let sql = format!(
        "SELECT {row} AS name, {column} AS stored FROM {table} WHERE {column} <> '' AND {column} NOT LIKE $1 \
         AND {row} > $2 ORDER BY {row} LIMIT {BATCH}",
        row = of.row,
        column = of.column,
        table = of.table
    );
    let values = [format!("{PREFIX}{current}:%").into(), after.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "stored")?))).collect()
}

/// Sealed texts of a column: how many there are, and how many of them no key at hand opens.
pub async fn examine(connection: &impl Connection, of: &SealedColumn) -> Result<(u64, u64), Error> {
    let sql = format!(
        "SELECT {row} AS name, {column} AS stored FROM {table} WHERE {column} LIKE '{PREFIX}%'",
        row = of.row,
        column = of.column,
        table = of.table
    );
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let mut unreadable = 0;
    for row in &rows {
        let (name, stored): (String, String) = (row.try_get("", "name")?, row.try_get("", "stored")?);
        let place = Place { table: of.table, column: of.column, row: &name };
        unreadable += u64::from(connection.keys().open(place, &stored).is_err());
    }
    Ok((rows.len() as u64, unreadable))
}

#[cfg(test)]
#[path = "sealed_tests.rs"]
mod tests;
