//! Databases for tests: every database test runs on SQLite and on PostgreSQL. And workbooks, for what reads tables.
//!
//! PostgreSQL is the server named by `LUYTRE_TEST_POSTGRES` (`postgres://user@host/postgres`; `make test`
//! starts one). Without it the test runs on SQLite alone and says so; with `CI` set that is a failure.

pub mod workbook;

use kit::bus::Bus;
use kit::clock::SystemClock;
use kit::db::Db;
use kit::migration::{Migration, migrate};
use kit::sealed::KeyRing;
use sea_orm::{ConnectionTrait, Database};
use std::future::Future;

/// A database with its migrations applied, kept until dropped.
pub struct TestDatabase {
    pub db: Db,
    /// `sqlite` or `postgres`, for messages.
    pub kind: &'static str,
    _directory: Option<tempfile::TempDir>,
}

/// Runs `test` once on each database. `bus` makes the domain-event handlers anew for each.
pub async fn on_each_database<F, T>(migrations: &[Migration], bus: impl Fn() -> Bus, test: T)
where
    T: Fn(Db) -> F,
    F: Future<Output = ()>,
{
    let sqlite = sqlite(migrations, bus()).await;
    test(sqlite.db.clone()).await;
    match postgres(migrations, bus()).await {
        Some(postgres) => test(postgres.db.clone()).await,
        None => eprintln!("PostgreSQL is not at hand (LUYTRE_TEST_POSTGRES): this test ran on SQLite alone"),
    }
}

/// Keys for what is sealed at rest; of this test run alone.
fn keys() -> KeyRing {
    KeyRing::parse(&KeyRing::fresh_key()).expect("a key")
}

/// A fresh SQLite database in a directory of its own.
pub async fn sqlite(migrations: &[Migration], bus: Bus) -> TestDatabase {
    let directory = tempfile::tempdir().expect("temporary directory");
    let db = Db::open_sqlite(directory.path(), bus).await.expect("SQLite opens").sealing_with(keys());
    migrate(&db, migrations, &SystemClock).await.expect("migrations apply to SQLite");
    TestDatabase { db, kind: "sqlite", _directory: Some(directory) }
}

/// A fresh database on the PostgreSQL server of the test run, if there is one.
pub async fn postgres(migrations: &[Migration], bus: Bus) -> Option<TestDatabase> {
    let address = empty_postgres().await?;
    let db = Db::open_postgres(&address, bus).await.expect("PostgreSQL opens").sealing_with(keys());
    migrate(&db, migrations, &SystemClock).await.expect("migrations apply to PostgreSQL");
    Some(TestDatabase { db, kind: "postgres", _directory: None })
}

/// The address of a fresh database without tables on the PostgreSQL server of the test run, if there is one; for whole
/// programs.
pub async fn empty_postgres() -> Option<String> {
    let Ok(server) = std::env::var("LUYTRE_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "LUYTRE_TEST_POSTGRES must name a server in CI");
        return None;
    };
    let name = format!("luytre_{}", kit::id::new_id(kit::clock::Clock::now(&SystemClock)).replace('-', ""));
    let admin = Database::connect(&server).await.expect("PostgreSQL answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("database is made");
    let (base, _) = server.rsplit_once('/').expect("a database URL");
    Some(format!("{base}/{name}"))
}
