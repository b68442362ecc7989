//! An incident from the escalated alert to the filed receipt, on every database, in the scopes of the people who do it.

use crate::house::{ANALYST, LEADER, NOW, OFFICER, bus, escalate, escalation, furnish, migrations, person, scope};
use kit::Error;
use kit::calendar::vietnam_date;
use kit::clock::{HOUR, MINUTE};
use kit::live::Live;
use kit::repeat::RequestIdentity;
use kit::scope::Scope;
use luytre_response as response;
use response::duties::ClockState;
use response::duties::service::{clocks_of, count_running, refresh_all, running};
use response::incidents::service::{self, Correction, IncidentFacts, NewIncident};
use response::incidents::{IncidentFilter, Knowledge, State, TimeKind, store};
use response::notices::service::{self as notice_service, NoticeChange};
use response::notices::{self, Notice};
use test_support::on_each_database;

#[tokio::test]
async fn an_escalated_alert_opens_an_incident_with_its_times_its_events_and_its_clocks() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let id = escalate(&db, &house).await;
        let scope = scope("officer", "Cán bộ", &house.health, OFFICER);
        let connection = db.scoped(&scope).read();
        let incident = store::find(&connection, &id).await.expect("in scope");
        assert_eq!((incident.code.as_str(), incident.state()), ("SC-SYT-2026-0001", State::Detect));
        assert_eq!(incident.system_level, Some(3));
        let times = store::times(&connection, &id).await.expect("times");
        let kept: Vec<_> = times.iter().map(|time| (time.kind, NOW - time.at, time.known_by)).collect();
        assert_eq!(
            kept,
            [
                (TimeKind::Occurred, 20 * MINUTE, Knowledge::Machine),
                (TimeKind::Detected, 3 * MINUTE, Knowledge::Machine),
                (TimeKind::Seen, 0, Knowledge::Person),
            ]
        );
        assert_eq!(store::alerts(&connection, &id).await.expect("alerts").len(), 1);
        let events = store::events(&connection, &id).await.expect("events");
        assert_eq!((events[0].sequence, events[0].excerpt.as_str()), (11, "url: /x.php"));
        let running = running(&connection, 10).await.expect("clocks");
        assert_eq!(running[0].clock.duty_id, "IN-24-SEED", "the strictest first");
        assert_eq!(running[0].clock.due_at, Some(NOW + 24 * HOUR - 20 * MINUTE));
        assert_eq!(count_running(&connection, NOW).await.expect("count"), (4, 0));
        assert_eq!(count_running(&connection, NOW + 25 * HOUR).await.expect("count"), (4, 3));
    })
    .await;
}

#[tokio::test]
async fn a_person_of_another_agency_sees_nothing_of_it() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let id = escalate(&db, &house).await;
        let neighbour = scope("neighbour", "Hàng xóm", &house.schools, OFFICER);
        let connection = db.scoped(&neighbour).read();
        assert!(matches!(store::find(&connection, &id).await, Err(Error::NotFound)));
        assert!(store::list(&connection, &IncidentFilter::default(), 10, 0).await.expect("list").is_empty());
        assert_eq!(store::count(&connection, &IncidentFilter::default()).await.expect("count"), 0);
        assert_eq!(count_running(&connection, NOW).await.expect("count"), (0, 0));
        assert!(store::of_alert(&connection, "alert-1").await.expect("asked").is_none());
        let noted = act!(db, neighbour, |tx| service::note(&tx, NOW, &id, "x", None));
        assert!(matches!(noted, Err(Error::NotFound)));
        let drafted = act!(db, neighbour, |tx| notice_service::draft(&tx, NOW, &id, "first-notice"));
        assert!(matches!(drafted, Err(Error::NotFound)));
        let spec = response::incidents::tables::INCIDENTS;
        let rows = kit::catalogue::rows_in_scope(&connection, &spec).await.expect("rows");
        assert!(rows.is_empty(), "the catalogue keeps to the scope");
    })
    .await;
}

