//! The registers in a backup: a copy of one moment, and what it holds.

use super::postgres::Server;
use super::{CHECKPOINTS, DUMP, Database, SQLITE, failed};
use event_store::CopiedFile;
use kit::bus::Bus;
use kit::{Db, Error, Scope};
use monitoring::alerts::listing::count_all;
use organisation::audit::{self, PublicKeys};
use organisation::people::{self, PersonFilter};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Reads and writes what goes into backups and comes out of them.
pub(super) fn scope() -> Scope {
    Scope::service("command line")
}

/// What registers hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub rows: i64,
    /// Of the last row of the trail.
    pub hash: String,
    pub alerts: u64,
    pub people: u64,
    pub migrations: Vec<String>,
}

async fn content(connection: &impl kit::Connection, migrations: Vec<String>) -> Result<Content, Error> {
    let (rows, hash) = audit::head(connection).await?;
    let alerts = count_all(connection).await?;
    let people = people::count(connection, &PersonFilter::default()).await?;
    Ok(Content { rows, hash, alerts, people, migrations })
}

/// Copies the registers into a folder.
pub(super) async fn copy(
    db: &Db,
    database: Database,
    url: &str,
    folder: &Path,
) -> Result<(CopiedFile, Content), Error> {
    let (path, content) = match database {
        Database::Sqlite => (SQLITE, copy_sqlite(db, folder).await?),
        Database::Postgres => (DUMP, dump(db, url, folder).await?),
    };
    let file = folder.join(path);
    let mode = fs::set_permissions(&file, Permissions::from_mode(0o600));
    let durable = mode.and_then(|()| fs::File::open(&file)?.sync_all());
    durable.map_err(|error| failed(&file, &error))?;
    let folder = folder.to_owned();
    let measured = super::blocking(move || super::files::measured(&folder, path)).await?;
    Ok((measured, content))
}

async fn copy_sqlite(db: &Db, folder: &Path) -> Result<Content, Error> {
    db.scoped(&scope()).copy_to(&folder.join(SQLITE)).await?;
    // What the copy holds is asked of the copy: the registers go on.
    let copy = Db::open_sqlite(folder, Bus::default()).await?;
    let found = look(&copy).await;
    copy.close().await?;
    // Nothing was written, so nothing is in them.
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("{SQLITE}{end}")));
    }
    found
}

/// What open registers hold.
pub(super) async fn look(db: &Db) -> Result<Content, Error> {
    let migrations = kit::migration::applied(db).await?;
    content(&db.scoped(&scope()).read(), migrations).await
}

async fn dump(db: &Db, url: &str, folder: &Path) -> Result<Content, Error> {
    let server = Server::of(url)?;
    let scope = scope();
    let (moment, name) = db.scoped(&scope).moment().await?;
    let found = content(&moment, kit::migration::applied(db).await?).await?;
    let file = folder.join(DUMP);
    super::blocking(move || server.dump(&name, &file)).await?;
    moment.rollback().await?;
    Ok(found)
}

/// What of registers is wrong: of the database itself, and of the trail.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub database: Vec<String>,
    pub trail: audit::Report,
}

/// Judges open registers, with the checkpoints of the folder that they belong to.
pub(super) async fn judge(db: &Db, folder: &Path, keys: &[PublicKeys]) -> Result<Judged, Error> {
    let scope = scope();
    let view = db.scoped(&scope);
    let database = view.faults().await?;
    let trail = audit::verify_copy(&view.read(), &folder.join(CHECKPOINTS), keys).await?;
    Ok(Judged { database, trail })
}
