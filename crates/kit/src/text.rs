//! Texts that people type, as they are kept: NFC, without blanks around them, line ends only where a text may have several
//! lines. Signs that are not seen are refused and not taken away in silence: somebody put them there, and a name that is
//! not what it looks like deceives whoever reads it. Forms, the API and tables all come through here, by way of services.

use crate::calendar::start_of_day;
use crate::civil;
use crate::clock::Micros;
use crate::error::{Error, FieldError};
use unicode_normalization::UnicodeNormalization;

/// Key of what is wrong with a text that holds [`is_hidden`] signs.
const HIDDEN: &str = "text-hidden-sign";
/// Key of what is wrong with a line end where there is one line.
const LINE_END: &str = "text-one-line";

/// A text of one line as it is kept; a tab is a blank. Else the key of what is wrong.
pub fn one_line(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        return Err(LINE_END);
    }
    if text.contains(is_joiner) {
        return Err(HIDDEN);
    }
    seen(text.replace('\t', " "))
}

/// A text of several lines as it is kept: line ends of every kind are `\n`, no blanks at the end of a line. Else the key of
/// what is wrong.
pub fn several_lines(text: &str) -> Result<String, &'static str> {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let lines: Vec<_> = text.trim().lines().map(str::trim_end).collect();
    seen(lines.join("\n"))
}

/// A text that a machine sent, for a column: PostgreSQL takes no NUL, so its picture (U+2400) stands for it.
pub fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

fn seen(text: String) -> Result<String, &'static str> {
    if text.contains(is_hidden) { Err(HIDDEN) } else { Ok(text.nfc().collect()) }
}

/// Signs that nobody sees: control characters but line end and tab, noncharacters, and what Unicode lets a program leave
/// undrawn (Default_Ignorable_Code_Point of UAX #44: signs without width, those that turn the direction of writing,
/// fillers, tags), without joiners and variation selectors, which emoji are made with.
fn is_hidden(letter: char) -> bool {
    let code = u32::from(letter);
    let noncharacter = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    let ignorable = matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    (letter.is_control() && !matches!(letter, '\n' | '\t')) || noncharacter || ignorable
}

/// Joins letters or keeps them apart without being seen: no part of a name, but of emoji in a text.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
}

/// What is wrong with the fields of a form, gathered while each text is brought into the form in which it is kept.
#[derive(Debug, Default)]
pub struct FieldFaults(Vec<FieldError>);

impl FieldFaults {
    pub fn add(&mut self, field: impl Into<String>, key: &'static str) {
        self.0.push(FieldError { field: field.into(), key });
    }

    /// A text of one line and at most `longest` letters; as it was typed where it is wrong.
    pub fn line(&mut self, field: &str, text: &str, longest: usize) -> String {
        self.bounded(field, text, one_line(text), longest)
    }

    /// The same with several lines.
    pub fn lines(&mut self, field: &str, text: &str, longest: usize) -> String {
        self.bounded(field, text, several_lines(text), longest)
    }

    /// As [`Self::line`], where people write telephone numbers as they do, with the way to an extension: whatever it
    /// says, there are three digits in it at least.
    pub fn telephone(&mut self, field: &str, text: &str, longest: usize) -> String {
        let told = self.0.len();
        let text = self.line(field, text, longest);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if self.0.len() == told && !text.is_empty() && digits < 3 {
            self.add(field, "field-telephone");
        }
        text
    }

    /// As [`Self::line`]; it must not be empty.
    pub fn required_line(&mut self, field: &str, text: &str, longest: usize) -> String {
        let text = self.line(field, text, longest);
        self.require(field, &text);
        text
    }

    /// As [`Self::lines`]; it must not be empty.
    pub fn required_lines(&mut self, field: &str, text: &str, longest: usize) -> String {
        let text = self.lines(field, text, longest);
        self.require(field, &text);
        text
    }

    /// Midnight of the day in a field; nothing where it is empty or wrong.
    pub fn day(&mut self, field: &str, text: &str) -> Option<Micros> {
        self.written(field, text, civil::DAY_WRONG, |text| civil::day(text).map(start_of_day))
    }

    /// As [`Self::day`]; it must not be empty. 0 where it is wrong.
    pub fn required_day(&mut self, field: &str, text: &str) -> Micros {
        self.require(field, text.trim());
        self.day(field, text).unwrap_or_default()
    }

    /// The moment in a field, which must not be empty; 0 where it is wrong.
    pub fn required_moment(&mut self, field: &str, text: &str) -> Micros {
        self.require(field, text.trim());
        self.written(field, text, civil::MOMENT_WRONG, civil::moment).unwrap_or_default()
    }