#[tokio::test]
async fn a_later_alert_joins_the_incident_and_a_closed_one_takes_none() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let id = escalate(&db, &house).await;
        let analyst = scope("analyst", "Trực ban", &house.root, ANALYST);
        let mut earlier = escalation(&house, "alert-2", Some(id.clone()));
        earlier.first_event_time = NOW - 90 * MINUTE;
        act!(db, analyst, |tx| tx.publish(&earlier)).expect("joined");
        let connection = db.scoped(&analyst).read();
        assert_eq!(store::alerts(&connection, &id).await.expect("alerts").len(), 2);
        let times = store::times(&connection, &id).await.expect("times");
        assert_eq!(times[0].at, NOW - 90 * MINUTE, "it began earlier than was thought");
        assert_eq!(store::corrected_times(&connection, &id).await.expect("history").len(), 1);
        let officer = scope("officer", "Cán bộ", &house.health, OFFICER);
        let version = store::find(&connection, &id).await.expect("found").version;
        act!(db, officer, |tx| service::change_state(&tx, NOW, &id, State::Closed, "diễn tập", version))
            .expect("closed");
        let again = act!(db, analyst, |tx| tx.publish(&escalation(&house, "alert-2", Some(id.clone()))));
        assert!(matches!(again, Err(Error::Conflict("incident-closed-takes-no-alerts"))));
        assert_eq!(count_running(&db.scoped(&officer).read(), NOW).await.expect("count"), (0, 0), "a false alarm");
    })
    .await;
}

#[tokio::test]
async fn an_incident_takes_no_alerts_of_another_agency() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let analyst = scope("analyst", "Trực ban", &house.root, ANALYST);
        let officer = scope("officer", "Cán bộ", &house.root, OFFICER);
        let new = NewIncident {
            title: "Sự cố của ngành giáo dục".into(),
            agency_id: house.schools.clone(),
            ..NewIncident::default()
        };
        let schools = act!(db, officer, |tx| service::open(&tx, &Live::default(), NOW, &new)).expect("opened");
        let across = act!(db, analyst, |tx| tx.publish(&escalation(&house, "alert-1", Some(schools.clone()))));
        assert!(matches!(across, Err(Error::Conflict("incident-alerts-of-another-agency"))), "{across:?}");
        let connection = db.scoped(&analyst).read();
        assert!(store::alerts(&connection, &schools).await.expect("alerts").is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_people_learn_moves_the_clocks() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let id = escalate(&db, &house).await;
        let officer = scope("officer", "Cán bộ", &house.health, OFFICER);
        let version = || async { store::find(&db.scoped(&officer).read(), &id).await.expect("found").version };
        let state = |duty: &'static str| {
            let (db, officer, id) = (&db, &officer, &id);
            async move {
                let connection = db.scoped(officer).read();
                let incident = store::find(&connection, id).await.expect("found");
                let clocks = clocks_of(&connection, &incident, NOW + HOUR).await.expect("clocks");
                clocks.into_iter().find(|(known, _)| known.id == duty).expect("the duty").1
            }
        };
        assert!(state("IN-24").await.provisional);
        let signs = vec!["data-encrypted".to_owned(), "unknown-sign".to_owned()];
        let at = version().await;
        let wrong = act!(db, officer, |tx| service::classify(&tx, NOW, &id, "M4", &signs, "", at));
        assert!(matches!(wrong, Err(Error::Invalid(_))), "another level than the signs propose needs a reason");
        act!(db, officer, |tx| service::classify(&tx, NOW, &id, "M2", &signs, "", at)).expect("classified");
        assert!(!state("IN-24").await.provisional);
        let stale = act!(db, officer, |tx| service::classify(&tx, NOW, &id, "M3", &signs, "nhầm", at));
        assert!(matches!(stale, Err(Error::Conflict("response-somebody-was-faster"))));
        let at = version().await;
        act!(db, officer, |tx| service::classify(&tx, NOW, &id, "M3", &signs, "chỉ một máy thử", at)).expect("again");
        assert_eq!(state("IN-24").await.state, ClockState::NotApplicable);
        let correction = Correction {
            kind: TimeKind::Occurred,
            at: NOW - 10 * HOUR,
            known_by: Knowledge::Document,
            reference: "Báo cáo pháp y".into(),
            reason: String::new(),
        };
        let unexplained = act!(db, officer, |tx| service::set_time(&tx, NOW, &id, &correction));
        assert!(matches!(unexplained, Err(Error::Invalid(_))), "a correction needs a reason");
        let correction = Correction { reason: "tìm thấy dấu vết sớm hơn".into(), ..correction };
        act!(db, officer, |tx| service::set_time(&tx, NOW, &id, &correction)).expect("corrected");
        assert_eq!(state("IN-24-SEED").await.due_at, Some(NOW + 14 * HOUR));
        let facts =
            IncidentFacts {
                title: "Mã web shell trên cổng".into(), version: version().await, ..Default::default()
            };
        act!(db, officer, |tx| service::edit(&tx, NOW, &id, &facts)).expect("edited");
        let filter = IncidentFilter { words: "MA WEB cong".into(), ..Default::default() };
        assert_eq!(store::count(&db.scoped(&officer).read(), &filter).await.expect("count"), 1, "search folds accents");
    })
    .await;
}

