//! Signed bundles from the command line: made in one place, taken in another.

use crate::program::{ask, failure, number, query};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn rule(number: u8, value: &str) -> String {
    format!(
        "title: Rule {number}\nid: 6f3b2a10-0000-4000-8000-00000000000{number}\nauthor: A. Author\nlogsource: {{product: \
         linux}}\nlevel: high\ndetection:\n  s: {{user_name: {value}}}\n  condition: s\n"
    )
}

fn text(path: &Path) -> &str {
    path.to_str().expect("path")
}

#[test]
fn a_bundle_travels_from_its_maker_into_another_centre() {
    let (data, maker) = (tempfile::tempdir().expect("directory"), tempfile::tempdir().expect("directory"));
    let at = |name: &str| maker.path().join(name);
    let (key, public, rules) = (at("so-tttt"), at("so-tttt.pub"), at("rules"));
    let made = ask(data.path(), &["bundle", "keygen", "--json", text(&key)]);
    let mode = std::fs::metadata(&key).expect("key").permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads the private key");
    assert!(failure(data.path(), &["bundle", "keygen", text(&key)]).contains("so-tttt"), "no key is written over");
    std::fs::create_dir(&rules).expect("folder");
    std::fs::write(rules.join("a.yml"), rule(1, "root")).expect("rule");
    let make = |serial: &str, out: &Path| {
        let label = ["--name", "so-tttt", "--version", serial, "--serial", serial];
        let paths = [text(&rules), "--key", text(&key), "--out", text(out)];
        ask(data.path(), &[&["bundle", "make", "--json"][..], &label[..], &paths[..]].concat())
    };
    let (first, second) = (at("1.zip"), at("2.zip"));
    assert_eq!(make("1", &first)["manifest"]["files"][0]["path"], json!("a.yml"));
    std::fs::write(rules.join("a.yml"), rule(1, "admin")).expect("rule");
    std::fs::write(rules.join("b.yml"), rule(2, "root")).expect("rule");
    for (folder, name, table) in [
        ("lists", "quan-tri.csv", "list,value\nadministrators,root\nadministrators,r*t\n"),
        ("ranges", "noi-bo.csv", "network,name,kind\n10.1.0.0/16,LAN,internal\n"),
        ("indicators", "c2.txt", "evil.example\n"),
    ] {
        std::fs::create_dir(rules.join(folder)).expect("folder");
        std::fs::write(rules.join(folder).join(name), table).expect("table");
    }
    std::fs::write(rules.join("c.yml"), "title: C\nlogsource: {product: linux}\ndetection: {condition: nothing}\n")
        .expect("rule");
    let label = ["--name", "so-tttt", "--version", "2", "--serial", "2"];
    let paths = [text(&rules), "--key", text(&key), "--out", text(&second)];
    let wrong = failure(data.path(), &[&["bundle", "make"][..], &label[..], &paths[..]].concat());
    assert!(wrong.contains("c.yml:3") && !second.exists(), "{wrong}");
    std::fs::remove_file(rules.join("c.yml")).expect("rule");
    let contents = make("2", &second)["contents"].clone();
    assert_eq!((&contents["rules"], &contents["correlations"]), (&json!(2), &json!(0)), "{contents}");
    let tables: Vec<_> =
        contents["tables"].as_array().expect("tables").iter().map(|one| one["register"].clone()).collect();
    assert_eq!(tables, [json!("indicators"), json!("value-lists"), json!("address-ranges")]);
    let shown = ask(data.path(), &["bundle", "show", "--json", "--key", text(&public), text(&first)]);
    assert_eq!((&shown["key"], &shown["manifest"]["serial"]), (&made["key"], &json!(1)), "{shown}");
    assert!(failure(data.path(), &["bundle", "import", "--apply", text(&first)]).contains("luytre bundle trust"));
    let other = failure(data.path(), &["bundle", "trust", "--name", "Sở A", "--fingerprint", "00", text(&public)]);
    let key = made["key"].as_str().expect("key");
    assert!(other.contains(key), "{other}");
    let trust = ["bundle", "trust", "--json", "--name", "Sở A", "--fingerprint", key, text(&public)];
    ask(data.path(), &trust);
    let signers = ask(data.path(), &["bundle", "signers", "--json"]);
    assert_eq!(signers, json!([{ "key": made["key"], "name": "Sở A", "trusted": true }]));
    let preview = ask(data.path(), &["bundle", "import", "--json", text(&first)]);
    assert_eq!((preview["added"].as_array().map(Vec::len), &preview["dry_run"]), (Some(1), &json!(true)), "{preview}");
    let folder = data.path().join("rules/bundle-so-tttt");
    assert!(!folder.exists(), "a preview keeps nothing");
    ask(data.path(), &["bundle", "import", "--json", "--apply", text(&first)]);
    assert!(folder.join("a.yml").exists());
    ask(data.path(), &["bundle", "import", "--json", text(&second)]);
    let values = || number(data.path(), "SELECT COUNT(*) AS n FROM monitoring.listed_values");
    assert_eq!(values(), 0, "a preview keeps nothing");
    let next = ask(data.path(), &["bundle", "import", "--json", "--apply", "--on-trial", text(&second)]);
    assert_eq!(next["changed"][0]["lines"], json!({ "added": 1, "removed": 1 }), "{next}");
    assert_eq!(next["added"][0]["title"], json!("Rule 2"), "{next}");
    assert_eq!((next["registers"].as_array().map(Vec::len), values()), (Some(3), 1), "{next}");
    let refused = &next["refused"][0];
    assert_eq!((&refused["path"], &refused["line"]), (&json!("lists/quan-tri.csv"), &json!(3)), "{next}");
    assert!(failure(data.path(), &["bundle", "import", "--apply", text(&first)]).contains("older"));
    let mut bytes = std::fs::read(&second).expect("bundle");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&first, bytes).expect("bundle");
    assert!(failure(data.path(), &["bundle", "import", "--apply", text(&first)]).contains("damaged"));
    assert!(failure(data.path(), &["rules", "import", "--name", "x", text(&second)]).contains("signed bundle"));
    let told = query(
        data.path(),
        "SELECT action, count(*) AS told FROM organisation.audit WHERE action LIKE 'bundle.%' GROUP BY 1 ORDER BY 1",
    );
    assert_eq!(told, [json!({ "action": "bundle.import", "told": 2 }), json!({ "action": "bundle.trust", "told": 1 })]);
    ask(data.path(), &["bundle", "distrust", "--json", key]);
    assert!(failure(data.path(), &["bundle", "show", text(&second)]).contains(key));
}