    fn written(
        &mut self,
        field: &str,
        text: &str,
        wrong: &'static str,
        read: impl Fn(&str) -> Option<Micros>,
    ) -> Option<Micros> {
        let text = text.trim();
        let found = read(text);
        if found.is_none() && !text.is_empty() {
            self.add(field, wrong);
        }
        found
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them at once, where there are any.
    pub fn into_result(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    fn require(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.add(field, "field-required");
        }
    }

    fn bounded(&mut self, field: &str, typed: &str, kept: Result<String, &'static str>, longest: usize) -> String {
        match kept {
            Ok(text) => {
                if text.chars().count() > longest {
                    self.add(field, "field-too-long");
                }
                text
            }
            Err(key) => {
                self.add(field, key);
                typed.to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_has_digits() {
        let wrong = |text: &str| {
            let mut faults = FieldFaults::default();
            faults.telephone("phone", text, 20);
            faults.0.into_iter().map(|one| one.key).collect::<Vec<_>>()
        };
        for text in ["", "113", "+84 239 000 003", "0239 000 001 máy 12"] {
            assert!(wrong(text).is_empty(), "{text}");
        }
        for text in ["abc", "12", "số 1"] {
            assert_eq!(wrong(text), ["field-telephone"], "{text}");
        }
        assert_eq!(wrong("a\nb"), [LINE_END], "one fault is enough");
    }

    #[test]
    fn a_line_is_composed_and_without_blanks_around_it() {
        assert_eq!(one_line(" Tie\u{302}\u{301}ng Vie\u{323}\u{302}t\t1 \r\n"), Ok("Tiếng Việt 1".to_owned()));
        assert_eq!(one_line("  "), Ok(String::new()));
        assert_eq!(one_line("Cảnh báo ⚠\u{fe0f}"), Ok("Cảnh báo ⚠\u{fe0f}".to_owned()));
    }

    #[test]
    fn signs_that_are_not_seen_are_refused_and_not_taken_away() {
        for sign in [
            '\0',
            '\u{1}',
            '\u{7}',
            '\u{b}',
            '\u{1b}',
            '\u{7f}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{3164}',
            '\u{feff}',
            '\u{fffe}',
            '\u{e0041}',
        ] {
            let text = format!("Sở{sign} Y tế");
            assert_eq!(one_line(&text), Err("text-hidden-sign"), "{sign:?}");
            assert_eq!(several_lines(&text), Err("text-hidden-sign"), "{sign:?}");
        }
        let family = "👩\u{200d}💻";
        assert_eq!(one_line(family), Err("text-hidden-sign"));
        assert_eq!(several_lines(family), Ok(family.to_owned()));
    }

    #[test]
    fn line_ends_stand_where_there_are_several_lines() {
        for end in ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!(" một \u{20}{end}  hai{end}");
            assert_eq!(one_line(&text), Err("text-one-line"), "{end:?}");
            assert_eq!(several_lines(&text), Ok("một\n  hai".to_owned()), "{end:?}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_and_keeps_what_was_typed() {
        let mut faults = FieldFaults::default();
        assert_eq!(faults.line("name", "Sở\u{202e}", 9), "Sở\u{202e}");
        assert_eq!(faults.required_line("code", " ", 9), "");
        assert_eq!(faults.lines("note", "a\r\nb", 2), "a\nb");
        let Err(Error::Invalid(wrong)) = faults.into_result() else { panic!("nothing is wrong") };
        let wrong: Vec<_> = wrong.iter().map(|one| (one.field.as_str(), one.key)).collect();
        assert_eq!(wrong, [("name", "text-hidden-sign"), ("code", "field-required"), ("note", "field-too-long")]);
    }

    #[test]
    fn every_wrong_day_of_a_form_is_told() {
        let mut faults = FieldFaults::default();
        let days = [("from", "32/11/2026"), ("to", ""), ("until", "21/11/2026")];
        let read = days.map(|(field, text)| faults.day(field, text).is_some());
        assert_eq!(read, [false, false, true]);
        assert_eq!((faults.required_day("since", " "), faults.required_moment("at", "soon")), (0, 0));
        let Err(Error::Invalid(told)) = faults.into_result() else { panic!("something is wrong") };
        let told: Vec<_> = told.iter().map(|one| (one.field.as_str(), one.key)).collect();
        let expected = [("from", civil::DAY_WRONG), ("since", "field-required"), ("at", civil::MOMENT_WRONG)];
        assert_eq!(told, expected);
    }
}
