//! Properties of templates: bounded, the same for the same lines, and what is proposed for lines reads them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use event::{Origin, RawRecord};
use luytre_ingest::templates::{Joined, Templates, Wanted, disguise, propose, shown};
use luytre_ingest::{FormatSet, SAMPLES_ARRIVED};
use proptest::prelude::*;
use std::sync::Arc;

/// Words as logs have them, and some that only an enemy writes.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "[0-9]{1,12}",
        "[!-~]{1,20}",
        "[a-zàáâãèéêìíòóôõùúýăđĩũơưạ-ỹ]{1,6}",
        "(src|user|id)=[!-~]{0,12}",
        Just("10.1.2.3:443".to_owned()),
        Just("2026-11-23T10:11:12.5+07:00".to_owned()),
        Just("an.nguyen@example.vn".to_owned()),
        Just("{0f8fad5b-d9cb-469f-a165-70867728950e}".to_owned()),
        Just("/var/log/it's (1).log".to_owned()),
        Just(r"C:\Windows\x.exe".to_owned()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..12).prop_map(|words| words.join(" "))
}

fn gathered(lines: &[String], most: usize) -> (Templates, Vec<Joined>) {
    let mut templates = Templates::new(0.5);
    let joined = lines.iter().map(|line| templates.add("g", line, most)).collect();
    (templates, joined)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn templates_are_bounded_and_the_same_again(lines in prop::collection::vec(line(), 0..80), most in 1_usize..20) {
        let (templates, joined) = gathered(&lines, most);
        prop_assert!(templates.len() <= most);
        let (again, joined_again) = gathered(&lines, most);
        prop_assert_eq!(templates.all(), again.all());
        prop_assert_eq!(&joined, &joined_again);
        for joined in joined {
            if let Joined::Known(number) | Joined::Widened(number) | Joined::New(number) = joined {
                prop_assert!(templates.get(number).is_some());
            }
        }
    }

    #[test]
    fn a_line_that_comes_again_makes_no_template(line in line()) {
        let (templates, _) = gathered(&[line.clone(), line.clone(), line], 10);
        prop_assert_eq!(templates.len(), 1);
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let line = String::from_utf8_lossy(&bytes).into_owned();
        let (templates, _) = gathered(std::slice::from_ref(&line), 10);
        for template in templates.all() {
            let text = shown(&template.text());
            prop_assert!(!text.contains('\u{0}'), "{:?}", text);
        }
        disguise(&[&line]);
    }

    #[test]
    fn what_is_proposed_for_lines_reads_them(lines in prop::collection::vec(line(), 1..8)) {
        let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
        let proposal = propose(&Wanted {
            name: "tried",
            title: "Tried",
            version: 1,
            program: None,
            origin: "a test",
            texts: &lines,
            records: &lines,
            disguised: false,
        });
        let set = FormatSet::load(&[("tried.toml".to_owned(), proposal.text.clone())]);
        let set = set.map_err(|error| TestCaseError::fail(format!("{error}\n{}", proposal.text)))?;
        for line in lines {
            let raw = RawRecord {
                bytes: line.to_owned().into(),
                arrival: SAMPLES_ARRIVED,
                origin: Arc::new(Origin::default()),
                position: 1,
            };
            // One object in braces is JSON and nothing else.
            if !line.starts_with('{') {
                prop_assert!(set.parse(&raw).understood, "{}\n{}", line, proposal.text);
            }
        }
    }
}

#[test]
fn a_flood_of_lines_that_are_all_different_stays_bounded() {
    let mut templates = Templates::new(0.5);
    for number in 0..20_000_u32 {
        let word = |salt: u32| format!("{:x}w", number.wrapping_mul(2_654_435_761).rotate_left(salt));
        templates.add("g", &format!("{} {} {} {}", word(1), word(7), word(13), word(19)), 200);
    }
    assert!(templates.len() <= 200, "{}", templates.len());
}
