//! Rows that leave by several keys of one person count together with that person's own; a second person grants a key its own.

use crate::program::{ask, run};
use crate::world::{Answer, IN_A, Visitor, World, in_each_world_with, running, texts};
use kit::live::Live;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Scope};
use luytre::centre::Registers;
use organisation::api_keys::{self, NewKey};
use organisation::elevations::{self, Asked};
use reqwest::StatusCode;
use serde_json::Value;

/// One row.
const LIST: &str = "/api/v1/systems?limit=1";

/// Somebody who may do everything as far as this.
async fn scope_of(registers: &Registers, account: &str, agencies: Agencies) -> Scope {
    let found = texts(&registers.db, &format!("SELECT id AS value FROM people WHERE account = '{account}'")).await;
    let actor = Actor::Person { id: found[0].as_str().into(), name: account.into() };
    Scope::new(actor, agencies, Capability::ALL.iter().copied(), None)
}

/// A key of somebody for a program that asks for systems: its identifier and itself.
async fn key_of(registers: &Registers, maker: &Scope, agency: &str) -> (String, String) {
    let new = NewKey {
        name: "Bảng điện tử".into(),
        agency_id: agency.into(),
        capabilities: vec![Capability::ViewSystems],
        ..NewKey::default()
    };
    let tx = registers.db.scoped(maker).begin().await.expect("transaction");
    let made = api_keys::create(&tx, registers.clock.now(), new).await.expect("key");
    tx.commit().await.expect("commit");
    made
}

/// Status and code of the list that is asked for with a key.
async fn by_key(world: &World, key: &str) -> (StatusCode, String) {
    let guest = Visitor::guest(&world.server.address);
    let request = guest.client.get(format!("{}{LIST}", guest.address)).header("accept", "application/json");
    let request = request.header("authorization", format!("Bearer {key}"));
    let answer = Answer::of(request.send().await.expect("an answer")).await;
    (answer.status, answer.code)
}

/// What `user list-keys --json` says of a key.
fn listed(world: &World, id: &str) -> Value {
    let keys = ask(world.data(), &["user", "list-keys", "--json"]);
    let found = keys.as_array().expect("a list").iter().find(|key| key["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not listed: {keys}")).clone()
}

#[test]
fn a_person_takes_no_more_rows_by_however_many_keys_and_a_second_person_grants_one_its_own() {
    let policy = include_str!("../../../../content/organisation/elevations.toml");
    let few = policy.replacen("\nrows = 1000\nwindow_rows = 2000\n", "\nrows = 2\nwindow_rows = 3\n", 1);
    assert_ne!(policy, few, "three rows leave without a second person");
    running(in_each_world_with(&few, |world| async move {
        let registers = world.registers().await;
        let a = world.own("agency").to_owned();
        let maker = scope_of(&registers, "nguoi.everything", Agencies::Under([a.clone()].into())).await;
        let other = scope_of(&registers, "nguoi.everywhere", Agencies::All).await;
        let (first_id, first) = key_of(&registers, &maker, &a).await;
        let (second_id, second) = key_of(&registers, &maker, &a).await;
        let (_, foreign) = key_of(&registers, &other, &a).await;
        let given = (StatusCode::OK, String::new());
        let refused = (StatusCode::CONFLICT, "elevation-needed-rows-key".to_owned());
        assert_eq!(by_key(&world, &first).await, given);
        assert_eq!(by_key(&world, &second).await, given);
        let person = world.enter(world.role(IN_A)).await;
        assert_eq!(person.get(LIST).await.status, StatusCode::OK, "the third, by the person");
        for key in [&first, &second] {
            assert_eq!(by_key(&world, key).await, refused, "by however many keys");
        }
        let own = person.get(LIST).await;
        assert_eq!((own.status, own.code.as_str()), (StatusCode::CONFLICT, "elevation-needed-rows"));
        assert_eq!(by_key(&world, &foreign).await, given, "of somebody else");
        assert_eq!(listed(&world, &first_id)["granted"], false);

        let (now, live) = (registers.clock.now(), Live::default());
        let asked = Asked {
            kind: "key-rows".into(),
            subject: first_id.clone(),
            rows: 50,
            reason: "Bảng ở phòng trực".into(),
            ..Asked::default()
        };
        let tx = registers.db.scoped(&maker).begin().await.expect("transaction");
        let id = elevations::ask(&tx, &live, &registers.policies, now, &asked).await.expect("asked");
        tx.commit().await.expect("commit");
        assert_eq!(by_key(&world, &first).await, refused, "asked for, no more");
        let tx = registers.db.scoped(&other).begin().await.expect("transaction");
        elevations::approve(&tx, &live, &registers.policies, now, &id, "").await.expect("approved");
        tx.commit().await.expect("commit");
        for _ in 0..5 {
            assert_eq!(by_key(&world, &first).await, given, "it counts for itself");
        }
        assert_eq!(by_key(&world, &second).await, refused, "to that key alone");

        let granted = listed(&world, &first_id);
        assert_eq!((&granted["rows"], &granted["granted"]), (&Value::from(50), &Value::from(true)), "{granted}");
        assert!(granted["granted_until"].as_str().is_some_and(|until| until == granted["expires_at"]), "{granted}");
        let shared = listed(&world, &second_id);
        assert_eq!((&shared["rows"], &shared["granted_until"]), (&Value::from(3), &Value::Null), "{shared}");
        let said = run(world.data(), &["user", "list-keys"]);
        let line = said.lines().find(|line| line.starts_with(&first_id)).unwrap_or_default();
        assert!(line.contains("được duyệt riêng đến") || line.contains("granted to it until"), "{said}");
        assert_eq!(said.matches("được duyệt riêng").count() + said.matches("granted to it").count(), 1, "{said}");
        world.server.stop();
    }));
}
