//! Changing the law of response: what has begun keeps its deadline, what begins takes the new one, and after a restart it
//! is all still so. On every database. These tests put law in force for their whole process.

use crate::house::{LEADER, NOW, OFFICER, bus, escalate, furnish, migrations, person, scope};
use kit::calendar::vietnam_date;
use kit::clock::{HOUR, MINUTE, Micros};
use kit::db::Db;
use kit::live::Live;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Error, Lang, Scope};
use luytre_response as response;
use organisation::Policies;
use organisation::elevations;
use organisation::regulations::{self, Book, Change, Regulations, digest};
use response::duties::service::{refresh_all, running};
use response::incidents::service::{self, NewIncident};
use response::law::{ResponseLaw, law};
use test_support::on_each_database;

const DECREE: &str = "duties/decree-331-2026.toml";

/// The law as it is built in, put in force.
pub fn regulations() -> Regulations {
    Regulations::open(vec![Box::new(ResponseLaw)], None).expect("the built-in law")
}

/// An administrator of the whole centre, and the head who approves what this one changes.
struct Administrator {
    own: Scope,
    above: Scope,
    root: String,
}

async fn administrator(db: &Db, root: &str) -> Administrator {
    let id = person(db, "quan.tri", "Quản Trị", "", root).await;
    let head = person(db, "lanh.dao.tt", "Lãnh Đạo", "Giám đốc", root).await;
    let actor = Actor::Person { id: id.as_str().into(), name: "Quản Trị".into() };
    let own = Scope::new(actor, Agencies::All, [Capability::ChangeLaw], None);
    let above = scope(&head, "Lãnh Đạo", root, &[Capability::ApproveElevations]);
    Administrator { own, above, root: root.to_owned() }
}

fn changed(law: &Regulations, path: &str, old: &str, new: &str) -> Change {
    let state = law.current();
    let text = state.text(path);
    assert!(text.contains(old), "{path} has no {old}");
    Change {
        path: path.to_owned(),
        text: text.replacen(old, new, 1),
        reason: "Nghị định sửa đổi".into(),
        basis: "Nghị định 400/2026/NĐ-CP, Điều 1".into(),
        built_on: digest(text),
    }
}

async fn ask(db: &Db, by: &Scope, root: &str, law: &Regulations, change: &Change) -> Result<String, Error> {
    let policies = Policies::embedded().expect("policies");
    let live = Live::default();
    act!(db, by, |tx| regulations::ask(&tx, law, (&live, &policies), NOW, root, change))
}

/// Asked for, approved, and put in force.
async fn put(db: &Db, by: &Administrator, law: &Regulations, path: &str, old: &str, new: &str) -> Result<i64, Error> {
    let change = changed(law, path, old, new);
    let policies = Policies::embedded().expect("policies");
    let kept = ask(db, &by.own, &by.root, law, &change).await?;
    let asked = elevations::waiting_for(&db.scoped(&by.above).read(), &kept).await.expect("asked").expect("a request");
    let live = Live::default();
    act!(db, by.above, |tx| elevations::approve(&tx, &live, &policies, NOW, &asked.id, &kept)).expect("approved");
    act!(db, by.own, |tx| regulations::apply(&tx, law, &policies, NOW + MINUTE, &change))
}

/// Deadline of a duty of an incident, as pages and the counter read it.
async fn due(db: &Db, by: &Scope, incident: &str, duty: &str) -> Option<Micros> {
    let clocks = running(&db.scoped(by).read(), 100).await.expect("clocks");
    let found = clocks.into_iter().find(|one| one.clock.incident_id == incident && one.clock.duty_id == duty);
    found.and_then(|one| one.clock.due_at)
}

#[tokio::test]
async fn a_running_duty_keeps_its_deadline_and_a_new_incident_has_the_new_one() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let rules = regulations();
        let officer = scope("officer", "Cán bộ", &house.health, OFFICER);
        let old = escalate(&db, &house).await;
        let given = Some(NOW - 3 * MINUTE + 72 * HOUR);
        assert_eq!(due(&db, &officer, &old, "IN-72").await, given);
        let admin = administrator(&db, &house.root).await;
        assert_eq!(put(&db, &admin, &rules, DECREE, "amount = 72", "amount = 48").await.expect("applied"), 1);
        assert_eq!(law().duty("IN-72").map(|duty| duty.amount), Some(48));

        assert_eq!(due(&db, &officer, &old, "IN-72").await, given, "begun and kept");
        let new = NewIncident {
            title: "Mới".into(),
            agency_id: house.health.clone(),
            detected: Some(NOW + 2 * MINUTE),
            ..NewIncident::default()
        };
        let new = act!(db, officer, |tx| service::open(&tx, &Live::default(), NOW + 2 * MINUTE, &new)).expect("opened");
        assert_eq!(due(&db, &officer, &new, "IN-72").await, Some(NOW + 2 * MINUTE + 48 * HOUR));
        act!(db, officer, |tx| service::note(&tx, NOW + 3 * MINUTE, &old, "Đang xử lý", None)).expect("noted");
        act!(db, officer, |tx| refresh_all(&tx, NOW + 3 * MINUTE)).expect("refreshed");
        assert_eq!(due(&db, &officer, &old, "IN-72").await, given, "reckoned anew and still kept");

        // The program begins again: what is built in, then what was changed.
        let restarted = regulations();
        assert_eq!(law().duty("IN-72").map(|duty| duty.amount), Some(72));
        restarted.reload(&db.scoped(&officer).read()).await.expect("reloaded");
        assert_eq!(law().duty("IN-72").map(|duty| duty.amount), Some(48));
        act!(db, officer, |tx| refresh_all(&tx, NOW + 4 * MINUTE)).expect("refreshed");
        assert_eq!(due(&db, &officer, &old, "IN-72").await, given);
        assert_eq!(due(&db, &officer, &new, "IN-72").await, Some(NOW + 2 * MINUTE + 48 * HOUR));

        // A duty that is switched off runs to its end where it has begun, and begins nowhere else.
        let off = "form = \"report-72h\"\nenabled = false";
        put(&db, &admin, &restarted, DECREE, "form = \"report-72h\"", off).await.expect("applied");
        assert!(law().duty("IN-72").is_none());
        assert_eq!(due(&db, &officer, &old, "IN-72").await, given);
        let later = NewIncident { title: "Sau".into(), agency_id: house.health.clone(), ..NewIncident::default() };
        let later = act!(db, officer, |tx| service::open(&tx, &Live::default(), NOW, &later)).expect("opened");
        assert_eq!(due(&db, &officer, &later, "IN-72").await, None);
        assert!(due(&db, &officer, &later, "IN-24").await.is_some());
        // What ended can be put in force again.
        let first = regulations::find(&db.scoped(&admin.own).read(), DECREE, 1).await.expect("the first version");
        let now = restarted.current().text(DECREE).to_owned();
        put(&db, &admin, &restarted, DECREE, &now, &first.text).await.expect("again");
        assert_eq!(due(&db, &officer, &later, "IN-72").await, Some(NOW + 48 * HOUR), "it applies to what is open");
        regulations();
    })
    .await;
}

