//! Which rule a correlation means.

use crate::RuleSet;

fn base(value: &str) -> String {
    format!(
        "title: of {value}\nname: failed\nlogsource: {{product: x}}\ndetection: {{s: {{a: {value}}}, condition: s}}\n"
    )
}

fn over(title: &str) -> String {
    format!(
        "title: {title}\ncorrelation: {{type: event_count, rules: [failed], timespan: 1m, condition: {{gte: 3}}}}\n"
    )
}

#[test]
fn of_rules_with_one_name_the_nearest_is_meant_and_the_others_are_told() {
    let texts = [
        ("pack/one/a.yml", base("1")),
        ("pack/two/a.yml", format!("{}---\n{}", base("2"), over("same file"))),
        ("pack/two/b.yml", over("same folder")),
        ("pack/two/c.yml", format!("{}---\n{}", base("3"), over("own"))),
        ("other/sub/a.yml", base("4")),
        ("other/b.yml", over("same pack")),
        ("third.yml", over("none is near")),
    ];
    let (rules, errors) = RuleSet::from_texts(texts);
    assert_eq!(errors, []);
    let counted = |title: &str| {
        let position = rules.rules().iter().position(|rule| rule.title == title).unwrap();
        let bases = rules.with_bases(position);
        rules.rules()[bases[1]].title.clone()
    };
    let titles = ["same file", "same folder", "own", "same pack", "none is near"];
    assert_eq!(titles.map(counted), ["of 2", "of 2", "of 3", "of 4", "of 1"]);
    let told: Vec<(String, usize)> =
        rules.warnings().into_iter().map(|one| (one.path.display().to_string(), one.line)).collect();
    let expected = ["pack/two/a.yml", "pack/two/c.yml", "other/sub/a.yml"].map(|path| (path.to_owned(), 2));
    assert_eq!(told, expected);
    assert!(
        rules.warnings().iter().all(|one| one.reason.contains("'failed'") && one.reason.contains("pack/one/a.yml:1"))
    );
}
