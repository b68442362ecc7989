//! Roster and inbox: who is on watch, who hears of what, and that nobody reads another's mail.

use crate::province::{NOW, Province, service};
use kit::Error;
use kit::bus::Bus;
use kit::clock::HOUR;
use kit::live::Live;
use kit::page::Severity;
use organisation::inbox::{self, InboxFilter, Message, Recipient};
use organisation::roster::{self, NewShift};
use test_support::on_each_database;

fn message(agency: &str) -> Message {
    Message {
        severity: Severity::High,
        title_key: "inbox-none",
        title_arguments: vec![("system", "Cổng thông tin".into())],
        link: "/alerts/1".into(),
        agency_id: Some(agency.to_owned()),
        ..Message::default()
    }
}

fn shift(province: &Province, person: &str, from: i64, hours: i64) -> NewShift {
    NewShift {
        agency_id: province.root.clone(),
        person_id: person.to_owned(),
        post: "analyst".into(),
        starts_at: from,
        ends_at: from + hours * HOUR,
    }
}

async fn plan(province: &Province, shifts: &[NewShift]) -> Vec<Result<String, Error>> {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let mut results = Vec::new();
    for one in shifts {
        results.push(roster::add_shift(&tx, &province.policies, NOW, one).await);
    }
    tx.commit().await.unwrap();
    results
}

async fn send(province: &Province, live: &Live, recipient: Recipient<'_>) -> Vec<String> {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let told = inbox::notify(&tx, live, province_now(province), recipient, &message(&province.a)).await.unwrap();
    tx.commit().await.unwrap();
    told
}

fn province_now(province: &Province) -> i64 {
    kit::clock::Clock::now(&province.clock)
}

#[tokio::test]
async fn the_roster_knows_who_is_on_watch_and_who_is_next() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let binh = province.person("truc.binh", "Trực Bình", &province.root, "analyst").await;
        let made =
            plan(&province, &[shift(&province, &an, NOW - HOUR, 8), shift(&province, &binh, NOW + 7 * HOUR, 8)]).await;
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        let wrong = plan(
            &province,
            &[
                shift(&province, &an, NOW + 6 * HOUR, 8),
                shift(&province, &an, NOW + 20 * HOUR, 0),
                shift(&province, &an, NOW + 20 * HOUR, 25),
                NewShift { post: "king".into(), ..shift(&province, &an, NOW + 20 * HOUR, 8) },
            ],
        )
        .await;
        assert!(wrong.iter().all(|one| matches!(one, Err(Error::Invalid(_)))), "{wrong:?}");
        let scope = service();
        let view = province.db.scoped(&scope).read();
        let names = |shifts: Vec<roster::Shift>| shifts.into_iter().map(|one| one.person_name).collect::<Vec<_>>();
        assert_eq!(names(roster::on_duty(&view, NOW).await.unwrap()), ["Trực An"]);
        assert_eq!(names(roster::next_shifts(&view, NOW).await.unwrap()), ["Trực Bình"]);
        assert_eq!(names(roster::on_duty(&view, NOW + 7 * HOUR).await.unwrap()), ["Trực Bình"], "no gap, no overlap");
        assert!(roster::on_duty(&view, NOW + 15 * HOUR).await.unwrap().is_empty());
        // An officer of a department sees the centre's watch, but not the roster.
        let officer = province.scope("p", &province.a, "officer");
        let view = province.db.scoped(&officer).read();
        assert_eq!(names(roster::on_duty(&view, NOW).await.unwrap()), ["Trực An"]);
        assert!(roster::between(&view, NOW - 24 * HOUR, NOW + 24 * HOUR).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_note_is_written_by_who_had_the_shift_and_the_past_stays() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let binh = province.person("truc.binh", "Trực Bình", &province.root, "analyst").await;
        let made =
            plan(&province, &[shift(&province, &an, NOW - 9 * HOUR, 8), shift(&province, &binh, NOW + HOUR, 8)]).await;
        let (past, coming) = (made[0].as_ref().unwrap().clone(), made[1].as_ref().unwrap().clone());
        let own = province.scope(&an, &province.root, "analyst");
        let tx = province.db.scoped(&own).begin().await.unwrap();
        roster::hand_over(&tx, NOW, &past, "Theo dõi máy chủ thư của Sở Y tế.").await.unwrap();
        tx.commit().await.unwrap();
        let other = province.scope(&binh, &province.root, "analyst");
        let tx = province.db.scoped(&other).begin().await.unwrap();
        assert!(matches!(roster::hand_over(&tx, NOW, &past, "x").await, Err(Error::Forbidden(_))));
        assert!(matches!(roster::hand_over(&tx, NOW, &coming, "x").await, Err(Error::Conflict(_))));
        assert!(matches!(roster::remove_shift(&tx, NOW, &coming).await, Err(Error::Forbidden(_))));
        drop(tx);
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        assert!(matches!(roster::remove_shift(&tx, NOW, &past).await, Err(Error::Conflict(_))));
        roster::remove_shift(&tx, NOW, &coming).await.unwrap();
        tx.commit().await.unwrap();
        let view = province.db.scoped(&scope).read();
        let note = roster::last_note(&view).await.unwrap().unwrap();
        assert_eq!(note.note, "Theo dõi máy chủ thư của Sở Y tế.");
        assert!(roster::next_shifts(&view, NOW).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn news_goes_to_those_on_watch_and_to_the_coordinator_when_nobody_is() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let coordinator = province.person("dieu.phoi", "Điều Phối", &province.root, "coordinator").await;
        let live = Live::default();
        let (_, mut news) = live.since(None);
        assert_eq!(send(&province, &live, Recipient::OnDuty).await, std::slice::from_ref(&coordinator));
        plan(&province, &[shift(&province, &an, NOW, 8)]).await;
        assert_eq!(send(&province, &live, Recipient::OnDuty).await, std::slice::from_ref(&an));
        assert_eq!(send(&province, &live, Recipient::Person(&an)).await, std::slice::from_ref(&an));
        let role = Recipient::Role { role: "analyst", agency_id: Some(&province.a_office) };
        assert_eq!(send(&province, &live, role).await, std::slice::from_ref(&an), "a role above the agency counts");
        let nobody = Recipient::Role { role: "officer", agency_id: Some(&province.b) };
        assert!(send(&province, &live, nobody).await.is_empty());
        let mut topics = Vec::new();
        while let Ok(one) = news.try_recv() {
            topics.push(one.topic);
        }
        assert_eq!(topics, ["inbox"; 4]);
        let scope = province.scope(&an, &province.root, "analyst");
        assert_eq!(inbox::unread(&province.db.scoped(&scope).read()).await.unwrap(), (3, 3));
    })
    .await;
}

