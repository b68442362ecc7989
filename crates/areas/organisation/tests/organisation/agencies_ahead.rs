//! Mergers and new names for a day to come: entered, shown, carried out once when the day comes, revoked, refused.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, service};
use crate::registers::{import, reasons, texts};
use axum::http::StatusCode;
use kit::Error;
use kit::bus::Bus;
use kit::calendar::{start_of_day, vietnam_date};
use kit::clock::{DAY, HOUR, Micros};
use kit::live::Live;
use organisation::agencies::{self, Agency, scheduled};
use sea_orm::ConnectionTrait;
use test_support::on_each_database;

const BASIS: &str = "NQ 9/2026";

/// First moment of the day so many days after today, in Vietnam.
fn day(after: i64) -> Micros {
    start_of_day(vietnam_date(NOW + after * DAY))
}

async fn merge_on(province: &Province, id: &str, into: &str, at: Micros) -> Result<(), Error> {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    scheduled::merge_on(&tx, &Live::default(), NOW, id, into, at, BASIS).await?;
    tx.commit().await
}

async fn run(province: &Province, now: Micros) -> usize {
    let scope = service();
    scheduled::carry_out_due(&province.db, &scope, &Live::default(), now).await.unwrap()
}

async fn find(province: &Province, id: &str) -> Agency {
    let scope = service();
    agencies::find(&province.db.scoped(&scope).read(), id).await.unwrap()
}

/// What waits or was refused at an agency: identifier and refusal.
async fn ahead(province: &Province, id: &str) -> Vec<(String, String)> {
    let scope = service();
    let found = scheduled::concerning(&province.db.scoped(&scope).read(), id).await.unwrap();
    found.into_iter().map(|one| (one.id, one.refusal)).collect()
}

async fn titles(province: &Province, person: &str) -> Vec<String> {
    let sql =
        format!("SELECT title_key AS value FROM inbox_messages WHERE person_id = '{person}' ORDER BY created_at, id");
    texts(province, &sql).await
}

fn conflict(done: Result<(), Error>) -> &'static str {
    match done {
        Err(Error::Conflict(key)) => key,
        other => panic!("no conflict: {other:?}"),
    }
}

#[tokio::test]
async fn a_merger_is_carried_out_on_its_day_in_vietnam_and_once() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.b, "leader").await;
        let at = day(30);
        assert_eq!(at.rem_euclid(DAY), 17 * HOUR, "midnight in Vietnam");
        merge_on(&province, &province.a, &province.b, at).await.unwrap();
        assert_eq!(run(&province, at - 1).await, 0);
        assert_eq!(find(&province, &province.a).await.valid_to, None);
        for id in [&province.a, &province.b] {
            assert_eq!(ahead(&province, id).await.len(), 1, "both know of it");
        }
        let (one, two) = tokio::join!(run(&province, at), run(&province, at));
        assert_eq!((one + two, run(&province, at + DAY).await), (1, 0));
        let old = find(&province, &province.a).await;
        assert_eq!((old.valid_to, old.parent_id.as_deref()), (Some(at), Some(province.b.as_str())));
        assert_eq!(find(&province, &province.a_office).await.parent_id.as_deref(), Some(province.b.as_str()));
        let scope = service();
        let became = agencies::became(&province.db.scoped(&scope).read(), &province.a).await.unwrap();
        assert_eq!((became.len(), became[0].at, became[0].basis.as_str()), (1, at, BASIS));
        assert!(ahead(&province, &province.a).await.is_empty());
        let sql = "SELECT action AS value FROM audit_entries WHERE action LIKE 'agency.schedule%' \
                   OR action = 'agency.become' ORDER BY sequence";
        assert_eq!(texts(&province, sql).await, ["agency.schedule", "agency.become", "agency.schedule-done"]);
        assert_eq!(titles(&province, &head).await, ["agency-message-merges", "agency-message-merged"]);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_was_down_that_day_carries_it_out_from_the_day_itself() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let (first, second) = (day(3), day(4));
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let live = Live::default();
        scheduled::rename_on(&tx, &live, NOW, &province.b, " Sở Học vấn ", first, BASIS).await.unwrap();
        scheduled::merge_on(&tx, &live, NOW, &province.a, &province.b, second, BASIS).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run(&province, day(20)).await, 2);
        assert_eq!(find(&province, &province.a).await.valid_to, Some(second));
        assert_eq!(find(&province, &province.b).await.name, "Sở Học vấn");
        let sql =
            "SELECT CAST(valid_to AS TEXT) AS value FROM agency_names UNION SELECT basis AS value FROM agency_names ORDER BY 1";
        assert_eq!(texts(&province, sql).await, [first.to_string(), BASIS.to_owned()]);
    })
    .await;
}

