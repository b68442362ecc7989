//! Attack stories: alerts woven together as they come, shown as one, never over a wall.

use crate::centre::{Centre, Department, NOW, in_a_centre, settings};
use axum::http::StatusCode;
use kit::Scope;
use kit::clock::{DAY, MINUTE, Micros};
use kit::page::Severity;
use monitoring::alerts::grouping::{Bundle, Owner, RuleFacts};
use monitoring::alerts::record::{Damping, write_bundles};
use monitoring::alerts::{Entity, Sample};
use monitoring::settings::Settings;
use monitoring::stories::Link;
use std::sync::Arc;

/// One alert of a department: rule, tactic, time, what it may share.
struct Raised<'alert>(&'alert str, &'alert str, Micros, &'alert [(&'alert str, &'alert str)]);

async fn raise(centre: &Centre, department: &Department, raised: &[Raised<'_>]) {
    let Settings { scoring, entity_risk, .. } = settings();
    let scope = Scope::service("test");
    for (number, Raised(rule, tactic, time, links)) in raised.iter().enumerate() {
        let sequence = 1_000 + u64::try_from(*time - NOW + 100 * DAY).unwrap() + number as u64;
        let facts = RuleFacts {
            id: (*rule).into(),
            title: format!("Rule {rule}"),
            title_vi: Some(format!("Quy tắc {rule}")),
            level: Severity::High,
            techniques: Vec::new(),
            tactics: vec![(*tactic).into()],
        };
        let bundle = Bundle {
            rule: Arc::new(facts),
            owner: Owner {
                source_id: department.source.as_str().into(),
                system_id: Some(department.system.as_str().into()),
                agency_id: Some(department.agency.as_str().into()),
                system_level: Some(3),
            },
            entity: Entity { kind: "host_name".into(), value: "web01".into() },
            first_sequence: sequence,
            match_sequence: sequence,
            last_sequence: sequence,
            first_time: *time,
            last_time: *time,
            first_recorded: NOW,
            count: 1,
            samples: vec![Sample { seq: sequence, time: *time, fields: Vec::new() }],
            links: links.iter().map(|(kind, value)| Link { kind: (*kind).into(), value: (*value).into() }).collect(),
            suppression: None,
            imported: false,
        };
        let scoped = centre.db.scoped(&scope);
        let tx = scoped.begin().await.unwrap();
        let key = format!("{}-{rule}-{time}", department.agency);
        write_bundles(&tx, vec![(key, bundle)], &scoring, &entity_risk, &mut Damping::default(), NOW).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Number of stories, and of alerts in them.
async fn stories(centre: &Centre) -> (String, String) {
    let stories = "SELECT CAST(COUNT(DISTINCT story_id) AS TEXT) AS value FROM alerts";
    let alerts = "SELECT CAST(COUNT(story_id) AS TEXT) AS value FROM alerts";
    (centre.value(stories).await, centre.value(alerts).await)
}

async fn only_story(centre: &Centre) -> String {
    centre.value("SELECT DISTINCT story_id AS value FROM alerts WHERE story_id IS NOT NULL").await
}

const WEB: (&str, &str) = ("machine", "web01");
const OTHER: (&str, &str) = ("machine", "may-02");
const ACCOUNT: (&str, &str) = ("account", "nguyen.van.y");

fn attack() -> [Raised<'static>; 4] {
    [
        Raised("upload", "initial-access", NOW - 60 * MINUTE, &[WEB]),
        Raised("shell", "execution", NOW - 50 * MINUTE, &[WEB, ACCOUNT]),
        Raised("dump", "credential-access", NOW - 30 * MINUTE, &[WEB, ACCOUNT]),
        Raised("remote", "lateral-movement", NOW - 10 * MINUTE, &[OTHER, ACCOUNT]),
    ]
}

#[tokio::test]
async fn an_attack_is_one_item_in_every_list_and_its_alerts_are_told_in_order() {
    in_a_centre(|centre: Centre| async move {
        raise(&centre, &centre.a, &attack()).await;
        assert_eq!(stories(&centre).await, ("1".into(), "4".into()));
        let id = only_story(&centre).await;
        for path in ["/", "/alerts", "/stories"] {
            let page = centre.get("0", path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            assert_eq!(page.text.matches("class=\"story\"").count(), 1, "{path}");
            assert!(page.says(&format!("/stories/{id}")), "{path}");
            assert!(!page.says("Quy tắc remote</a>"), "{path} shows an alert of the story beside it");
        }
        let each = centre.get("0", "/alerts?each=1").await;
        assert!(!each.says("class=\"story\"") && each.says("Quy tắc dump"));
        let page = centre.get("0", &format!("/stories/{id}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let places: Vec<usize> = ["Quy tắc upload</a>", "Quy tắc shell</a>", "Quy tắc dump</a>", "Quy tắc remote</a>"]
            .iter()
            .map(|title| page.text.find(title).unwrap_or_else(|| panic!("no {title}")))
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        for words in ["xâm nhập ban đầu", "lan sang máy khác", "nguyen.van.y", "4 cảnh báo"] {
            assert!(page.says(words), "no {words:?}");
        }
        let english = centre.send("0", "en", axum::http::Method::GET, &format!("/stories/{id}"), None).await;
        assert!(english.says("lateral movement"));
    })
    .await;
}

#[tokio::test]
async fn what_shares_nothing_comes_days_later_or_goes_backwards_is_no_story() {
    in_a_centre(|centre: Centre| async move {
        let apart = [
            Raised("upload", "initial-access", NOW - 60 * MINUTE, &[WEB]),
            Raised("shell", "execution", NOW - 50 * MINUTE, &[OTHER]),
            Raised("dump", "credential-access", NOW - 30 * MINUTE, &[ACCOUNT]),
            Raised("late", "impact", NOW + 3 * DAY, &[WEB]),
            Raised("earlier", "reconnaissance", NOW - 20 * MINUTE, &[ACCOUNT]),
            Raised("earliest", "reconnaissance", NOW - 10 * MINUTE, &[ACCOUNT]),
        ];
        raise(&centre, &centre.a, &apart).await;
        assert_eq!(stories(&centre).await.1, "0");
    })
    .await;
}

#[tokio::test]
async fn two_stories_that_turn_out_to_be_one_become_one() {
    in_a_centre(|centre: Centre| async move {
        raise(&centre, &centre.a, &attack()[..3]).await;
        let there = [
            Raised("a", "execution", NOW - 40 * MINUTE, &[OTHER]),
            Raised("b", "persistence", NOW - 35 * MINUTE, &[OTHER]),
            Raised("c", "discovery", NOW - 25 * MINUTE, &[OTHER]),
        ];
        raise(&centre, &centre.a, &there).await;
        assert_eq!(stories(&centre).await, ("2".into(), "6".into()));
        raise(&centre, &centre.a, &attack()[3..]).await;
        assert_eq!(stories(&centre).await, ("1".into(), "7".into()));
    })
    .await;
}

#[tokio::test]
async fn a_story_keeps_to_its_agency_and_a_stranger_does_not_find_it() {
    in_a_centre(|centre: Centre| async move {
        raise(&centre, &centre.a, &attack()[..2]).await;
        raise(&centre, &centre.b, &attack()[2..]).await;
        assert_eq!(stories(&centre).await.1, "0", "alerts of two agencies were woven together");
        raise(&centre, &centre.a, &attack()[2..]).await;
        let id = only_story(&centre).await;
        let path = format!("/stories/{id}");
        assert_eq!(centre.get("0", &path).await.status, StatusCode::OK);
        assert_eq!(centre.get("1", &path).await.status, StatusCode::NOT_FOUND);
        for list in ["/", "/alerts", "/stories?state=all&range=all"] {
            assert!(!centre.get("1", list).await.says(&id), "{list}");
        }
        assert!(!centre.get("1", &format!("/alerts?state=all&range=all&story={id}")).await.says("Quy tắc upload"));
    })
    .await;
}

#[tokio::test]
async fn acts_on_a_story_touch_all_its_alerts_and_a_closed_one_takes_no_more() {
    in_a_centre(|centre: Centre| async move {
        raise(&centre, &centre.a, &attack()).await;
        let id = only_story(&centre).await;
        let path = format!("/stories/{id}");
        let page = centre.get("2", &path).await;
        let rows: Vec<&str> =
            page.text.split("name=\"row\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(rows.len(), 4);
        let form = rows.iter().map(|row| format!("row={row}&")).collect::<String>();
        let answer =
            centre.post("2", "/alerts/act", &format!("{form}act=close&reason=handled&note=ok&to={path}")).await;
        assert!(answer.location().starts_with(&path), "{}", answer.location());
        let closed =
            "SELECT CAST(COUNT(*) AS TEXT) AS value FROM alerts WHERE story_id IS NOT NULL AND state = 'closed'";
        assert_eq!(centre.value(closed).await, "4");
        assert!(!centre.get("2", "/stories").await.says(&id));
        raise(&centre, &centre.a, &[Raised("again", "impact", NOW, &[WEB])]).await;
        assert_eq!(stories(&centre).await.1, "4", "a closed story grew");
    })
    .await;
}
