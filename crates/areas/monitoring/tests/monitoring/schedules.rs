//! Scheduled searches: what came is counted once whatever is late and whenever the program dies, alerts go the way of
//! detection's, and a run never sees more than its owner may.

use crate::centre::{Centre, Department, NOW, event, in_a_centre, migrations, settings, shelf};
use crate::saved_searches::keep;
use crate::stream::{failures, figures, opened, start};
use axum::http::StatusCode;
use event::{Column, Event, Value};
use event_store::Store;
use kit::clock::{DAY, FixedClock, HOUR, MINUTE, Micros};
use kit::live::Live;
use kit::scope::{Actor, Agencies};
use kit::{Db, Scope};
use monitoring::Monitoring;
use monitoring::alerts::record::Damping;
use monitoring::saved_searches::schedules::{Parts, ScheduleInput, commit, prepare, run_due, set};
use monitoring::saved_searches::service::{SavedSearchInput, create};
use monitoring::saved_searches::store;
use organisation::{Policies, people};
use std::sync::Arc;

fn parts(store: Store, db: &Db) -> Parts {
    Parts {
        store,
        db: db.clone(),
        scope: Scope::service("test"),
        policies: Policies::embedded().unwrap(),
        clock: Arc::new(FixedClock::at(NOW)),
        live: Live::default(),
        settings: shelf(),
        enrichment: monitoring::enrichment::Shelf::default(),
    }
}

fn parts_of(centre: &Centre) -> Parts {
    parts(centre.app.ports.get::<Monitoring>().unwrap().store.clone(), &centre.db)
}

async fn grant(db: &Db, person: &str, role: &str, agency: &str) {
    let (scope, policies) = (Scope::service("test"), Policies::embedded().unwrap());
    let tx = db.scoped(&scope).begin().await.unwrap();
    people::grant_role(&tx, &policies, NOW, person, role, agency, NOW - DAY, None).await.unwrap();
    tx.commit().await.unwrap();
}