#[tokio::test]
async fn what_is_revoked_is_not_carried_out_and_what_is_done_is_not_revoked() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let live = Live::default();
        let scope = service();
        merge_on(&province, &province.a, &province.b, day(2)).await.unwrap();
        let id = ahead(&province, &province.a).await.remove(0).0;
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let elsewhere = scheduled::revoke(&tx, &live, NOW, &province.b, &id).await;
        assert!(matches!(elsewhere, Err(Error::NotFound)), "of another agency: {elsewhere:?}");
        scheduled::revoke(&tx, &live, NOW, &province.a, &id).await.unwrap();
        assert_eq!(conflict(scheduled::revoke(&tx, &live, NOW, &province.a, &id).await), "agency-scheduled-over");
        tx.commit().await.unwrap();
        assert_eq!(run(&province, day(2)).await, 0);
        assert_eq!(find(&province, &province.a).await.valid_to, None);
        merge_on(&province, &province.a, &province.b, day(2)).await.unwrap();
        let id = ahead(&province, &province.a).await.remove(0).0;
        assert_eq!(run(&province, day(2)).await, 1);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        assert_eq!(conflict(scheduled::revoke(&tx, &live, day(2), &province.a, &id).await), "agency-scheduled-over");
        assert_eq!(conflict(scheduled::retry(&tx, day(2), &province.a, &id).await), "agency-scheduled-over");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_done_any_more_is_refused_and_told_to_who_can_mend_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.a, "leader").await;
        merge_on(&province, &province.a, &province.b, day(2)).await.unwrap();
        let scope = service();
        let close = async |end| {
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            agencies::close(&tx, NOW + HOUR, &province.b, end).await.unwrap();
            tx.commit().await.unwrap();
        };
        close(Some(NOW + HOUR)).await;
        assert_eq!((run(&province, day(2)).await, run(&province, day(3)).await), (0, 0));
        let (id, refusal) = ahead(&province, &province.a).await.remove(0);
        assert_eq!(refusal, "agency-successor-ended");
        assert_eq!(find(&province, &province.a).await.valid_to, None, "nothing of it was done");
        assert_eq!(titles(&province, &admin).await, ["agency-message-refused"], "once");
        assert_eq!(titles(&province, &head).await, ["agency-message-merges"], "it did not merge");
        close(None).await;
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        scheduled::retry(&tx, day(4), &province.a, &id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run(&province, day(4)).await, 1);
        assert_eq!(find(&province, &province.a).await.valid_to, Some(day(2)));
    })
    .await;
}