#[tokio::test]
async fn a_form_that_somebody_needs_is_not_taken_away() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let rules = regulations();
        let officer = scope("officer", "Cán bộ", &house.health, OFFICER);
        let id = escalate(&db, &house).await;
        act!(db, officer, |tx| response::notices::service::draft(&tx, NOW, &id, "closing")).expect("drafted");
        let admin = administrator(&db, &house.root).await;
        let taken = put(&db, &admin, &rules, "reports/closing.toml", "id = \"closing\"", "id = \"ending\"").await;
        assert!(matches!(taken, Err(Error::Conflict("law-form-still-needed"))), "{taken:?}");
        assert!(law().form("closing").is_some() && rules.current().unread.is_empty());
        let versions =
            regulations::of_file(&db.scoped(&admin.own).read(), "reports/closing.toml").await.expect("versions");
        assert!(versions.is_empty(), "what is refused leaves nothing");
        // Its words may change; drafts take them up.
        put(&db, &admin, &rules, "reports/closing.toml", "Hậu quả", "Thiệt hại").await.expect("applied");
        let words = law().form("closing").and_then(|form| form.fields().find(|one| one.id == "consequence").cloned());
        assert_eq!(words.expect("the field").label.vi, "Thiệt hại");
        regulations();
    })
    .await;
}

#[tokio::test]
async fn what_does_not_load_or_is_not_let_is_refused() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let rules = regulations();
        let near = scope("admin", "Quản trị sở", &house.health, &[Capability::ChangeLaw]);
        let change = changed(&rules, DECREE, "amount = 72", "amount = 48");
        let foreign = ask(&db, &near, &house.health, &rules, &change).await;
        assert!(matches!(foreign, Err(Error::Forbidden("change-law"))), "{foreign:?}");
        let leader = scope("leader", "Lãnh đạo", &house.root, LEADER);
        let unfit = ask(&db, &leader, &house.root, &rules, &change).await;
        assert!(matches!(unfit, Err(Error::Forbidden("change-law"))), "{unfit:?}");
        let admin = administrator(&db, &house.root).await;
        for (old, new) in [
            ("amount = 72", "amont = 72"),
            ("id = \"IN-72\"", "id = \"IN-24\""),
            ("status = \"in-force\"", "status = \"rumour\""),
        ] {
            let refused = put(&db, &admin, &rules, DECREE, old, new).await;
            assert!(matches!(refused, Err(Error::Conflict("regulation-does-not-load"))), "{new}: {refused:?}");
            let text = rules.current().text(DECREE).replacen(old, new, 1);
            let faults = regulations::check(&rules, DECREE, &text);
            assert!(faults.iter().all(|fault| fault.path == DECREE && fault.line.is_some()), "{faults:?}");
        }
        let preview =
            regulations::preview(&rules, DECREE, &rules.current().text(DECREE).replace("= 72", "= 48"), Lang::Vi);
        assert!(preview.effects.iter().any(|effect| effect.contains("48 giờ")), "{:?}", preview.effects);
        assert_eq!(law().duties_from(vietnam_date(NOW)).iter().filter(|duty| duty.amount == 48).count(), 0);
    })
    .await;
}

#[tokio::test]
async fn everybody_reads_the_law_in_plain_words_in_both_languages() {
    let database = test_support::sqlite(&migrations(), bus()).await;
    let house = furnish(&database.db).await;
    let mut browser = crate::pages::browser(&database.db, &house).await;
    for (lang, words) in [("vi", "trong 24 giờ kể từ khi phát hiện"), ("en", "within 24 hours of detection")] {
        browser.lang = lang;
        for person in ["officer", "reader"] {
            browser.person = person;
            let list = browser.see("regulations", "/regulations").await;
            assert!(list.contains(words) && list.contains("Nghị định 331/2026/NĐ-CP"), "{list}");
            assert!(!list.contains("/regulations/new"), "who may not change is offered nothing");
        }
        for path in ResponseLaw.embedded().keys() {
            let address = regulations::address_of(path);
            let page = browser.see("regulation", &format!("/regulations/{address}")).await;
            assert!(page.contains(path.as_str()), "{path}");
            browser.see("regulation-version", &format!("/regulations/{address}/versions/0")).await;
        }
    }
    let old = browser.see("regulation-old", "/regulations/duties.superseded").await;
    assert!(old.contains("text not seen"), "{old}");
}
