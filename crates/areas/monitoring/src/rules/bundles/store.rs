//! Rows of signers and bundles. They belong to the whole centre; whoever sees rules sees them.

use super::Bundle;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use organisation::signatures::PublicKeys;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

/// Rows written in one statement.
const CHUNK: usize = 100;

/// Somebody whose bundles are taken, or were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Fingerprint of the keys.
    pub key_id: String,
    pub name: String,
    pub keys: PublicKeys,
    pub trusted_at: Micros,
    /// Identifier of the actor.
    pub trusted_by: String,
    pub by_name: Option<String>,
    pub withdrawn_at: Option<Micros>,
}

impl Signer {
    pub fn is_trusted(&self) -> bool {
        self.withdrawn_at.is_none()
    }
}

/// A bundle that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub id: String,
    pub name: String,
    pub version: String,
    pub serial: i64,
    pub digest: String,
    pub key_id: String,
    pub signer: String,
    pub made_at: Micros,
    pub valid_until: Micros,
    pub imported_at: Micros,
    /// Identifier of the actor.
    pub imported_by: String,
    pub by_name: Option<String>,
    pub rules: i64,
}

const SIGNERS: &str = "SELECT s.key_id, s.name, s.ed25519, s.ml_dsa_65, s.trusted_at, s.trusted_by, s.withdrawn_at, \
    p.full_name AS by_name FROM bundle_signers s LEFT JOIN people p ON p.id = s.trusted_by";
const IMPORTS: &str = "SELECT i.id, i.name, i.version, i.serial, i.digest, i.key_id, s.name AS signer, i.made_at, \
    i.valid_until, i.imported_at, i.imported_by, p.full_name AS by_name, i.rules FROM bundle_imports i \
    JOIN bundle_signers s ON s.key_id = i.key_id LEFT JOIN people p ON p.id = i.imported_by";

/// All that were ever trusted, by name.
pub async fn signers(connection: &impl Connection) -> Result<Vec<Signer>, Error> {
    let sql = format!("{SIGNERS} ORDER BY s.name, s.key_id");
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter().map(signer).collect()
}

/// The one with these keys.
pub async fn find_signer(connection: &impl Connection, key_id: &str) -> Result<Option<Signer>, Error> {
    let sql = format!("{SIGNERS} WHERE s.key_id = $1");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [key_id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(signer).transpose()
}

fn signer(row: &QueryResult) -> Result<Signer, Error> {
    Ok(Signer {
        key_id: row.try_get("", "key_id")?,
        name: row.try_get("", "name")?,
        keys: PublicKeys { ed25519: row.try_get("", "ed25519")?, ml_dsa_65: row.try_get("", "ml_dsa_65")? },
        trusted_at: row.try_get("", "trusted_at")?,
        trusted_by: row.try_get("", "trusted_by")?,
        by_name: row.try_get("", "by_name")?,
        withdrawn_at: row.try_get("", "withdrawn_at")?,
    })
}

pub(super) async fn trust(tx: &Tx<'_>, name: &str, keys: &PublicKeys, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO bundle_signers (key_id, name, ed25519, ml_dsa_65, trusted_at, trusted_by) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id) DO UPDATE SET name = excluded.name, \
               trusted_at = excluded.trusted_at, trusted_by = excluded.trusted_by, withdrawn_at = NULL";
    let values = [
        keys.fingerprint().into(),
        name.into(),
        keys.ed25519.as_str().into(),
        keys.ml_dsa_65.as_str().into(),
        now.into(),
        tx.scope().actor().id().into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(super) async fn withdraw(tx: &Tx<'_>, key_id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE bundle_signers SET withdrawn_at = $2 WHERE key_id = $1";
    let values = [key_id.into(), now.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// The newest ones first.
pub async fn imports(connection: &impl Connection, limit: u64) -> Result<Vec<Import>, Error> {
    let sql = format!("{IMPORTS} ORDER BY i.imported_at DESC, i.id DESC LIMIT {limit}");
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter().map(import).collect()
}

/// Of the bundles of this name the one with the highest serial number.
pub async fn newest(connection: &impl Connection, name: &str) -> Result<Option<Import>, Error> {
    let sql = format!("{IMPORTS} WHERE i.name = $1 ORDER BY i.serial DESC, i.imported_at DESC, i.id DESC LIMIT 1");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [name.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(import).transpose()
}

/// The bundle that brought this rule with this very text.
pub async fn origin(connection: &impl Connection, rule_id: &str, digest: &str) -> Result<Option<Import>, Error> {
    let sql = format!(
        "{IMPORTS} JOIN bundle_rules r ON r.import_id = i.id WHERE r.rule_id = $1 AND r.digest = $2 \
         ORDER BY i.imported_at DESC, i.id DESC LIMIT 1"
    );
    let values = [rule_id.into(), digest.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_one_raw(statement).await?.as_ref().map(import).transpose()
}

fn import(row: &QueryResult) -> Result<Import, Error> {
    Ok(Import {
        id: row.try_get("", "id")?,
        name: row.try_get("", "name")?,
        version: row.try_get("", "version")?,
        serial: row.try_get("", "serial")?,
        digest: row.try_get("", "digest")?,
        key_id: row.try_get("", "key_id")?,
        signer: row.try_get("", "signer")?,
        made_at: row.try_get("", "made_at")?,
        valid_until: row.try_get("", "valid_until")?,
        imported_at: row.try_get("", "imported_at")?,
        imported_by: row.try_get("", "imported_by")?,
        by_name: row.try_get("", "by_name")?,
        rules: row.try_get("", "rules")?,
    })
}

/// Keeps that a bundle was taken; returns the id of the import. What earlier versions brought is forgotten.
pub(super) async fn keep(
    tx: &Tx<'_>,
    bundle: &Bundle,
    rules: &[(String, String)],
    now: Micros,
) -> Result<String, Error> {
    let (id, manifest) = (kit::id::new_id(now), &bundle.manifest);
    let gone = "DELETE FROM bundle_rules WHERE import_id IN (SELECT id FROM bundle_imports WHERE name = $1)";
    let backend = tx.get_database_backend();
    tx.execute_raw(Statement::from_sql_and_values(backend, gone, [manifest.name.as_str().into()])).await?;
    let sql = "INSERT INTO bundle_imports (id, name, version, serial, digest, key_id, made_at, valid_until, imported_at, \
               imported_by, rules) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values: [Value; 11] = [
        id.as_str().into(),
        manifest.name.as_str().into(),
        manifest.version.as_str().into(),
        manifest.serial.into(),
        bundle.digest.as_str().into(),
        bundle.signatures.key.as_str().into(),
        manifest.made_at.as_microsecond().into(),
        manifest.ends_at().into(),
        now.into(),
        tx.scope().actor().id().into(),
        (rules.len() as i64).into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    for chunk in rules.chunks(CHUNK) {
        let mut values: Vec<Value> = vec![id.as_str().into()];
        let mut rows = Vec::new();
        for (rule_id, digest) in chunk {
            rows.push(format!("(${}, ${}, $1)", values.len() + 1, values.len() + 2));
            values.push(rule_id.as_str().into());
            values.push(digest.as_str().into());
        }
        let sql = format!("INSERT INTO bundle_rules (rule_id, digest, import_id) VALUES {}", rows.join(", "));
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(id)
}
