//! A small province for tests: a root, two departments, a commune under nobody's eyes but its own, people in
//! several roles, and the clock that tests move.

use kit::clock::{Clock, DAY, FixedClock, Micros};
use kit::db::Db;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Scope};
use organisation::agencies::{self, NewAgency};
use organisation::people::{self, NewPerson};
use organisation::policies::Policies;
use organisation::sign_in::SignIn;
use std::sync::Arc;

/// 21 November 2026, 09:12 in Vietnam.
pub(crate) const NOW: Micros = 1_795_227_120_000_000;
pub(crate) const PASSWORD: &str = "Tre-Xanh.Ven-Song.1975";

pub(crate) struct Province {
    pub(crate) db: Db,
    pub(crate) clock: FixedClock,
    pub(crate) sign_in: SignIn,
    pub(crate) policies: Arc<Policies>,
    pub(crate) root: String,
    /// Department A and its office, department B.
    pub(crate) a: String,
    pub(crate) a_office: String,
    pub(crate) b: String,
}

pub(crate) fn service() -> Scope {
    Scope::service("test")
}

/// Policies with a hash that costs little and without second factors; neither is what most tests are about.
pub(crate) fn quick_policies() -> Arc<Policies> {
    let mut policies = Policies::clone(&Policies::embedded().unwrap());
    policies.password.argon2id.memory_kib = 64;
    policies.password.argon2id.passes = 1;
    policies.second_factor.required.roles.clear();
    policies.second_factor.required.outside_of = ["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap()).into();
    Arc::new(policies)
}

pub(crate) fn agency(code: &str, name: &str, kind: &str, parent: &str) -> NewAgency {
    NewAgency {
        code: code.into(),
        name: name.into(),
        kind: kind.into(),
        parent_code: parent.into(),
        ..NewAgency::default()
    }
}

impl Province {
    pub(crate) async fn new(db: Db) -> Self {
        Self::with(db, quick_policies()).await
    }

    pub(crate) async fn with(db: Db, policies: Arc<Policies>) -> Self {
        let clock = FixedClock::at(NOW);
        let sign_in = SignIn::new(db.clone(), Arc::new(clock.clone()), Arc::clone(&policies), false).unwrap();
        let sign_in = sign_in.at("http://localhost:8080");
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        let root = agencies::ensure_root_agency(&tx, NOW, "Tỉnh Ví Dụ", "TINH").await.unwrap().id;
        let new = vec![
            agency("SYT-VP", "Văn phòng Sở Y tế", "public-unit", "SYT"),
            agency("SYT", "Sở Y tế", "department", ""),
            agency("SGD", "Sở Giáo dục và Đào tạo", "department", ""),
        ];
        let added = agencies::import_agencies(&tx, NOW, new).await.unwrap();
        let id = |code: &str| added.iter().find(|agency| agency.code == code).unwrap().id.clone();
        let (a, a_office, b) = (id("SYT"), id("SYT-VP"), id("SGD"));
        tx.commit().await.unwrap();
        Self { db, clock, sign_in, policies, root, a, a_office, b }
    }

    pub(crate) fn clock_now(&self) -> Micros {
        self.clock.now()
    }

    /// A person with a password and one role.
    pub(crate) async fn person(&self, account: &str, full_name: &str, agency: &str, role: &str) -> String {
        let scope = service();
        let tx = self.db.scoped(&scope).begin().await.unwrap();
        let new = NewPerson {
            account: account.into(),
            full_name: full_name.into(),
            agency_id: agency.into(),
            ..NewPerson::default()
        };
        let person = people::create(&tx, NOW, new).await.unwrap();
        if !role.is_empty() {
            people::grant_role(&tx, &self.policies, NOW, &person.id, role, agency, NOW - DAY, None).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.sign_in.set_password(&scope, &person.id, PASSWORD).await.unwrap();
        person.id
    }

    /// A scope as sign-in would build it for a role.
    pub(crate) fn scope(&self, person: &str, agency: &str, role: &str) -> Scope {
        let role = self.policies.role(role).unwrap();
        let agencies = match role.reach {
            organisation::policies::Reach::Province => Agencies::All,
            organisation::policies::Reach::Subtree => Agencies::Under([agency.to_owned()].into()),
        };
        scope_of(person, agencies, role.capabilities.iter().copied())
    }
}

pub(crate) fn scope_of(person: &str, agencies: Agencies, capabilities: impl IntoIterator<Item = Capability>) -> Scope {
    Scope::new(Actor::Person { id: person.into(), name: "Người thử".into() }, agencies, capabilities, None)
}
