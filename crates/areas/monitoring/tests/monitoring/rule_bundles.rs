//! Signed bundles and releases: previewed and taken by their page, refused where they should be, named on the page of a rule.

use crate::centre::{Answer, Centre, NOW, RULE, RULES, in_a_centre};
use axum::http::{Method, StatusCode};
use kit::clock::DAY;
use kit::{Db, Scope};
use monitoring::rules::bundles::service::{judge, trust, withdraw};
use monitoring::rules::bundles::{self, Bundle, Label};
use monitoring::rules::packs::PackFile;
use organisation::signatures::{KeyPair, SEEDS};

fn keys(seed: u8) -> KeyPair {
    KeyPair::from_seeds(&[seed; SEEDS])
}

fn file(path: &str, text: &str) -> PackFile {
    PackFile { path: path.into(), text: text.into() }
}

fn made(name: &str, serial: i64, files: Vec<PackFile>, keys: &KeyPair) -> Vec<u8> {
    let label =
        Label { name: name.into(), version: format!("v{serial}"), serial, made_at: NOW - DAY, valid_until: NOW + DAY };
    bundles::make(label, files, keys).unwrap()
}

fn rule(number: u8, value: &str) -> String {
    format!(
        "title: Rule {number}\nid: 6f3b2a10-0000-4000-8000-00000000009{number}\nlogsource: {{product: linux}}\n\
         level: high\ndetection:\n  s: {{user_name: {value}}}\n  condition: s\n"
    )
}

/// As `own/sheets.js` puts a file into a form.
fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |group: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| (bits << 8) | u32::from(group.get(at).copied().unwrap_or(0)));
        let letter = |at: usize| char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]);
        (0..=group.len()).map(letter).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

async fn send(centre: &Centre, who: &str, bundle: &[u8], take: bool) -> Answer {
    let take = if take { "&take=true" } else { "" };
    centre.post(who, "/rules/import", &format!("kind=bundle&file={}{take}", base64url(bundle))).await
}

async fn trusted(db: &Db, name: &str, seed: u8) {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    trust(&tx, name, &keys(seed).public(), NOW).await.unwrap();
    tx.commit().await.unwrap();
}

fn refused(answer: &Answer, words: &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert!(answer.says(words), "{words}: {}", answer.text);
}

