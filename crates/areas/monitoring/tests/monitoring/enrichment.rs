//! Address ranges and lists of values: whose they are, tables of them, and that rules ask what they say.

use crate::centre::{Centre, NOW, in_a_centre, migrations, settings};
use crate::stream::{failures, figures, start_with};
use axum::http::StatusCode;
use event_store::{Options, QueryContext, Sources, Store};
use kit::{Db, Scope};
use monitoring::address_ranges::service::RangeInput;
use monitoring::enrichment::Enrichment;
use monitoring::value_lists::service::ValueInput;
use monitoring::{address_ranges, value_lists};
use sea_orm::{ConnectionTrait, Statement};

const RULE: &str = "title: An administrator fails in the DMZ\nid: 6f3b2a10-0000-4000-8000-000000000021\nlevel: high\n\
logsource: {product: linux, service: sshd}\n\
detection: {s: {source_ip_range_kind: dmz, user_name_list: administrators}, condition: s}\n";
const MATCHES: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts";

async fn keep(db: &Db, range: Option<RangeInput>, value: Option<ValueInput>) -> Vec<String> {
    let (scope, settings) = (Scope::service("test"), settings().tuning.enrichment);
    let tx = db.scoped(&scope).begin().await.unwrap();
    let mut ids = Vec::new();
    if let Some(range) = range {
        ids.push(address_ranges::service::keep(&tx, &settings, &range, NOW).await.unwrap().after.id);
    }
    if let Some(value) = value {
        ids.push(value_lists::service::keep(&tx, &settings, &value, NOW).await.unwrap().after.id);
    }
    tx.commit().await.unwrap();
    ids
}

fn dmz() -> RangeInput {
    RangeInput {
        network: "203.0.113.0/24".into(),
        name: "DMZ ngoài".into(),
        kind: "dmz".into(),
        ..RangeInput::default()
    }
}

fn root() -> ValueInput {
    ValueInput { list: "administrators".into(), value: "ROOT".into(), ..ValueInput::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_ask_what_registers_say_and_nothing_of_it_is_stored_with_events() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start_with(&store, &db, RULE).await;
        let send = async |from: u64| {
            pipeline.refresh_enrichment().await.unwrap();
            let appended = store.append(failures(from, 10, "10.0.0.5"), None).await.unwrap();
            pipeline.wait_evaluated(appended.first_seq + 9).await.unwrap();
            figures(&db, MATCHES).await
        };
        assert_eq!(send(0).await, 0);
        let range = keep(&db, Some(dmz()), None).await.remove(0);
        assert_eq!(send(10).await, 0, "nobody said who is an administrator");
        keep(&db, None, Some(root())).await;
        assert_eq!(send(20).await, 10);
        let scope = Scope::service("test");
        let view = db.scoped(&scope).read();
        let sql = "SELECT samples FROM alerts";
        let row = view.query_one_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap().unwrap();
        let samples: String = row.try_get("", "samples").unwrap();
        assert!(samples.contains("source_ip_range_kind") && samples.contains("dmz"), "the alert keeps it: {samples}");
        let rows = store.query("SELECT * FROM events", &QueryContext::new(Sources::All)).await.unwrap();
        let rows = rows.to_json_rows().unwrap();
        let said = serde_json::to_string(&rows).unwrap();
        assert!(rows.len() == 30 && !said.contains("dmz") && !said.contains("administrators"), "{said}");
        let tx = db.scoped(&scope).begin().await.unwrap();
        address_ranges::service::delete(&tx, &range, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(send(30).await, 10);
        pipeline.stop().await;
    })
    .await;
}