#[tokio::test]
async fn an_agency_that_has_merged_in_the_meantime_does_not_merge_again() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        merge_on(&province, &province.a, &province.b, day(2)).await.unwrap();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let otherwise = agencies::become_part_of(&tx, day(1), &province.a, &province.root, day(1), "").await;
        assert_eq!(conflict(otherwise), "agency-merges-otherwise", "by the form of the day as well");
        agencies::close(&tx, day(1), &province.a, Some(day(1))).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run(&province, day(2)).await, 0);
        let (id, refusal) = ahead(&province, &province.a).await.remove(0);
        assert_eq!(refusal, "agency-ended-by-then");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        agencies::close(&tx, day(3), &province.a, None).await.unwrap();
        agencies::become_part_of(&tx, day(3), &province.a, &province.root, day(3), "").await.unwrap();
        tx.commit().await.unwrap();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        scheduled::retry(&tx, day(4), &province.a, &id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run(&province, day(4)).await, 0);
        assert_eq!(ahead(&province, &province.a).await.remove(0).1, "agency-merged-otherwise");
        let became = agencies::became(&province.db.scoped(&scope).read(), &province.a).await.unwrap();
        assert_eq!(became.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_contradicts_itself_is_not_entered() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let (a, b, office) = (&province.a, &province.b, &province.a_office);
        let scope = service();
        let live = Live::default();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        for (at, basis, field) in [(day(2), " ", "basis"), (NOW, BASIS, "at"), (day(-1), BASIS, "at")] {
            let done = scheduled::merge_on(&tx, &live, NOW, a, b, at, basis).await;
            assert!(matches!(&done, Err(Error::Invalid(wrong)) if wrong[0].field == field), "{field}: {done:?}");
        }
        tx.rollback().await.unwrap();
        merge_on(&province, a, b, day(5)).await.unwrap();
        for (id, into, at, key) in [
            (a, b, day(5), "agency-scheduled-already"),
            (a, office, day(6), "agency-successor-below"),
            (a, a, day(6), "agency-successor-is-itself"),
            (a, &province.root, day(6), "agency-merges-otherwise"),
            (b, a, day(6), "agency-successor-merges-first"),
            (office, a, day(6), "agency-successor-merges-first"),
            (b, a, day(5), "agency-mergers-circle"),
            (b, &province.root, day(4), "agency-others-merge-later"),
            (&province.root, b, day(4), "agency-root-stays"),
        ] {
            assert_eq!(conflict(merge_on(&province, id, into, at).await), key);
        }
        // On one day, in whatever order they are entered: first what comes, then what goes.
        merge_on(&province, b, &province.root, day(5)).await.unwrap();
        merge_on(&province, office, a, day(5)).await.unwrap();
        assert_eq!(run(&province, day(5)).await, 3);
        for (id, into) in [(office, a), (a, b), (b, &province.root)] {
            let old = find(&province, id).await;
            assert_eq!((old.valid_to, old.parent_id.as_ref()), (Some(day(5)), Some(into)));
        }
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let late = scheduled::rename_on(&tx, &live, day(6), a, "Sở Cũ", day(7), BASIS).await;
        assert_eq!(conflict(late), "agency-ended-by-then");
    })
    .await;
}

