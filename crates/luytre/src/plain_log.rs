//! Fields of the program's log in its plain form: one line an event, whatever somebody put into a field. The other form,
//! JSON, does so by itself.

use std::fmt::{self, Write};
use tracing::field::Field;
use tracing_subscriber::fmt::format::Writer;

/// Writes one field; the message stands without its name.
pub(crate) fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let name = field.name();
    // What the `log` crate says of itself is in the head of the line.
    if name.starts_with("log.") {
        return Ok(());
    }
    if name != "message" {
        write!(writer, " {name}=")?;
    }
    write!(OneLine(writer), "{value:?}")
}

/// Line ends, control signs and signs that turn the direction of a text are written as escapes.
struct OneLine<'writer, 'text>(&'writer mut Writer<'text>);

impl Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            if letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
                write!(self.0, "{}", letter.escape_default())?;
            } else {
                self.0.write_char(letter)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::write_field;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::fmt::format::debug_fn;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_field_begins_a_line_of_its_own() {
        let kept = Lines::default();
        let lines = kept.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || lines.clone());
        tracing::subscriber::with_default(log.fmt_fields(debug_fn(write_field)).finish(), || {
            let said = "one\n2026-11-23T00:00:00Z ERROR luytre: made up\u{1b}[2J\u{202e}";
            tracing::warn!(%said, quoted = "a\r\nb", count = 3, "first\nsecond");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let fields = r#"first\nsecond said=one\n2026-11-23T00:00:00Z ERROR luytre: made up\u{1b}[2J\u{202e} "#;
        assert!(text.contains(fields), "{text}");
        assert!(text.trim_end().ends_with(r#"quoted="a\r\nb" count=3"#), "{text}");
    }
}