#[tokio::test]
async fn rules_expand_what_holds_for_the_whole_centre_alone() {
    in_a_centre(|centre: Centre| async move {
        let of_a = ValueInput { agency_id: centre.a.agency.clone(), value: "quantri-syt".into(), ..root() };
        keep(&centre.db, None, Some(root())).await;
        keep(&centre.db, None, Some(of_a)).await;
        let scope = Scope::service("test");
        let known = Enrichment::read(&centre.db.scoped(&scope).read()).await.unwrap();
        let placeholders: Vec<_> = known.placeholders().iter().collect();
        assert_eq!(placeholders, [(&"administrators".to_owned(), &vec!["ROOT".to_owned()])]);
        assert!(known.changed(&centre.db.scoped(&scope).read()).await.unwrap().is_none());
        keep(&centre.db, Some(dmz()), None).await;
        assert!(known.changed(&centre.db.scoped(&scope).read()).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn ranges_are_kept_seen_and_deleted_within_the_agency() {
    in_a_centre(|centre: Centre| async move {
        let (a, b) = (&centre.a.agency, &centre.b.agency);
        let fields = "network=10.1.2.3%2F16&name=V%C3%B9ng%20DMZ&kind=dmz&note=";
        let refused = |who: &'static str, agency: String| {
            let form = format!("{fields}&agency_id={agency}");
            let centre = &centre;
            async move { centre.post(who, "/address-ranges", &form).await.status }
        };
        assert_eq!(refused("0", String::new()).await, StatusCode::UNPROCESSABLE_ENTITY, "it sees not the whole centre");
        assert_eq!(refused("0", b.clone()).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused("3", a.clone()).await, StatusCode::FORBIDDEN);
        let wide = centre.post("2", "/address-ranges", "network=0.0.0.0%2F0&name=x&kind=other&agency_id=&note=").await;
        assert!(wide.says("href=\"#network\""), "{}", wide.text);
        let made = centre.post("0", "/address-ranges", &format!("{fields}&agency_id={a}")).await;
        assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/address-ranges"));
        let list = centre.get("0", "/address-ranges?kind=dmz&q=vung").await;
        assert!(list.says("Vùng DMZ") && list.says("10.1.0.0/16"), "{}", list.text);
        assert!(!centre.get("1", "/address-ranges").await.says("Vùng DMZ"));
        let id = centre.value("SELECT id AS value FROM address_ranges").await;
        let form = centre.get("0", &format!("/address-ranges/new?range={id}")).await;
        assert!(form.says("10.1.0.0/16"), "{}", form.text);
        let delete = format!("/address-ranges/{id}/delete");
        assert_eq!(centre.post("1", &delete, "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.post("0", &delete, "").await.status, StatusCode::SEE_OTHER);
        assert!(!centre.get("0", "/address-ranges").await.says("Vùng DMZ"));
        let acts = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action LIKE 'address-range.%'";
        assert_eq!(centre.value(acts).await, "2");
    })
    .await;
}

#[tokio::test]
async fn a_table_says_what_each_line_would_do_before_it_does() {
    in_a_centre(|centre: Centre| async move {
        let table = "network,name,kind,agency_code%0A10.1.0.0%2F16,May%20chu,servers,SYT%0A10.2.0.0%2F99,x,dmz,SYT%0A\
            10.3.0.0%2F16,Xa,dmz,SGD%0A10.1.9.9%2F16,Hai,servers,SYT";
        let tried = centre.post("0", "/address-ranges/import", &format!("sheet={table}&file=")).await;
        assert!(tried.says("1 mới, 0 thay đổi, 0 giữ nguyên, 3 bị từ chối"), "{}", tried.text);
        assert!(!centre.get("0", "/address-ranges").await.says("May chu"), "a dry run keeps nothing");
        let taken = centre.post("0", "/address-ranges/import", &format!("sheet={table}&file=&take=1")).await;
        assert!(taken.says("1 mới"), "{}", taken.text);
        assert!(centre.get("0", "/address-ranges").await.says("May chu"));
        let again = centre.post("0", "/address-ranges/import", &format!("sheet={table}&file=")).await;
        assert!(again.says("0 mới, 0 thay đổi, 1 giữ nguyên, 3 bị từ chối"), "{}", again.text);
        let values = "list,value,note%0Aadministrators,root,%0Aadministrators,sa*,%0Abad%20name,x,";
        let refused = centre.post("0", "/value-lists/import", &format!("sheet={values}&file=&take=1")).await;
        assert!(refused.says("0 mới, 0 thay đổi, 0 giữ nguyên, 3 bị từ chối"), "{}", refused.text);
        let taken = centre.post("2", "/value-lists/import", &format!("sheet={values}&file=&take=1")).await;
        assert!(taken.says("1 mới, 0 thay đổi, 0 giữ nguyên, 2 bị từ chối"), "{}", taken.text);
        let list = centre.get("2", "/value-lists?list=administrators").await;
        assert!(list.says("root") && list.says("administrators (1)"), "{}", list.text);
        assert!(centre.get("2", "/value-lists?format=csv").await.says("administrators,root"));
        assert!(
            !centre.get("0", "/value-lists").await.says(">root<"),
            "what is of the whole centre is for who sees it"
        );
    })
    .await;
}

#[tokio::test]
async fn the_page_of_an_event_says_what_registers_know() {
    in_a_centre(|centre: Centre| async move {
        let scope = Scope::service("test");
        keep(&centre.db, Some(dmz()), None).await;
        let known = Enrichment::read(&centre.db.scoped(&scope).read()).await.unwrap();
        centre.app.ports.get::<monitoring::Monitoring>().unwrap().enrichment.replace(known);
        let page = centre.get("0", &format!("/events/{}", centre.a.seq)).await;
        assert!(page.says("source_ip_range_kind") && page.says("DMZ ngoài") && page.says("SYT-01"), "{}", page.text);
    })
    .await;
}

/// Numbers of the events that a search finds.
async fn found(centre: &Centre, who: &str, query: &str) -> Vec<u64> {
    let answer = centre.get(who, &format!("/api/v1/search?range=all&columns=seq&q={query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    let answer: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    let mut seqs: Vec<u64> =
        answer["rows"].as_array().unwrap().iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    seqs
}

#[tokio::test]
async fn a_search_asks_whose_events_are_as_far_as_the_asker_reads_them() {
    in_a_centre(|centre: Centre| async move {
        let cases: [(&str, &str, &[u64]); 9] = [
            ("2", "system_code:syt-01", &[1]),
            ("2", "system_name:%22cong%20thong%20tin%20so%20y%20te%22", &[1]),
            ("2", "system_name:*giao*", &[2]),
            ("2", "system_level:%3E%3D3", &[1, 2]),
            ("2", "system_level:4", &[]),
            ("2", "NOT%20agency_code:SGD", &[1]),
            ("2", "system_level:*%20198.51.100.7", &[2]),
            ("0", "system_level:3", &[1]),
            ("0", "agency_code:SGD", &[]),
        ];
        for (who, query, expected) in cases {
            assert_eq!(found(&centre, who, query).await, expected, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_search_asks_for_ranges_and_lists_by_name_as_far_as_the_asker_sees_them() {
    in_a_centre(|centre: Centre| async move {
        let scope = Scope::service("test");
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        let range = |network: &str, name: &str, agency: &str| RangeInput {
            network: network.into(),
            name: name.into(),
            kind: "users".into(),
            agency_id: agency.into(),
            ..RangeInput::default()
        };
        let settings = settings().tuning.enrichment;
        for one in [
            range("203.0.113.0/24", "Văn phòng", &centre.a.agency),
            range("198.51.100.0/24", "Văn phòng", ""),
            range("198.51.100.0/28", "Máy chủ", ""),
        ] {
            address_ranges::service::keep(&tx, &settings, &one, NOW).await.unwrap();
        }
        let value = ValueInput { list: "administrators".into(), value: "ROOT".into(), ..ValueInput::default() };
        value_lists::service::keep(&tx, &settings, &value, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let centre = &centre;
        let found = async |who: &str, query: &str| found(centre, who, query).await;
        assert_eq!(found("2", "source_ip_range:%22van%20phong%22").await, [1], "the narrower range has another name");
        assert_eq!(found("2", "source_ip_range:%22M%C3%A1y%20ch%E1%BB%A7%22").await, [2]);
        assert_eq!(found("2", "source_ip_range_kind:users").await, [1, 2]);
        assert_eq!(found("2", "NOT%20source_ip_range:%22van%20phong%22").await, [2]);
        assert_eq!(found("2", "user_name_list:administrators%20198.51.100.7").await, [2]);
        assert_eq!(found("0", "source_ip_range:%22van%20phong%22").await, [1]);
        let none: [u64; 0] = [];
        assert_eq!(
            found("1", "source_ip_range:%22van%20phong%22").await,
            none,
            "it is of another agency, or of the centre"
        );
        assert_eq!(found("2", "source_ip_range:nowhere").await, none);
    })
    .await;
}