/// A search of department A's officer for root's events, with a schedule of this form.
async fn scheduled(centre: &Centre, form: &str) -> String {
    grant(&centre.db, &centre.a.person, "officer", &centre.a.agency).await;
    let id = keep(centre, "0", "Root", "agency").await;
    let form = format!("severity=high&{form}");
    let answer = centre.post("0", &format!("/saved-searches/{id}/schedule"), &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    id
}

/// Events of a department that happened at these times, with the next numbers.
async fn come(centre: &Centre, of: &Department, user: &str, times: &[Micros]) {
    let store = &centre.app.ports.get::<Monitoring>().unwrap().store;
    let from = store.inserted() + 1;
    let made = |(number, time): (usize, &Micros)| {
        let mut one: Event = event(from + number as u64, of, "203.0.113.9");
        (one.time, one.arrival) = (*time, NOW);
        one.columns.set(Column::UserName, &Value::from(user));
        one
    };
    store.insert(times.iter().enumerate().map(made).collect()).await.unwrap();
}

/// Alerts and their matches of scheduled searches.
async fn raised(db: &Db) -> (i64, i64) {
    let of = "FROM alerts WHERE rule_id LIKE 'saved-search:%'";
    let alerts = figures(db, &format!("SELECT COUNT(*) AS value {of}")).await;
    (alerts, figures(db, &format!("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value {of}")).await)
}

async fn run(centre: &Centre, now: Micros) -> usize {
    run_due(&parts_of(centre), &mut Damping::default(), now).await.unwrap()
}

#[tokio::test]
async fn a_hit_becomes_an_alert_with_the_search_as_its_rule() {
    in_a_centre(|centre: Centre| async move {
        let id = scheduled(&centre, "every_minutes=1&threshold=2").await;
        assert_eq!(run(&centre, NOW).await, 0, "it is not due yet");
        assert_eq!(run(&centre, NOW + MINUTE).await, 1);
        assert_eq!(raised(&centre.db).await, (0, 0), "what was there before does not count");
        come(&centre, &centre.a, "root", &[NOW]).await;
        run(&centre, NOW + 2 * MINUTE).await;
        assert_eq!(raised(&centre.db).await, (0, 0), "one is below the threshold");
        come(&centre, &centre.a, "root", &[NOW, NOW + 1]).await;
        come(&centre, &centre.a, "admin", &[NOW]).await;
        run(&centre, NOW + 3 * MINUTE).await;
        assert_eq!(raised(&centre.db).await, (1, 2));

        let list = centre.get("0", "/alerts?range=all").await;
        assert!(list.says(">Root<"), "{}", list.text);
        let alert = centre.value("SELECT id AS value FROM alerts WHERE rule_id LIKE 'saved-search:%'").await;
        let page = centre.get("0", &format!("/alerts/{alert}")).await;
        assert!(page.says(&format!("/saved-searches/{id}")) && page.says("chạy theo lịch"), "{}", page.text);
        let (_, rest) = page.text.split_once("href=\"/search?q=").expect("the way back to the matches");
        let (query, _) = rest.split_once('"').unwrap();
        let query = query.replace("&#38;", "&").replace("&amp;", "&");
        let found = centre.get("0", &format!("/api/v1/search?q={query}")).await;
        assert!(found.says("\"total\":2"), "{query}: {}", found.text);
        let shown = centre.get("0", &format!("/saved-searches/{id}")).await;
        assert!(shown.says("2 lần khớp") && shown.says("Đang chạy"), "{}", shown.text);
        // Department B neither sees the alert nor the search.
        assert!(!centre.get("1", "/alerts?range=all").await.says(">Root<"));
        assert_eq!(centre.get("1", &format!("/alerts/{alert}")).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn a_run_sees_what_its_owner_may_see_and_no_more() {
    in_a_centre(|centre: Centre| async move {
        scheduled(&centre, "every_minutes=1").await;
        come(&centre, &centre.b, "root", &[NOW; 5]).await;
        run(&centre, NOW + HOUR).await;
        assert_eq!(raised(&centre.db).await, (0, 0), "another agency's events");
        come(&centre, &centre.a, "root", &[NOW; 3]).await;
        run(&centre, NOW + 2 * HOUR).await;
        assert_eq!(raised(&centre.db).await, (1, 3));
        let read = "SELECT MIN(actor_id) AS value FROM audit_entries WHERE details LIKE '%\"purpose\":\"schedule\"%'";
        assert_eq!(centre.value(read).await, centre.a.person, "the run is in the trail as the owner's");
    })
    .await;
}

#[tokio::test]
async fn values_of_a_field_are_counted_apart_and_a_quiet_time_raises_nothing_new() {
    in_a_centre(|centre: Centre| async move {
        let form = "every_minutes=1&threshold=2&group_by=user.name&window_minutes=1&quiet_minutes=120";
        let id = scheduled(&centre, form).await;
        centre.change("UPDATE saved_searches SET query_text = ''").await;
        for (user, times) in [("root", &[NOW; 3][..]), ("admin", &[NOW; 1]), ("guest", &[NOW; 2])] {
            come(&centre, &centre.a, user, times).await;
        }
        run(&centre, NOW + MINUTE).await;
        assert_eq!(raised(&centre.db).await, (2, 5), "root and guest");
        // Within the window a hit joins its alert; beyond it the quiet time holds.
        come(&centre, &centre.a, "root", &[NOW + 1; 2]).await;
        come(&centre, &centre.a, "guest", &[NOW + HOUR; 4]).await;
        run(&centre, NOW + HOUR).await;
        assert_eq!(raised(&centre.db).await, (2, 7));
        let quiet =
            format!("SELECT CAST(quiet_matches AS TEXT) AS value FROM search_schedules WHERE saved_search_id = '{id}'");
        assert_eq!(centre.value(&quiet).await, "4");
        come(&centre, &centre.a, "guest", &[NOW + 2 * HOUR; 2]).await;
        run(&centre, NOW + 3 * HOUR).await;
        assert_eq!(raised(&centre.db).await, (3, 9), "the quiet time is over");
    })
    .await;
}

#[tokio::test]
async fn late_events_count_once_unless_the_owner_leaves_them_out() {
    in_a_centre(|centre: Centre| async move {
        let id = scheduled(&centre, "every_minutes=1&quiet_minutes=0").await;
        come(&centre, &centre.a, "root", &[NOW]).await;
        run(&centre, NOW + MINUTE).await;
        // A day late by its own clock, and one that is ahead of it.
        come(&centre, &centre.a, "root", &[NOW - DAY, NOW + HOUR]).await;
        run(&centre, NOW + 2 * MINUTE).await;
        run(&centre, NOW + 3 * MINUTE).await;
        assert_eq!(raised(&centre.db).await.1, 3);
        let form = "severity=high&every_minutes=1&quiet_minutes=0&longest_delay_minutes=60";
        centre.post("0", &format!("/saved-searches/{id}/schedule"), form).await;
        come(&centre, &centre.a, "root", &[NOW - DAY, NOW - MINUTE]).await;
        // Asked a month later it is the same: the delay is that of the event, not that of the run.
        run(&centre, NOW + 30 * DAY).await;
        assert_eq!(raised(&centre.db).await.1, 4);
    })
    .await;
}

#[tokio::test]
async fn whatever_is_late_and_wherever_a_run_dies_every_match_is_counted_once() {
    in_a_centre(|centre: Centre| async move {
        scheduled(&centre, "every_minutes=1&quiet_minutes=0&window_minutes=30").await;
        let parts = parts_of(&centre);
        let (mut seed, mut now, mut expected) = (20_261_122_u64, NOW, 0);
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut damping = Damping::default();
        for _ in 0..60 {
            now += MINUTE;
            let times: Vec<Micros> =
                (0..random(6)).map(|_| NOW + random(4 * 1_440) as i64 * MINUTE - 2 * DAY).collect();
            let matching = random(3) > 0;
            come(&centre, &centre.a, if matching { "root" } else { "admin" }, &times).await;
            expected += if matching { times.len() as i64 } else { 0 };
            let due =
                store::list(&centre.db.scoped(&parts.scope).read(), &store::Filter::default(), 10, 0).await.unwrap();
            let Some(saved) = due.into_iter().next() else { panic!("no search") };
            match random(4) {
                // The program dies between the run and its commit.
                0 => drop(prepare(&parts, saved, now).await.unwrap_or_else(|error| panic!("{error:?}"))),
                // Two programs run the same at once: one of them finds that it is done.
                1 => {
                    let prepare = |saved| prepare(&parts, saved, now);
                    let (Ok(one), Ok(two)) = (prepare(saved.clone()).await, prepare(saved).await) else {
                        panic!("runs")
                    };
                    assert!(commit(&parts, one, &mut damping, now).await.unwrap());
                    let repeated = commit(&parts, two, &mut Damping::default(), now).await.unwrap();
                    assert!(!repeated || times.is_empty(), "the repetition found something to do");
                }
                // It starts anew.
                2 => damping = Damping::default(),
                _ => assert!(run_due(&parts, &mut damping, now).await.unwrap() <= 1),
            }
        }
        run_due(&parts, &mut damping, now + HOUR).await.unwrap();
        assert_eq!(raised(&centre.db).await.1, expected);
    })
    .await;
}

#[tokio::test]
async fn what_was_missed_while_nothing_ran_is_caught_up_in_one_run() {
    in_a_centre(|centre: Centre| async move {
        scheduled(&centre, "every_minutes=1").await;
        come(&centre, &centre.a, "root", &[NOW; 7]).await;
        assert_eq!(run(&centre, NOW + 30 * DAY).await, 1);
        assert_eq!(run(&centre, NOW + 30 * DAY).await, 0, "nothing more is due");
        assert_eq!(raised(&centre.db).await, (1, 7));
    })
    .await;
}

#[tokio::test]
async fn who_loses_the_right_loses_the_schedule_and_hears_of_it() {
    in_a_centre(|centre: Centre| async move {
        let id = scheduled(&centre, "every_minutes=1").await;
        centre.change(&format!("UPDATE person_roles SET ends_at = {}", NOW + MINUTE)).await;
        come(&centre, &centre.a, "root", &[NOW; 3]).await;
        run(&centre, NOW + 2 * MINUTE).await;
        assert_eq!(raised(&centre.db).await, (0, 0));
        let state = "SELECT state || ' ' || stop_reason AS value FROM search_schedules";
        assert_eq!(centre.value(state).await, "stopped right-lost");
        let told = format!("SELECT link AS value FROM inbox_messages WHERE person_id = '{}'", centre.a.person);
        assert_eq!(centre.value(&told).await, format!("/saved-searches/{id}"));
        assert_eq!(run(&centre, NOW + HOUR).await, 0, "it stays stopped");
        let page = centre.get("0", &format!("/saved-searches/{id}")).await;
        assert!(page.says("không còn quyền"), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn a_closed_account_runs_nothing() {
    in_a_centre(|centre: Centre| async move {
        scheduled(&centre, "every_minutes=1").await;
        centre.change(&format!("UPDATE people SET active = FALSE WHERE id = '{}'", centre.a.person)).await;
        come(&centre, &centre.a, "root", &[NOW; 3]).await;
        run(&centre, NOW + 2 * MINUTE).await;
        assert_eq!(raised(&centre.db).await, (0, 0));
        assert_eq!(centre.value("SELECT state AS value FROM search_schedules").await, "stopped");
    })
    .await;
}

#[tokio::test]
async fn a_run_that_fails_is_told_once_and_loses_nothing() {
    in_a_centre(|centre: Centre| async move {
        let id = scheduled(&centre, "every_minutes=1").await;
        come(&centre, &centre.a, "root", &[NOW; 2]).await;
        centre.change("UPDATE saved_searches SET query_text = '(root'").await;
        for minute in 1..4 {
            assert_eq!(run(&centre, NOW + minute * MINUTE).await, 1);
        }
        let told =
            "SELECT CAST(COUNT(*) AS TEXT) AS value FROM inbox_messages WHERE title_key = 'saved-search-message-error'";
        assert_eq!(centre.value(told).await, "1");
        let (list, page) =
            (centre.get("0", "/saved-searches").await, centre.get("0", &format!("/saved-searches/{id}")).await);
        assert!(list.says("Có lỗi") && page.says("Chưa hiểu câu tìm"), "{}", page.text);
        let text = "kind=search&name=Root&text=user_name%3Aroot&range=all&sharing=agency";
        assert_eq!(centre.post("0", &format!("/saved-searches/{id}"), text).await.status, StatusCode::SEE_OTHER);
        run(&centre, NOW + HOUR).await;
        assert_eq!(raised(&centre.db).await, (1, 2));
        assert!(!centre.get("0", "/saved-searches").await.says("Có lỗi"));
    })
    .await;
}

#[tokio::test]
async fn a_change_between_run_and_commit_lets_nothing_of_the_old_schedule_through() {
    in_a_centre(|centre: Centre| async move {
        let id = scheduled(&centre, "every_minutes=1").await;
        let parts = parts_of(&centre);
        come(&centre, &centre.a, "root", &[NOW; 2]).await;
        let saved = store::find(&centre.db.scoped(&parts.scope).read(), &id).await.unwrap();
        let Ok(prepared) = prepare(&parts, saved, NOW + MINUTE).await else { panic!("a run") };
        centre.post("0", &format!("/saved-searches/{id}/schedule/stop"), "").await;
        assert!(!commit(&parts, prepared, &mut Damping::default(), NOW + MINUTE).await.unwrap());
        assert_eq!(raised(&centre.db).await, (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_next_start_counts_what_the_last_run_had_not_committed() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        let root = organisation::agencies::ensure_root_agency(&tx, NOW - DAY, "Tỉnh Ví Dụ", "TINH").await.unwrap().id;
        let new = people::NewPerson {
            account: "dieu-phoi".into(),
            full_name: "Trần Thị Trực".into(),
            agency_id: root.clone(),
            ..people::NewPerson::default()
        };
        let person = people::create(&tx, NOW - DAY, new).await.unwrap().id;
        tx.commit().await.unwrap();
        grant(&db, &person, "coordinator", &root).await;
        let capabilities = kit::Capability::ALL.iter().copied();
        let actor = Actor::Person { id: person.as_str().into(), name: "Trần Thị Trực".into() };
        let owner = Scope::new(actor, Agencies::All, capabilities, None);
        let tx = db.scoped(&owner).begin().await.unwrap();
        let input = SavedSearchInput {
            kind: "search".into(),
            name: "Sai mật khẩu".into(),
            text: "\"failed password\"".into(),
            ..SavedSearchInput::default()
        };
        let id = create(&tx, &settings().saved_searches, &input, &root, NOW).await.unwrap();
        let schedule = ScheduleInput { severity: "high".into(), quiet_minutes: "0".into(), ..ScheduleInput::default() };
        set(&tx, &settings().saved_searches, &id, &schedule, 0, NOW).await.unwrap();
        tx.commit().await.unwrap();

        let directory = tempfile::tempdir().unwrap();
        for round in 0..3 {
            let store = opened(directory.path()).await;
            let pipeline = start(&store, &db).await;
            store.append(failures(round * 10, 10, "10.0.0.5"), None).await.unwrap();
            pipeline.wait_evaluated(store.last_seq()).await.unwrap();
            let parts = parts(store.clone(), &db);
            let now = NOW + (round as i64 + 1) * HOUR;
            let saved = store::find(&db.scoped(&owner).read(), &id).await.unwrap();
            let Ok(prepared) = prepare(&parts, saved, now).await else { panic!("a run") };
            assert_eq!(prepared.matches, if round == 0 { 10 } else { 20 - i64::from(round == 2) * 10 });
            if round != 0 {
                assert!(commit(&parts, prepared, &mut Damping::default(), now).await.unwrap());
            }
            // Killed: neither the pipeline nor the run writes any more.
            pipeline.abandon();
            drop((pipeline, parts, store));
        }
        assert_eq!(raised(&db).await.1, 30);
    })
    .await;
}

#[tokio::test]
async fn events_that_cannot_be_read_are_told_once_and_hold_nothing_up() {
    in_a_centre(|centre: Centre| async move {
        let id = scheduled(&centre, "every_minutes=1").await;
        come(&centre, &centre.a, "root", &[NOW; 3]).await;
        centre.store().seal().await.unwrap();
        centre.lose_segments();
        assert_eq!(run(&centre, NOW + MINUTE).await, 1);
        assert_eq!(raised(&centre.db).await, (0, 0), "nobody can look at them");
        let page = centre.get("0", &format!("/saved-searches/{id}")).await;
        assert!(page.says("chưa ai xem chúng"), "{}", page.text);
        let api = centre.get("0", &format!("/api/v1/saved-searches/{id}")).await;
        assert!(api.says("\"unread_days\":\"20"), "{}", api.text);
        let told = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM inbox_messages \
                    WHERE title_key = 'saved-search-message-unread'";
        assert_eq!(centre.value(told).await, "1");
        come(&centre, &centre.a, "root", &[NOW; 2]).await;
        run(&centre, NOW + 2 * MINUTE).await;
        assert_eq!(raised(&centre.db).await, (1, 2), "what comes after is looked at");
        assert_eq!(centre.value(told).await, "1", "there is nothing new to tell");
    })
    .await;
}