#[tokio::test]
async fn a_bundle_is_previewed_taken_and_named_on_the_page_of_its_rule() {
    in_a_centre(|centre: Centre| async move {
        let folder = centre.directory.path().join("rules/bundle-so-tttt");
        let files = vec![
            file("logons.yml", RULES),
            file("one.yml", &rule(1, "root")),
            file("bad.yml", "title: x\ndetection: {}\n"),
        ];
        let bundle = made("so-tttt", 5, files, &keys(1));
        refused(&send(&centre, "2", &bundle, true).await, "Không tin người ký");
        trusted(&centre.db, "Sở Thông tin", 1).await;
        let preview = send(&centre, "2", &bundle, false).await;
        assert!(preview.says("Sở Thông tin") && preview.says("Rule 1") && preview.says("bad.yml"), "{}", preview.text);
        assert!(!folder.exists(), "a preview keeps nothing");
        assert!(!centre.get("2", &format!("/rules/{RULE}")).await.says("Từ gói"));
        assert_eq!(send(&centre, "2", &bundle, true).await.location(), "/rules/bundles");
        assert!(folder.join("one.yml").exists() && !folder.join("bad.yml").exists());
        let page = centre.get("2", &format!("/rules/{RULE}")).await;
        assert!(page.says("Từ gói") && page.says("so-tttt v5") && page.says("Sở Thông tin"), "{}", page.text);
        let list = centre.get("2", "/rules/bundles").await;
        assert!(list.says("so-tttt v5") && list.says(&keys(1).public().fingerprint()), "{}", list.text);
        let told = "SELECT details AS value FROM audit_entries WHERE action = 'bundle.import'";
        let told = centre.value(told).await;
        let digest = Bundle::read(&bundle).unwrap().digest;
        assert!(told.contains(&digest) && told.contains("Sở Thông tin") && told.contains(r#""serial":5"#), "{told}");
        // The next version: one rule changed, the others gone.
        let next = made("so-tttt", 6, vec![file("one.yml", &rule(1, "admin"))], &keys(1));
        let preview = send(&centre, "2", &next, false).await;
        assert!(preview.says("thêm 1 dòng, bớt 1 dòng"), "{}", preview.text);
        assert_eq!(send(&centre, "2", &next, true).await.location(), "/rules/bundles");
        assert!(!folder.join("logons.yml").exists());
        assert!(!centre.get("2", &format!("/rules/{RULE}")).await.says("Từ gói"), "it came from nowhere now");
        refused(&send(&centre, "2", &bundle, true).await, "cũ hơn gói đã nhập");
        assert_eq!(send(&centre, "2", &next, true).await.location(), "/rules/bundles", "the same again is harmless");
    })
    .await;
}

#[tokio::test]
async fn what_is_altered_expired_or_of_another_is_refused() {
    in_a_centre(|centre: Centre| async move {
        trusted(&centre.db, "Sở Thông tin", 1).await;
        trusted(&centre.db, "Người khác", 2).await;
        let files = || vec![file("one.yml", &rule(1, "root"))];
        let bundle = made("so-tttt", 5, files(), &keys(1));
        assert_eq!(send(&centre, "2", &bundle, true).await.location(), "/rules/bundles");
        let mut altered = bundle.clone();
        *altered.iter_mut().rev().nth(300).unwrap() ^= 1;
        refused(&send(&centre, "2", &altered, true).await, "bị hỏng hoặc đã bị sửa");
        refused(&send(&centre, "2", b"not a bundle", true).await, "không phải là gói có ký");
        refused(&send(&centre, "2", b"", true).await, "Hãy chọn một tệp");
        refused(&send(&centre, "2", &made("so-tttt", 9, files(), &keys(2)), true).await, "Sở Thông tin");
        refused(&send(&centre, "2", &made("so-tttt", 9, files(), &keys(3)), true).await, "Không tin người ký");
        let other = made("so-tttt", 5, vec![file("one.yml", &rule(1, "admin"))], &keys(1));
        refused(&send(&centre, "2", &other, true).await, "mang số 5");
        let label = Label {
            name: "old".into(),
            version: "1".into(),
            serial: 1,
            made_at: NOW - 2 * DAY,
            valid_until: NOW - DAY,
        };
        let old = bundles::make(label, files(), &keys(1)).unwrap();
        refused(&send(&centre, "2", &old, true).await, "đã hết hạn");
        let scope = Scope::service("test");
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        withdraw(&tx, &keys(1).public().fingerprint(), NOW).await.unwrap();
        tx.commit().await.unwrap();
        refused(&send(&centre, "2", &made("so-tttt", 8, files(), &keys(1)), true).await, "Không tin người ký");
        // The name is free for another once its signer is trusted no more; the number still only rises.
        let taken_over = Bundle::read(&made("so-tttt", 6, files(), &keys(2))).unwrap();
        let view = centre.db.scoped(&scope).read();
        assert_eq!(judge(&view, &taken_over, NOW).await.unwrap().name, "Người khác");
        let earlier = Bundle::read(&made("so-tttt", 4, files(), &keys(2))).unwrap();
        assert!(judge(&view, &earlier, NOW).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn who_does_not_manage_the_rules_of_the_whole_centre_takes_nothing() {
    in_a_centre(|centre: Centre| async move {
        trusted(&centre.db, "Sở Thông tin", 1).await;
        let bundle = made("so-tttt", 5, vec![file("one.yml", &rule(1, "root"))], &keys(1));
        for who in ["0", "8"] {
            assert_eq!(centre.get(who, "/rules/import").await.status, StatusCode::FORBIDDEN, "{who}");
            assert_eq!(send(&centre, who, &bundle, true).await.status, StatusCode::FORBIDDEN, "{who}");
            assert!(!centre.get(who, "/rules/bundles").await.says("href=\"/rules/import\""), "{who}");
        }
        assert!(!centre.directory.path().join("rules").exists());
    })
    .await;
}

#[tokio::test]
async fn a_release_is_taken_by_its_page_and_a_bundle_is_none() {
    in_a_centre(|centre: Centre| async move {
        let rule = rule(1, "root");
        let release = test_support::workbook::packed(&[("sigma-1/rules/a.yml", rule.as_bytes())]);
        let send = async |name: &str, file: &[u8], take: &str| {
            let form = format!("kind=release&name={name}&on_trial=true&file={}{take}", base64url(file));
            centre.post("2", "/rules/import", &form).await
        };
        let preview = send("sigma", &release, "").await;
        assert!(preview.status == StatusCode::OK && preview.says("Rule 1"), "{}", preview.text);
        refused(&send("bundle-x", &release, "").await, "không làm tên thư mục được");
        let torn = centre.post("2", "/rules/import", "kind=release&name=sigma&file=%25%25").await;
        refused(&torn, "không giải mã được");
        assert!(!torn.says("Excel"), "{}", torn.text);
        let bundle = made("so-tttt", 5, vec![file("one.yml", &rule)], &keys(1));
        refused(&send("sigma", &bundle, "&take=true").await, "Đây là gói có ký");
        assert_eq!(send("sigma", &release, "&take=true").await.location(), "/rules/bundles");
        assert!(centre.directory.path().join("rules/sigma/rules/a.yml").exists());
        let state = "SELECT state AS value FROM rule_states WHERE rule_id LIKE '6f3b2a10%9_'";
        assert_eq!(centre.value(state).await, "shadow");
    })
    .await;
}

/// Rules of a bundle with tables for every register, one of which is no table and others with a line that is refused.
fn with_tables() -> Vec<PackFile> {
    vec![
        file("one.yml", &rule(1, "root")),
        file("lists/quan-tri.csv", "list,value\nadministrators,root\nadministrators,r*t\n"),
        file("ranges/noi-bo.csv", "network,name,kind\n10.1.0.0/16,Mạng nội bộ,internal\n"),
        file("ranges/sai.csv", "name\nx\n"),
        file("indicators/c2.txt", "evil.example\ncom\n"),
    ]
}

/// Rows of lists, ranges, indicators and bundles that were taken.
async fn kept(centre: &Centre) -> String {
    let count = |table: &str| format!("(SELECT CAST(COUNT(*) AS TEXT) FROM {table})");
    let tables = ["listed_values", "address_ranges", "indicators", "bundle_imports"].map(count);
    centre.value(&format!("SELECT {} AS value", tables.join(" || ' ' || "))).await
}

#[tokio::test]
async fn a_bundle_brings_lists_ranges_and_indicators_and_names_what_it_refuses() {
    in_a_centre(|centre: Centre| async move {
        trusted(&centre.db, "Sở Thông tin", 1).await;
        let bundle = made("so-tttt", 5, with_tables(), &keys(1));
        let preview = send(&centre, "2", &bundle, false).await;
        assert_eq!(preview.status, StatusCode::OK, "{}", preview.text);
        for named in
            ["lists/quan-tri.csv", "ranges/noi-bo.csv", "ranges/sai.csv", "indicators/c2.txt", "danh sách giá trị"]
        {
            assert!(preview.says(named), "{named}: {}", preview.text);
        }
        assert_eq!(kept(&centre).await, "0 0 0 0", "a preview keeps nothing");
        assert_eq!(send(&centre, "2", &bundle, true).await.location(), "/rules/bundles");
        assert_eq!(kept(&centre).await, "1 1 1 1");
        let list = "SELECT name || ' ' || source AS value FROM indicator_lists";
        assert_eq!(centre.value(list).await, "c2 Sở Thông tin");
        let folder = centre.directory.path().join("rules/bundle-so-tttt");
        assert!(folder.join("one.yml").exists() && !folder.join("lists").exists(), "tables are no files of rules");
        // The same again, by the API: nothing is new, and the lines that are refused are named with their place.
        let path = "/api/v1/rules/bundles?dry_run=1";
        let body = Some(("application/zip", bundle.clone()));
        let answer = centre.send_bytes("2", "vi", Method::POST, path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let told: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!((&told["dry_run"], &told["signer"]), (&true.into(), &"Sở Thông tin".into()));
        let brought = told["done"]["registers"].as_array().unwrap();
        let figures = |path: &str| {
            let one = brought.iter().find(|one| one["path"] == path).unwrap_or_else(|| panic!("{path}: {told}"));
            ["added", "changed", "same", "refused"].map(|name| one[name].as_u64().unwrap())
        };
        assert_eq!(figures("lists/quan-tri.csv"), [0, 0, 1, 1]);
        assert_eq!(figures("ranges/noi-bo.csv"), [0, 0, 1, 0]);
        assert_eq!(figures("ranges/sai.csv"), [0, 0, 0, 1]);
        assert_eq!(figures("indicators/c2.txt"), [0, 1, 0, 1]);
        let refused = told["done"]["refused"].as_array().unwrap();
        let places: Vec<_> = refused.iter().map(|one| (one["path"].as_str().unwrap(), one["line"].as_u64())).collect();
        let expected = [("indicators/c2.txt", Some(2)), ("lists/quan-tri.csv", Some(3)), ("ranges/sai.csv", Some(1))];
        assert_eq!(places, expected, "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_bundle_is_taken_whole_or_not_at_all() {
    in_a_centre(|centre: Centre| async move {
        trusted(&centre.db, "Sở Thông tin", 1).await;
        let bundle = made("so-tttt", 5, with_tables(), &keys(1));
        // Who may not keep lists and ranges takes nothing of it, not even the rules.
        assert_eq!(send(&centre, "3", &bundle, true).await.status, StatusCode::FORBIDDEN);
        assert_eq!(kept(&centre).await, "0 0 0 0");
        assert!(!centre.directory.path().join("rules").exists());
        let many = (0..201).map(|number| file(&format!("indicators/{number}.txt"), "evil.example\n")).collect();
        refused(&send(&centre, "2", &made("nhieu", 1, many, &keys(1)), true).await, "quá nhiều bảng");
        let named = vec![file("indicators/c3.txt", "evil.example\n")];
        let taken = send(&centre, "2", &made("dai", 1, named, &keys(1)), true).await;
        assert_eq!(taken.location(), "/rules/bundles", "a bundle without rules is one all the same: {}", taken.text);
        for who in ["0", "8"] {
            let body = Some(("application/zip", bundle.clone()));
            let answer = centre.send_bytes(who, "vi", Method::POST, "/api/v1/rules/bundles", body).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{who}");
        }
    })
    .await;
}
