//! What a code of an agency is: up to forty ASCII letters, digits, `-`, `.` and `_`, kept in the case in which it was given.
//! Codes that differ in case alone, in blanks around them or in the way their signs are composed are one code; the
//! database sees to that as well.

use kit::text::{FieldFaults, one_line};

/// Longest code, in letters.
const LONGEST: usize = 40;
/// Stands before the number that the database gave when two codes turned out to be one. Nobody else gives such a code.
pub(super) const NUMBERED: char = '~';

/// Keeps the rows with a code, whoever typed it in whatever case; the code is `$1`, made by [`typed`]. Both sides are lowered by
/// the database, so that they meet in whatever language it runs.
pub(crate) const SAME_CODE: &str = "LOWER(agencies.code) = LOWER(CAST($1 AS TEXT))";

/// A new code as it is kept; what is wrong with it is told.
pub(super) fn new_code(faults: &mut FieldFaults, code: &str) -> String {
    let may_stand = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    let kept = faults.required_line("code", code, LONGEST);
    if one_line(code).is_ok_and(|code| !code.chars().all(may_stand)) {
        faults.add("code", "field-invalid");
    }
    kept
}

/// A code that somebody looks for, composed and without blanks around it; none where it can be no code.
pub(super) fn typed(code: &str) -> Option<String> {
    one_line(code).ok().filter(|code| !code.is_empty())
}

/// What two codes share that are one, for tables in which a code must stand once.
pub(super) fn key(code: &str) -> String {
    typed(code).unwrap_or_default().to_ascii_lowercase()
}

/// Whether the database has numbered it, because another agency has the same code.
pub(super) fn is_numbered(code: &str) -> bool {
    code.contains(NUMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Error;

    fn faults_of(code: &str) -> Vec<&'static str> {
        let mut faults = FieldFaults::default();
        new_code(&mut faults, code);
        match faults.into_result() {
            Err(Error::Invalid(wrong)) => wrong.into_iter().map(|one| one.key).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_code_keeps_its_case_and_loses_what_surrounds_it() {
        let mut faults = FieldFaults::default();
        assert_eq!(new_code(&mut faults, " X-27136.a_B\t"), "X-27136.a_B");
        assert!(faults.is_empty());
        // The sign of the unit of temperature is a K in the form in which texts are kept.
        assert_eq!(new_code(&mut faults, "S\u{212a}HCN"), "SKHCN");
        assert!(faults.is_empty());
    }

    #[test]
    fn what_is_no_code_is_told_once() {
        for code in ["X 2", "SỞ", "syt~2", "А-1", "a/b"] {
            assert_eq!(faults_of(code), ["field-invalid"], "{code}");
        }
        assert_eq!(faults_of("  "), ["field-required"]);
        assert_eq!(faults_of(&"x".repeat(41)), ["field-too-long"]);
        assert_eq!(faults_of("S\u{200b}YT"), ["text-hidden-sign"]);
    }

    #[test]
    fn codes_that_are_one_have_one_key() {
        for code in ["SKHCN", "skhcn", " Skhcn ", "s\u{212a}hcn"] {
            assert_eq!(key(code), "skhcn", "{code}");
        }
        assert_eq!(typed("a\nb"), None);
        assert!(is_numbered("syt~2") && !is_numbered("syt-2"));
    }
}
