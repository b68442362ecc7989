//! Saved searches: kept, shared, opened by address; and every wall around them tried.

use crate::centre::{Centre, in_a_centre};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const A_ADDRESS: &str = "203.0.113.9";
const B_ADDRESS: &str = "198.51.100.7";

/// Keeps a search of `who`; gives its id.
pub(crate) async fn keep(centre: &Centre, who: &str, name: &str, sharing: &str) -> String {
    let form = format!("kind=search&name={name}&text=user_name%3Aroot&range=all&columns=source_ip&sharing={sharing}");
    let answer = centre.post(who, "/saved-searches", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().strip_prefix("/saved-searches/").unwrap().to_owned()
}

#[tokio::test]
async fn a_search_is_kept_opened_changed_and_let_go() {
    in_a_centre(|centre: Centre| async move {
        let form = centre.get("0", "/saved-searches/new?q=user_name%3Aroot&range=7d&columns=source_ip&live=1").await;
        assert!(form.says("user_name:root") && form.says("value=\"7d\" selected"), "{}", form.text);
        let id = keep(&centre, "0", "Root", "private").await;
        let list = centre.get("0", "/saved-searches").await;
        assert!(list.says("Root") && list.says(&format!("/search?saved={id}")), "{}", list.text);
        let opened = centre.get("0", &format!("/search?saved={id}")).await;
        let to = opened.location().to_owned();
        assert_eq!(to, format!("/search?q=user_name%3Aroot&range=all&columns=source_ip&saved={id}"));
        assert!(centre.get("0", &to).await.says(A_ADDRESS));
        let change = "kind=search&name=Root%202&text=user_name%3Aadmin&from=2026-11-21T07%3A00&sharing=private";
        assert_eq!(centre.post("0", &format!("/saved-searches/{id}"), change).await.status, StatusCode::SEE_OTHER);
        let page = centre.get("0", &format!("/saved-searches/{id}")).await;
        assert!(page.says("Root 2") && page.says("user_name:admin"), "{}", page.text);
        let wrong =
            centre.post("0", &format!("/saved-searches/{id}"), "kind=search&name=&text=(a&sharing=private").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.says("Chưa hiểu câu tìm") && wrong.says("(a"), "{}", wrong.text);
        let gone = centre.post("0", &format!("/saved-searches/{id}/delete"), "").await;
        assert_eq!(gone.location(), "/saved-searches");
        assert_eq!(centre.get("0", &format!("/search?saved={id}")).await.status, StatusCode::NOT_FOUND);
        let told = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE object_kind = 'saved-search'";
        assert_eq!(centre.value(told).await, "3");
    })
    .await;
}

#[tokio::test]
async fn a_form_sent_twice_keeps_one_search() {
    in_a_centre(|centre: Centre| async move {
        let form = "kind=sql&name=Hai&text=SELECT%201&sharing=private&request=once";
        let (first, second) =
            (centre.post("0", "/saved-searches", form).await, centre.post("0", "/saved-searches", form).await);
        assert_eq!(first.location(), second.location());
        let id = first.location().rsplit('/').next().unwrap();
        let opened = centre.get("0", &format!("/questions?saved={id}")).await;
        assert_eq!(opened.location(), format!("/questions?sql=SELECT%201&saved={id}"));
    })
    .await;
}