#[tokio::test]
async fn a_day_that_nobody_here_will_see_is_a_slip_of_the_pen() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let bound = province.policies.dates.agencies.0;
        let told = |done: Result<(), Error>| match done {
            Err(Error::Invalid(fields)) => fields.into_iter().map(|one| (one.field, one.key)).collect::<Vec<_>>(),
            other => panic!("not refused: {other:?}"),
        };
        let far = |field: &str| vec![(field.to_owned(), "date-too-far-ahead")];
        assert_eq!(told(merge_on(&province, &province.a, &province.b, day(bound + 1)).await), far("at"));
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let named = scheduled::rename_on(&tx, &Live::default(), NOW, &province.a, "Sở Mới", day(36_500), BASIS).await;
        assert_eq!(told(named), far("since"));
        assert_eq!(told(agencies::close(&tx, NOW, &province.a, Some(day(36_500))).await), far("valid_to"));
        drop(tx);
        let table = "code,name,kind,became,valid_from,valid_to,basis\nSYT,,,SGD,,01/07/2127,NQ 1/2027\n\
                     SGD,Sở Học vấn,,,01/06/2127,,QĐ 2/2027\nMOI,Sở Mới,department,,01/01/2127,,\n";
        let report = import(&province, table, true).await;
        assert_eq!(reasons(&report, 2), [("valid_to", "date-too-far-ahead")]);
        assert_eq!(reasons(&report, 3), [("valid_from", "date-too-far-ahead")]);
        assert_eq!(reasons(&report, 4), [("valid_from", "date-too-far-ahead")]);
        assert!(ahead(&province, &province.a).await.is_empty() && ahead(&province, &province.b).await.is_empty());
        merge_on(&province, &province.a, &province.b, day(bound)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_table_enters_it_ahead_and_says_so() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let text = "code,name,became,valid_from,valid_to,basis\nsyt,,SGD,,01/07/2027,NQ 1/2027\n\
                    SGD,Sở Học vấn,,2027-06-01,,QĐ 2/2027\nSYT-VP,,SGD,,01/07/2027,\n";
        let tried = import(&province, text, false).await;
        assert!(ahead(&province, &province.b).await.is_empty(), "a dry run keeps nothing");
        let report = import(&province, text, true).await;
        assert_eq!(tried, report);
        assert_eq!(
            report.lines[0].changes(kit::Lang::Vi),
            ["Sẽ sáp nhập vào: – → Sở Giáo dục và Đào tạo", "Từ ngày: – → 01/07/2027"]
        );
        assert_eq!(
            report.lines[1].changes(kit::Lang::Vi),
            ["Sẽ đổi tên: Sở Giáo dục và Đào tạo → Sở Học vấn", "Tên mới có từ ngày: – → 01/06/2027"]
        );
        assert_eq!(reasons(&report, 4), [("basis", "field-required")]);
        assert_eq!(ahead(&province, &province.b).await.len(), 2);
        let again = import(&province, text, true).await;
        assert_eq!((again.totals().same, again.totals().refused), (2, 1), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn the_pages_of_both_agencies_show_it_until_it_is_revoked() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let mut officer = Browser::enter(&site, "can.bo").await;
        let page = format!("/agencies/{}", province.a);
        let form = format!("{page}/become");
        admin.get(&form).await;
        let fields = [("into", province.b.as_str()), ("at", "2027-07-01"), ("basis", "")];
        let bare = admin.post(&form, &fields).await;
        assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            bare.text.contains(r#"value="2027-07-01""#) && bare.text.contains(r#"id="basis-error""#),
            "{}",
            bare.text
        );
        let fields = [("into", province.b.as_str()), ("at", "2027-07-01"), ("basis", "NQ 7/2027")];
        assert_eq!(admin.post(&form, &fields).await.location(), page);
        let said = "Sở Y tế sáp nhập vào Sở Giáo dục và Đào tạo từ 01/07/2027";
        for id in [&province.a, &province.b] {
            let shown = admin.get(&format!("/agencies/{id}")).await.text;
            assert!(
                shown.contains(said) && shown.contains("NQ 7/2027") && shown.contains("Bỏ quyết định này"),
                "{shown}"
            );
        }
        let shown = officer.get(&page).await.text;
        assert!(shown.contains(said) && !shown.contains("Bỏ quyết định này"), "{shown}");
        assert!(!shown.contains(&format!(r#"href="/agencies/{}""#, province.b)), "beyond reach there is no link");
        let id = ahead(&province, &province.a).await.remove(0).0;
        let revoke = format!("{page}/scheduled/{id}/revoke");
        assert_eq!(officer.post(&revoke, &[]).await.status, StatusCode::FORBIDDEN);
        admin.get(&page).await;
        assert_eq!(admin.post(&revoke, &[]).await.location(), page);
        assert!(!admin.get(&page).await.text.contains(said));

        // What could not be done on its day is refused on the form, with the reason; today as on a day to come.
        admin.get(&form).await;
        for (at, basis) in [("2027-07-01", "NQ 7/2027"), ("", "")] {
            let itself = admin.post(&form, &[("into", province.a.as_str()), ("at", at), ("basis", basis)]).await;
            assert_eq!(itself.status, StatusCode::UNPROCESSABLE_ENTITY, "{at}");
            assert!(itself.text.contains("Một cơ quan không thể sáp nhập vào chính nó"), "{}", itself.text);
        }

        // A new name, by the form of the agency.
        let edit = format!("{page}/edit");
        admin.get(&edit).await;
        let fields = [
            ("name", "Sở Sức khỏe"),
            ("kind", "department"),
            ("parent", province.root.as_str()),
            ("since", "2027-01-01"),
            ("basis", "NQ 8/2027"),
        ];
        assert_eq!(admin.post(&page, &fields).await.location(), page);
        let shown = admin.get(&page).await.text;
        assert!(shown.contains("Sở Y tế đổi tên thành Sở Sức khỏe từ 01/01/2027"), "{shown}");
        assert!(shown.contains("chưa đến ngày") && !shown.contains("đã đến ngày"), "{shown}");
        // Its day has come, and the server has not got to it, or tries again.
        let past = format!("UPDATE agency_scheduled_changes SET at = {NOW} WHERE state = 'waiting'");
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        tx.execute_unprepared(&past).await.unwrap();
        tx.commit().await.unwrap();
        let shown = admin.get(&page).await.text;
        assert!(shown.contains("đã đến ngày, hệ thống đang thực hiện") && !shown.contains("chưa đến ngày"), "{shown}");
        assert_eq!(find(&province, &province.a).await.name, "Sở Y tế");
    })
    .await;
}