#[tokio::test]
async fn nobody_reads_or_marks_another_persons_mail() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let binh = province.person("truc.binh", "Trực Bình", &province.root, "administrator").await;
        send(&province, &Live::default(), Recipient::Person(&an)).await;
        let own = province.scope(&an, &province.root, "analyst");
        let other = province.scope(&binh, &province.root, "administrator");
        let list = inbox::list(&province.db.scoped(&own).read(), &InboxFilter::default(), 10, 0).await.unwrap();
        let id = list[0].id.clone();
        let tx = province.db.scoped(&other).begin().await.unwrap();
        assert!(inbox::list(&tx, &InboxFilter::default(), 10, 0).await.unwrap().is_empty());
        assert!(matches!(inbox::mark_read(&tx, NOW, &id).await, Err(Error::NotFound)));
        assert!(matches!(inbox::acknowledge(&tx, NOW, &id).await, Err(Error::NotFound)));
        assert_eq!(inbox::mark_all_read(&tx, NOW).await.unwrap(), 0);
        drop(tx);
        let tx = province.db.scoped(&own).begin().await.unwrap();
        inbox::acknowledge(&tx, NOW, &id).await.unwrap();
        tx.commit().await.unwrap();
        let list = inbox::list(&province.db.scoped(&own).read(), &InboxFilter::default(), 10, 0).await.unwrap();
        assert_eq!((list[0].read_at, list[0].acknowledged_at), (Some(NOW), Some(NOW)));
        let machine = service();
        assert!(inbox::unread(&province.db.scoped(&machine).read()).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_message_that_links_outside_is_refused() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let bad = Message { link: "https://evil.example/".into(), ..message(&province.a) };
        assert!(inbox::notify(&tx, &Live::default(), NOW, Recipient::OnDuty, &bad).await.is_err());
    })
    .await;
}