#[tokio::test]
async fn what_is_private_or_another_agencys_is_out_of_reach() {
    in_a_centre(|centre: Centre| async move {
        let private = keep(&centre, "0", "Rieng", "private").await;
        let agency = keep(&centre, "0", "CuaSo", "agency").await;
        let lists = [
            "/saved-searches",
            "/saved-searches?format=csv",
            "/saved-searches/menu",
            "/api/v1/saved-searches",
            "/find?q=rie",
        ];
        for path in lists {
            let seen = centre.get("1", path).await;
            assert_eq!(seen.status, StatusCode::OK, "{path}");
            for name in ["Rieng", "CuaSo"] {
                assert!(!seen.says(&format!(">{name}")) && !seen.says(&format!("\"{name}\"")), "{path}: {}", seen.text);
            }
        }
        // The centre sees what its agencies share, and nothing that somebody keeps alone.
        let centre_list = centre.get("2", "/api/v1/saved-searches").await;
        assert!(centre_list.says("CuaSo") && !centre_list.says("Rieng"), "{}", centre_list.text);
        for (who, id) in [("1", &private), ("1", &agency), ("2", &private)] {
            for path in [
                format!("/saved-searches/{id}"),
                format!("/saved-searches/{id}/edit"),
                format!("/search?saved={id}"),
                format!("/questions?saved={id}"),
                format!("/api/v1/saved-searches/{id}"),
            ] {
                assert_eq!(centre.get(who, &path).await.status, StatusCode::NOT_FOUND, "{path} by {who}");
            }
        }
        let change = "kind=search&name=X&text=x&sharing=everyone";
        let body = json!({ "name": "X", "text": "x", "sharing": "everyone" }).to_string();
        // Seen or not, nobody but the owner changes, schedules, stops or deletes it.
        for (who, id, status) in [
            ("1", &private, StatusCode::NOT_FOUND),
            ("1", &agency, StatusCode::NOT_FOUND),
            ("2", &agency, StatusCode::FORBIDDEN),
        ] {
            for path in ["", "/delete", "/schedule", "/schedule/stop"] {
                let path = format!("/saved-searches/{id}{path}");
                assert_eq!(centre.post(who, &path, &format!("{change}&severity=high")).await.status, status, "{path}");
            }
            let json = |method, path: String| {
                let body = Some(("application/json", body.clone()));
                let centre = &centre;
                async move { centre.send(who, "vi", method, &path, body).await.status }
            };
            let path = format!("/api/v1/saved-searches/{id}");
            assert_eq!(json(Method::PUT, path.clone()).await, status);
            assert_eq!(json(Method::DELETE, path.clone()).await, status);
            assert_eq!(json(Method::PUT, format!("{path}/schedule")).await, status);
            assert_eq!(json(Method::DELETE, format!("{path}/schedule")).await, status);
        }
        let names = "SELECT MIN(name) AS value FROM saved_searches";
        assert_eq!(centre.value(names).await, "CuaSo");
        for path in ["/saved-searches", "/saved-searches/new", "/saved-searches/menu"] {
            assert_eq!(centre.get("", path).await.status, StatusCode::SEE_OTHER, "{path}");
        }
        assert_eq!(centre.get("", "/api/v1/saved-searches").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_shared_search_runs_in_the_scope_of_whoever_opens_it() {
    in_a_centre(|centre: Centre| async move {
        let id = keep(&centre, "2", "ChoMoiNguoi", "everyone").await;
        for (who, own, other) in [("0", A_ADDRESS, B_ADDRESS), ("1", B_ADDRESS, A_ADDRESS)] {
            assert!(centre.get(who, "/saved-searches").await.says("ChoMoiNguoi"));
            let to = centre.get(who, &format!("/search?saved={id}")).await.location().to_owned();
            let page = centre.get(who, &to).await;
            assert!(page.says(own) && !page.says(other), "{who} sees something else: {}", page.text);
            let detail = centre.get(who, &format!("/saved-searches/{id}")).await;
            assert!(!detail.says("/edit") && !detail.says("/delete") && !detail.says("/schedule\""), "{}", detail.text);
        }
        let sql = "kind=sql&name=Dem&text=SELECT%20source_ip%20FROM%20events&sharing=everyone";
        let id = centre.post("2", "/saved-searches", sql).await.location().rsplit('/').next().unwrap().to_owned();
        let to = centre.get("0", &format!("/questions?saved={id}")).await.location().to_owned();
        let page = centre.get("0", &to).await;
        assert!(page.says(A_ADDRESS) && !page.says(B_ADDRESS));
    })
    .await;
}

#[tokio::test]
async fn the_interface_keeps_changes_schedules_and_deletes() {
    in_a_centre(|centre: Centre| async move {
        let body = json!({ "kind": "search", "name": "Máy", "text": "root", "range": "1h", "sharing": "private" });
        let made = centre.post_json("0", "/api/v1/saved-searches", &body.to_string()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made: Value = serde_json::from_str(&made.text).unwrap();
        let path = format!("/api/v1/saved-searches/{}", made["id"].as_str().unwrap());
        let send = |method: Method, path: String, body: Value| {
            let centre = &centre;
            async move { centre.send("0", "vi", method, &path, Some(("application/json", body.to_string()))).await }
        };
        let set =
            send(Method::PUT, format!("{path}/schedule"), json!({ "severity": "low", "every_minutes": "1" })).await;
        let set: Value = serde_json::from_str(&set.text).unwrap();
        assert_eq!((&set["schedule"]["state"], &set["schedule"]["last_sequence"]), (&json!("active"), &json!(2)));
        let out =
            send(Method::PUT, format!("{path}/schedule"), json!({ "severity": "low", "every_minutes": "0" })).await;
        assert_eq!(out.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(send(Method::DELETE, format!("{path}/schedule"), json!({})).await.status, StatusCode::NO_CONTENT);
        let again = send(Method::DELETE, format!("{path}/schedule"), json!({})).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert_eq!(send(Method::DELETE, path.clone(), json!({})).await.status, StatusCode::NO_CONTENT);
        assert_eq!(centre.get("0", &path).await.status, StatusCode::NOT_FOUND);
        // A question in SQL cannot be told which events are new.
        let sql = json!({ "kind": "sql", "name": "S", "text": "SELECT 1", "sharing": "private" });
        let made: Value =
            serde_json::from_str(&centre.post_json("0", "/api/v1/saved-searches", &sql.to_string()).await.text)
                .unwrap();
        let path = format!("/api/v1/saved-searches/{}/schedule", made["id"].as_str().unwrap());
        assert_eq!(send(Method::PUT, path, json!({ "severity": "low" })).await.status, StatusCode::CONFLICT);
    })
    .await;
}

#[tokio::test]
async fn the_table_of_the_catalogue_holds_what_is_shared_in_scope_and_nothing_private() {
    in_a_centre(|centre: Centre| async move {
        use kit::scope::{Actor, Agencies};
        keep(&centre, "0", "Rieng", "private").await;
        keep(&centre, "0", "CuaSo", "agency").await;
        keep(&centre, "1", "CuaSoKia", "everyone").await;
        let table = monitoring::saved_searches::tables::SAVED_SEARCHES;
        let names = |agencies: Agencies, capability| {
            let (db, actor) = (centre.db.clone(), Actor::Person { id: "p".into(), name: "P".into() });
            async move {
                let scope = kit::Scope::new(actor, agencies, [capability], None);
                let rows = kit::catalogue::rows_in_scope(&db.scoped(&scope).read(), &table).await?;
                Ok::<_, kit::Error>(rows.len())
            }
        };
        let under = |agency: &str| Agencies::Under([agency.to_owned()].into());
        let view = kit::Capability::ViewEvents;
        assert_eq!(names(under(&centre.a.agency), view).await.unwrap(), 1);
        assert_eq!(names(under(&centre.b.agency), view).await.unwrap(), 1);
        assert_eq!(names(Agencies::All, view).await.unwrap(), 2);
        assert!(names(Agencies::All, kit::Capability::ViewAlerts).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn pages_of_saved_searches_are_rendered_in_both_languages() {
    in_a_centre(|centre: Centre| async move {
        let id = keep(&centre, "2", "Trang", "everyone").await;
        let set = "every_minutes=5&threshold=2&group_by=user_name&severity=high&window_minutes=60&quiet_minutes=0";
        let scheduled = centre.post("2", &format!("/saved-searches/{id}/schedule"), set).await;
        assert_eq!(scheduled.status, StatusCode::SEE_OTHER, "{}", scheduled.text);
        let wrong = centre.post("2", &format!("/saved-searches/{id}/schedule"), "every_minutes=0&severity=").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for path in [
            "/saved-searches".to_owned(),
            "/saved-searches?show=own&q=trang".to_owned(),
            "/saved-searches?q=khong-co".to_owned(),
            "/saved-searches/menu?kind=search".to_owned(),
            "/saved-searches/new".to_owned(),
            "/saved-searches/new?kind=sql&sql=SELECT%201".to_owned(),
            format!("/saved-searches/new?q=x&saved={id}"),
            format!("/saved-searches/{id}"),
            format!("/saved-searches/{id}/edit"),
            "/search?range=all".to_owned(),
            "/questions".to_owned(),
        ] {
            for lang in ["vi", "en"] {
                let answer = centre.send("2", lang, Method::GET, &path, None).await;
                assert_eq!(answer.status, StatusCode::OK, "{path} in {lang}: {}", answer.text);
                for piece in answer.text.split(['>', '<']) {
                    let missing = ["saved-search-", "question-aggregate", "search-"]
                        .iter()
                        .any(|key| piece.trim().starts_with(key));
                    assert!(!missing || piece.contains([' ', '=']), "{path} in {lang} shows a key: {piece}");
                }
                assert!(!answer.says(" style=\"") && !answer.says("onclick="), "{path} needs what the policy forbids");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_somebody_left_behind_is_cleared_by_the_administrator_of_the_agency_alone() {
    in_a_centre(|centre: Centre| async move {
        let names = ["Xoa", "Nhan", "Chung"];
        let shared = [
            keep(&centre, "0", names[0], "agency").await,
            keep(&centre, "0", names[1], "agency").await,
            keep(&centre, "0", names[2], "everyone").await,
        ];
        let private = keep(&centre, "0", "Rieng", "private").await;
        let delete = |who: &'static str, id: &str| {
            let (centre, path) = (&centre, format!("/saved-searches/{id}/delete"));
            async move { centre.post(who, &path, "").await.status }
        };
        // While its owner works here nobody else touches it, whatever they administer.
        for who in ["4", "6"] {
            assert_ne!(delete(who, &shared[0]).await, StatusCode::SEE_OTHER, "{who}");
        }
        let scope = kit::Scope::service("test");
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        let left = format!("UPDATE people SET active = FALSE WHERE id = '{}'", centre.a.person);
        sea_orm::ConnectionTrait::execute_unprepared(&tx, &left).await.unwrap();
        tx.commit().await.unwrap();
        // No administrator: the centre and the other agency; the administrator of another agency.
        assert_eq!(delete("2", &shared[0]).await, StatusCode::FORBIDDEN);
        assert_eq!(delete("1", &shared[0]).await, StatusCode::NOT_FOUND);
        assert_eq!(delete("5", &shared[0]).await, StatusCode::NOT_FOUND);
        assert_eq!(delete("5", &shared[2]).await, StatusCode::FORBIDDEN);
        for who in ["4", "6"] {
            assert_eq!(delete(who, &private).await, StatusCode::NOT_FOUND, "what was private stays private");
        }
        let page = centre.get("4", &format!("/saved-searches/{}", shared[1])).await;
        assert!(page.says("tài khoản đã khóa") && page.says("/take-over\""), "{}", page.text);
        assert_eq!(delete("4", &shared[0]).await, StatusCode::SEE_OTHER);
        // Who may not look into events clears up what is left, and cannot take over what they could not ask.
        assert!(centre.get("6", "/saved-searches").await.says("Chung"));
        let path = format!("/saved-searches/{}/take-over", shared[2]);
        assert_eq!(centre.post("6", &path, "").await.status, StatusCode::FORBIDDEN);
        assert_eq!(delete("6", &shared[2]).await, StatusCode::SEE_OTHER);
        let path = format!("/saved-searches/{}/take-over", shared[1]);
        assert_eq!(centre.post("5", &path, "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.post("4", &path, "").await.status, StatusCode::SEE_OTHER);
        let edit = centre.get("4", &format!("/saved-searches/{}/edit", shared[1])).await;
        assert_eq!(edit.status, StatusCode::OK, "it is theirs now: {}", edit.text);
        let told = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries \
                    WHERE action IN ('saved-search.delete', 'saved-search.take-over')";
        assert_eq!(centre.value(told).await, "3");
    })
    .await;
}