/// Fills what the register did not know, as a person does.
fn completed(notice: &Notice) -> NoticeChange {
    let law = response::law::law();
    let form = law.form(&notice.form).expect("the form");
    let missing = notice.missing(form).into_iter().map(|field| (field.id.clone(), "Đã xác minh".to_owned())).collect();
    NoticeChange {
        fields: missing,
        letterhead: notice.letterhead.clone(),
        recipients: notice.recipients.clone(),
        take: Vec::new(),
        version: notice.version,
    }
}

#[tokio::test]
async fn a_notice_goes_from_draft_to_receipt_and_stops_its_clocks() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let id = escalate(&db, &house).await;
        let officer_id = person(&db, "can.bo", "Trần Văn Bộ", "Chuyên viên", &house.health).await;
        let head_id = person(&db, "giam.doc", "Nguyễn Thị Ỷ Ẫn", "Giám đốc", &house.health).await;
        let officer = scope(&officer_id, "Trần Văn Bộ", &house.health, OFFICER);
        let head = scope(&head_id, "Nguyễn Thị Ỷ Ẫn", &house.health, LEADER);
        let notice_id = act!(db, officer, |tx| notice_service::draft(&tx, NOW, &id, "first-notice")).expect("drafted");
        let again = act!(db, officer, |tx| notice_service::draft(&tx, NOW, &id, "first-notice")).expect("opened again");
        assert_eq!(again, notice_id, "one draft of a form at a time");
        let read = || async { notices::store::find(&db.scoped(&officer).read(), &notice_id).await.expect("in scope") };
        let notice = read().await;
        assert_eq!(notice.fields["system-name"].value, "Hồ sơ sức khỏe");
        assert_eq!(notice.letterhead.issuer_parent, "Ủy ban nhân dân tỉnh Bình Lâm");
        assert_eq!((notice.letterhead.symbol.as_str(), notice.letterhead.place.as_str()), ("SYT", "Bình Lâm"));
        assert_eq!(notice.recipients, ["provincial-police", "ministry-force"], "both recipients, the stricter first");

        let early =
            act!(db, officer, |tx| notice_service::submit(&tx, &Live::default(), NOW, &notice_id, notice.version));
        assert!(matches!(early, Err(Error::Invalid(fields)) if fields.iter().any(|field| field.field == "scope")));
        act!(db, officer, |tx| notice_service::edit(&tx, NOW, &notice_id, &completed(&notice))).expect("edited");
        let notice = read().await;
        act!(db, officer, |tx| notice_service::submit(&tx, &Live::default(), NOW, &notice_id, notice.version))
            .expect("submitted");
        let notice = read().await;
        let unauthorised = act!(db, officer, |tx| notice_service::approve(
            &tx,
            &Live::default(),
            NOW,
            &notice_id,
            None,
            notice.version
        ));
        assert!(matches!(unauthorised, Err(Error::Forbidden("approve-notices"))));
        let both: Vec<_> = OFFICER.iter().chain(LEADER).copied().collect();
        let author_and_head = scope(&officer_id, "Trần Văn Bộ", &house.health, &both);
        let own = act!(db, author_and_head, |tx| notice_service::approve(
            &tx,
            &Live::default(),
            NOW,
            &notice_id,
            None,
            notice.version
        ));
        assert!(matches!(own, Err(Error::Conflict("notice-own-work"))), "nobody approves own work");

        let approved_at = NOW + 30 * MINUTE;
        act!(db, head, |tx| notice_service::approve(
            &tx,
            &Live::default(),
            approved_at,
            &notice_id,
            None,
            notice.version
        ))
        .expect("approved");
        let notice = read().await;
        assert_eq!((notice.number, notice.symbol.as_str()), (Some(1), "01/BC-SYT"));
        assert_eq!(notice.letterhead.signer, "Nguyễn Thị Ỷ Ẫn", "whoever approves signs");
        let connection = db.scoped(&officer).read();
        let (_, docx) = notice_service::docx(&connection, &notice_id, approved_at).await.expect("document");
        let (_, later) =
            notice_service::docx(&connection, &notice_id, approved_at + 99 * HOUR).await.expect("document");
        assert!(docx.starts_with(b"PK") && docx == later, "what was approved is what is kept");

        let sent_at = NOW + HOUR;
        let version = notice.version;
        act!(db, officer, |tx| notice_service::record_sent(&tx, sent_at, &notice_id, "document-system", None, version))
            .expect("sent");
        let incident = store::find(&connection, &id).await.expect("found");
        for duty in ["IN-24", "IN-24-SEED", "IN-24-CENTRAL"] {
            let clocks = clocks_of(&connection, &incident, sent_at).await.expect("clocks");
            let clock = clocks.into_iter().find(|(known, _)| known.id == duty).expect("the duty").1;
            assert_eq!(clock.state, ClockState::Sent { at: sent_at, late: false }, "{duty}");
        }
        let received = sent_at + HOUR;
        let version = read().await.version;
        act!(db, officer, |tx| notice_service::record_receipt(&tx, received, &notice_id, None, "GN-17", version))
            .expect("receipt");
        let times = store::times(&connection, &id).await.expect("times");
        let kept: Vec<_> = times.iter().map(|time| (time.kind, time.at)).skip(3).collect();
        assert_eq!(kept, [(TimeKind::Reported, sent_at), (TimeKind::Receipt, received)]);
        assert_eq!(count_running(&connection, received).await.expect("count"), (1, 0), "the 72-hour report remains");
        for spec in response::area().tables {
            let rows = kit::catalogue::rows_in_scope(&connection, &spec).await.expect("rows");
            assert!(!rows.is_empty(), "response.{} has rows", spec.name);
        }
        let whole = Scope::service("audit");
        let trail = organisation::audit::verify(&db.scoped(&whole).read(), None).await.expect("read");
        assert!(trail.ok() && trail.rows >= 6, "every act is in the audit trail");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_approved_that_names_another_severity_or_class_than_its_incident() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let id = escalate(&db, &house).await;
        let officer_id = person(&db, "can.bo", "Trần Văn Bộ", "Chuyên viên", &house.health).await;
        let head_id = person(&db, "giam.doc", "Nguyễn Thị Ỷ Ẫn", "Giám đốc", &house.health).await;
        let officer = scope(&officer_id, "Trần Văn Bộ", &house.health, OFFICER);
        let head = scope(&head_id, "Nguyễn Thị Ỷ Ẫn", &house.health, LEADER);
        let version = || async { store::find(&db.scoped(&officer).read(), &id).await.expect("found").version };
        let at = version().await;
        let signs = ["data-encrypted".to_owned()];
        act!(db, officer, |tx| service::classify(&tx, NOW, &id, "M2", &signs, "", at)).expect("classified");
        let facts = IncidentFacts {
            title: "Mã web shell".into(),
            technical_kind: "intrusion".into(),
            version: version().await,
            ..Default::default()
        };
        act!(db, officer, |tx| service::edit(&tx, NOW, &id, &facts)).expect("edited");
        let notice_id = act!(db, officer, |tx| notice_service::draft(&tx, NOW, &id, "first-notice")).expect("drafted");
        let read = || async { notices::store::find(&db.scoped(&officer).read(), &notice_id).await.expect("in scope") };
        let change = |notice: &Notice, severity: &str, take: &[&str]| {
            let mut change = completed(notice);
            change.fields.insert("severity".into(), severity.into());
            change.take = take.iter().map(|field| (*field).to_owned()).collect();
            change
        };
        let live = Live::default();
        let wrong = change(&read().await, "M4 – Nhẹ", &[]);
        act!(db, officer, |tx| notice_service::edit(&tx, NOW, &notice_id, &wrong)).expect("what is typed is kept");
        let notice = read().await;
        let refused = act!(db, officer, |tx| notice_service::submit(&tx, &live, NOW, &notice_id, notice.version));
        let Err(Error::Invalid(fields)) = refused else { panic!("submitted with a contradiction") };
        let named: Vec<_> = fields.iter().map(|one| (one.field.as_str(), one.key)).collect();
        assert_eq!(named, [("severity", "notice-contradicts")]);
        let taking = change(&notice, "M4 – Nhẹ", &["severity"]);
        act!(db, officer, |tx| notice_service::edit(&tx, NOW, &notice_id, &taking)).expect("taken over");
        let notice = read().await;
        assert!(notice.fields["severity"].value.starts_with("M2") && !notice.fields["severity"].edited);
        act!(db, officer, |tx| notice_service::submit(&tx, &live, NOW, &notice_id, notice.version)).expect("submitted");

        // The incident moves on while the notice waits for its head.
        let at = version().await;
        act!(db, officer, |tx| service::classify(&tx, NOW, &id, "M3", &signs, "chỉ một máy", at)).expect("again");
        let kind = |reason: &str, version| IncidentFacts {
            title: "Mã web shell".into(),
            technical_kind: "malware".into(),
            change_reason: reason.into(),
            version,
            ..Default::default()
        };
        let unexplained = kind("", version().await);
        let unexplained = act!(db, officer, |tx| service::edit(&tx, NOW, &id, &unexplained));
        assert!(matches!(unexplained, Err(Error::Invalid(_))), "another kind needs a reason");
        let explained = kind("phân tích mẫu", version().await);
        act!(db, officer, |tx| service::edit(&tx, NOW, &id, &explained)).expect("explained");
        let notice = read().await;
        let approve = |version| {
            let (db, head, live, notice_id) = (&db, &head, &live, &notice_id);
            async move { act!(db, head, |tx| notice_service::approve(&tx, live, NOW, notice_id, None, version)) }
        };
        let refused = approve(notice.version).await;
        assert!(matches!(refused, Err(Error::Conflict("notice-contradicts-incident"))), "{refused:?}");
        act!(db, head, |tx| notice_service::return_to_author(
            &tx,
            &live,
            NOW,
            &notice_id,
            "khác hồ sơ",
            notice.version
        ))
        .expect("returned");
        let notice = read().await;
        let both = NoticeChange { take: vec!["severity".into(), "class".into()], ..completed(&notice) };
        act!(db, officer, |tx| notice_service::edit(&tx, NOW, &notice_id, &both)).expect("taken over");
        let notice = read().await;
        assert_eq!(notice.fields["class"].value, "Mã độc");
        act!(db, officer, |tx| notice_service::submit(&tx, &live, NOW, &notice_id, notice.version)).expect("submitted");
        approve(read().await.version).await.expect("approved");
        let whole = Scope::service("audit");
        let view = db.scoped(&whole).read();
        let filter = organisation::audit::store::AuditFilter { action: "incident.edit".into(), ..Default::default() };
        let told = organisation::audit::store::list(&view, &filter, 10, 0).await.expect("trail");
        assert!(told.iter().any(|row| row.details.contains("phân tích mẫu") && row.details.contains("malware")));
    })
    .await;
}

