//! A small province: a root, two departments, and scopes of people who reach one of them or all.

use assurance::systems::NewSystem;
use kit::bus::Bus;
use kit::clock::Micros;
use kit::migration::Migration;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Db, Scope};
use luytre_assurance as assurance;
use organisation::agencies::{self, NewAgency};
use organisation::sheets::{Outcome, Report};
use std::future::Future;

/// 24 November 2026, 16:00 in Vietnam.
pub const NOW: Micros = 1_795_510_800_000_000;

pub struct House {
    pub db: Db,
    pub a: String,
    pub b: String,
}

/// Runs a test in a fresh house on each database.
pub async fn in_each_house<F: Future<Output = ()>>(test: impl Fn(House) -> F) {
    let migrations: Vec<Migration> = [organisation::MIGRATIONS, assurance::MIGRATIONS].concat();
    test_support::on_each_database(&migrations, Bus::default, |db| async { test(furnish(db).await).await }).await;
}

async fn furnish(db: Db) -> House {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    agencies::ensure_root_agency(&tx, NOW, "Tỉnh Ví Dụ", "TINH").await.unwrap();
    let mut made = Vec::new();
    for (code, name) in [("SYT", "Sở Y tế"), ("SGD", "Sở Giáo dục và Đào tạo")] {
        let new = NewAgency { code: code.into(), name: name.into(), kind: "department".into(), ..NewAgency::default() };
        made.push(agencies::create(&tx, NOW, new).await.unwrap().id);
    }
    tx.commit().await.unwrap();
    let b = made.pop().unwrap();
    let a = made.pop().unwrap();
    House { db, a, b }
}

impl House {
    /// Somebody who keeps the register of one department.
    pub fn officer(&self, agency: &str) -> Scope {
        let rights = [Capability::ViewSystems, Capability::ManageSystems];
        person(Agencies::Under([agency.to_owned()].into()), &rights)
    }

    /// Somebody who reads the register of the province.
    pub fn reader(&self) -> Scope {
        person(Agencies::All, &[Capability::ViewSystems])
    }
}

fn person(agencies: Agencies, rights: &[Capability]) -> Scope {
    let actor = Actor::Person { id: "0199aaaa-0000-7000-8000-000000000001".into(), name: "Người thử".into() };
    Scope::new(actor, agencies, rights.iter().copied(), None)
}

/// Columns of a refused line with the keys of what is wrong in them.
pub fn faults(report: &Report, line: u64) -> Vec<(&'static str, &'static str)> {
    let line = report.lines.iter().find(|one| one.line == line).unwrap();
    match &line.outcome {
        Outcome::Refused(faults) => faults.iter().map(|fault| (fault.column, fault.key)).collect(),
        other => panic!("not refused: {other:?}"),
    }
}

pub fn system(code: &str, agency: &str) -> NewSystem {
    NewSystem {
        code: code.into(),
        name: format!("Hệ thống {code}"),
        agency_id: agency.into(),
        level: 2,
        state: "operating".into(),
        ..NewSystem::default()
    }
}
