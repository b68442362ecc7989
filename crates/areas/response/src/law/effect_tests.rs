use super::super::read::embedded;
use super::*;

fn law() -> Law {
    Law::embedded().unwrap()
}

/// The embedded law with pieces of a file exchanged.
fn with(path: &str, pieces: &[(&str, &str)]) -> Law {
    let mut files = embedded();
    let text = files.get_mut(path).unwrap();
    for (old, new) in pieces {
        assert!(text.contains(old), "{path} has no {old}");
        *text = text.replacen(old, new, 1);
    }
    Law::read(&files).unwrap()
}

fn told(after: &Law) -> Vec<String> {
    effects(&law(), after).iter().map(|effect| effect.in_words(after, Lang::Vi)).collect()
}

#[test]
fn nothing_changed_has_no_effect() {
    assert!(effects(&law(), &law()).is_empty());
    let remark = with("duties/plans-2026.toml", &[("# Duties from the plans", "# The duties from the plans")]);
    assert_eq!(told(&remark), Vec::<String>::new(), "a remark is no law");
}

#[test]
fn another_deadline_is_told_with_both() {
    let after = with("duties/plans-2026.toml", &[("amount = 24", "amount = 12")]);
    let found = effects(&law(), &after);
    assert!(
        matches!(found.as_slice(), [Effect::DutyChanged { aspect: Aspect::Deadline, before, after }]
            if before.amount == 24 && after.amount == 12 && after.id == "IN-24-SEED"),
        "{found:?}"
    );
    let words = told(&after);
    assert!(words[0].contains("IN-24-SEED") && words[0].contains("24 giờ") && words[0].contains("12 giờ"), "{words:?}");
}

#[test]
fn every_aspect_of_a_duty_is_told_apart() {
    let path = "duties/decree-331-2026.toml";
    for (old, new, aspect) in [
        ("trigger = \"detection\"\namount = 24", "trigger = \"awareness\"\namount = 24", Aspect::Deadline),
        ("unit = \"hours\"\nserious_only = true", "unit = \"working-days\"\nserious_only = true", Aspect::Deadline),
        ("serious_only = true\n", "", Aspect::Conditions),
        ("form = \"report-72h\"", "form = \"closing\"", Aspect::Form),
        ("valid_from = \"2026-08-19\"", "valid_from = \"2026-09-01\"", Aspect::Validity),
        ("status = \"in-force\"", "status = \"plan\"", Aspect::Standing),
        ("short.vi = \"72 giờ\"", "short.vi = \"Ba ngày\"", Aspect::Wording),
        ("recipient.vi = \"Cơ quan", "recipient.vi = \"Đơn vị", Aspect::Recipient),
    ] {
        let after = with(path, &[(old, new)]);
        let found = effects(&law(), &after);
        assert!(
            matches!(found.as_slice(), [Effect::DutyChanged { aspect: found, .. }] if *found == aspect),
            "{aspect:?}: {found:?}"
        );
        for lang in Lang::ALL {
            assert!(!found[0].in_words(&after, lang).starts_with("law-"), "{aspect:?}");
        }
    }
}

#[test]
fn duties_come_and_go() {
    let path = "duties/plans-2026.toml";
    let off = with(path, &[("form = \"first-notice\"", "form = \"first-notice\"\nenabled = false")]);
    assert!(matches!(effects(&law(), &off).as_slice(), [Effect::DutyRemoved(duty)] if duty.id == "IN-24-SEED"));
    let back = effects(&off, &law());
    assert!(matches!(back.as_slice(), [Effect::DutyAdded(duty)] if duty.id == "IN-24-SEED"));
    assert!(back[0].in_words(&law(), Lang::Vi).contains("trong 24 giờ kể từ khi xảy ra"), "{back:?}");
    // A new deadline from a day on: the old duty ends, the new one of the same name begins.
    let mut files = embedded();
    let text = files.get_mut(path).unwrap();
    let first = text.split("[[duty]]").nth(1).unwrap().replacen("2026-01-01", "2027-01-01", 1);
    let first = first.replacen("amount = 24", "amount = 12", 1);
    *text = text.replacen("valid_from = \"2026-01-01\"", "valid_from = \"2026-01-01\"\nvalid_to = \"2026-12-31\"", 1);
    text.push_str(&format!("\n[[duty]]{first}"));
    let found = effects(&law(), &Law::read(&files).unwrap());
    assert!(
        matches!(found.as_slice(), [
            Effect::DutyChanged { aspect: Aspect::Validity, .. },
            Effect::DutyAdded(duty),
        ] if duty.amount == 12),
        "{found:?}"
    );
}

#[test]
fn forms_scales_and_days_are_told_by_what_they_hold() {
    let form = with("reports/closing.toml", &[("label.vi = \"Hậu quả\"", "label.vi = \"Thiệt hại\"")]);
    let found = effects(&law(), &form);
    assert!(
        matches!(found.as_slice(), [Effect::FormChanged { added, removed, .. }]
            if *added == ["Thiệt hại"] && *removed == ["Hậu quả"]),
        "{found:?}"
    );
    let scale = with("severity/m1-m4.toml", &[("Bị chiếm quyền quản trị", "Mất quyền quản trị")]);
    let words = told(&scale);
    assert!(words[0].contains("Mất quyền quản trị") && words[0].contains("Bị chiếm quyền quản trị"), "{words:?}");
    let calendar = with("calendars/2027.toml", &[("date = \"2027-05-03\"", "date = \"2027-05-04\"")]);
    assert_eq!(
        effects(&law(), &calendar),
        [
            Effect::DayOff { date: jiff::civil::date(2027, 5, 4), off: true },
            Effect::DayOff { date: jiff::civil::date(2027, 5, 3), off: false },
        ]
    );
    assert!(told(&calendar)[0].contains("04/05/2027"));
}
