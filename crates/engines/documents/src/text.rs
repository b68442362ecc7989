//! Text from outside, made safe to print: composed Vietnamese letters, nothing that XML forbids or that lies to the eye.

use unicode_normalization::UnicodeNormalization;

/// Normalises to NFC and drops what has no place on paper: control characters, code points that XML 1.0 forbids
/// (§2.2), and the invisible marks that turn the reading direction (they let "exe.cod" read as "doc.exe").
/// Tabs become spaces; line breaks stay and are unified to `\n`.
pub fn printable(text: &str) -> String {
    let mut previous_return = false;
    text.nfc()
        .filter_map(|character| {
            let after_return = std::mem::replace(&mut previous_return, character == '\r');
            match character {
                '\n' if after_return => None,
                '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
                '\t' => Some(' '),
                _ if character.is_control() || turns_direction(character) || is_noncharacter(character) => None,
                _ => Some(character),
            }
        })
        .collect()
}

/// One line: line breaks become spaces, runs of blanks one.
pub(crate) fn single_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines that hold something.
pub(crate) fn lines(text: &str) -> Vec<String> {
    printable(text).lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The text in capitals, as the decree asks for names of bodies and kinds.
pub(crate) fn capitals(text: &str) -> String {
    single_line(text).to_uppercase()
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

fn is_noncharacter(character: char) -> bool {
    let code = u32::from(character);
    code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decomposed_vietnamese_is_composed() {
        assert_eq!(printable("Tie\u{302}\u{301}ng Vie\u{323}\u{302}t"), "Tiếng Việt");
    }

    #[test]
    fn control_and_direction_marks_go_and_lines_stay() {
        assert_eq!(printable("a\u{0}b\u{1b}[31mc\u{202e}d\r\ne\tf\u{fffe}"), "ab[31mcd\ne f");
    }

    #[test]
    fn one_line_has_no_breaks() {
        assert_eq!(single_line("  a\n\n b \t c "), "a b c");
    }

    proptest! {
        #[test]
        fn nothing_that_xml_forbids_survives(text in "\\PC*|(?s).*") {
            for character in printable(&text).chars() {
                let code = u32::from(character);
                prop_assert!(code == 0xA || (0x20..=0xD7FF).contains(&code) || (0xE000..=0xFFFD).contains(&code) || code >= 0x1_0000);
            }
        }
    }
}