#[tokio::test]
async fn numbers_run_per_agency_and_year_and_incidents_open_by_hand() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let centre = scope("duty", "Trực ban", &house.root, OFFICER);
        let mut codes = Vec::new();
        let year = 366 * 24 * HOUR;
        for (agency, now) in
            [(&house.health, NOW), (&house.health, NOW), (&house.schools, NOW), (&house.health, NOW + year)]
        {
            let new =
                NewIncident {
                    title: "Báo qua điện thoại".into(), agency_id: agency.clone(), ..Default::default()
                };
            let id = act!(db, centre, |tx| service::open(&tx, &Live::default(), now, &new)).expect("opened");
            codes.push(store::find(&db.scoped(&centre).read(), &id).await.expect("found").code);
        }
        let next_year = vietnam_date(NOW + year).year();
        assert_eq!(
            codes,
            ["SC-SYT-2026-0001", "SC-SYT-2026-0002", "SC-SGD-2026-0001", &format!("SC-SYT-{next_year}-0001")]
        );
        let foreign = NewIncident {
            title: "x".into(),
            agency_id: house.schools.clone(),
            system_id: house.system.clone(),
            ..Default::default()
        };
        let refused = act!(db, centre, |tx| service::open(&tx, &Live::default(), NOW, &foreign));
        assert!(matches!(refused, Err(Error::Invalid(_))), "a system of another agency");
        let refreshed = act!(db, centre, |tx| refresh_all(&tx, NOW)).expect("refreshed");
        assert_eq!(refreshed, 4);
        // An agency that has ended has no new incidents; its successor has.
        let everywhere = Scope::service("test");
        let merged = act!(db, everywhere, |tx| organisation::agencies::become_part_of(
            &tx,
            NOW,
            &house.schools,
            &house.health,
            NOW,
            "NQ 1"
        ));
        merged.expect("merged");
        let late = NewIncident { title: "Báo muộn".into(), agency_id: house.schools.clone(), ..Default::default() };
        let refused = act!(db, centre, |tx| service::open(&tx, &Live::default(), NOW, &late));
        let Err(Error::Mistake(mistake)) = refused else { panic!("the agency has ended: {refused:?}") };
        let sentence = mistake.sentence(kit::Lang::Vi);
        assert!(sentence.contains("Sở Giáo dục và Đào tạo") && sentence.contains("Sở Y tế"), "{sentence}");
        let system = assurance::systems::NewSystem {
            code: "SGD-01".into(),
            name: "Sổ điểm".into(),
            agency_id: house.schools.clone(),
            level: 2,
            state: "operating".into(),
            ..Default::default()
        };
        let refused = act!(db, everywhere, |tx| assurance::systems::service::register(&tx, system, NOW));
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_comes_twice_at_once_opens_one_incident() {
    on_each_database(&migrations(), bus, |db| async move {
        let house = furnish(&db).await;
        let officer = scope("officer", "Cán bộ", &house.health, OFFICER);
        let request = RequestIdentity::of(&[b"/api/v1/incidents", b"key-1"]);
        let open = async || {
            let tx = db.scoped(&officer).begin().await?;
            if let Some(id) = request.claim(&tx, NOW).await? {
                return Ok(id);
            }
            let new =
                NewIncident { title: "Báo hai lần".into(), agency_id: house.health.clone(), ..Default::default() };
            let id = service::open(&tx, &Live::default(), NOW, &new).await?;
            request.answer(&tx, &id).await?;
            tx.commit().await.map(|()| id)
        };
        let (first, second): (Result<String, Error>, Result<String, Error>) = tokio::join!(open(), open());
        assert_eq!(first.expect("opened"), second.expect("answered"));
        let count = store::count(&db.scoped(&officer).read(), &IncidentFilter::default()).await;
        assert_eq!(count.expect("count"), 1);
    })
    .await;
}
