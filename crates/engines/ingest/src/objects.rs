//! JSON objects one behind the other, as bodies of requests hold them. One that is broken refuses only itself: reading goes on at the next
//! that begins behind a closing brace or on a line of its own.

use serde_json::value::RawValue;

/// Looks at a whole body that broken objects may cost together. One that is never closed costs a look at all that is behind it,
/// and each object within it another; most end at once.
const MOST_LOOKS: usize = 8;

/// The objects of a body, each as it is written or with what is wrong with it.
pub(crate) struct Objects<'b> {
    rest: &'b [u8],
    /// Bytes that broken ones may still cost.
    budget: usize,
}

impl<'b> Objects<'b> {
    pub(crate) fn of(body: &'b [u8]) -> Self {
        Self { rest: body, budget: body.len().saturating_mul(MOST_LOOKS) }
    }
}

impl<'b> Iterator for Objects<'b> {
    type Item = Result<&'b str, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut values = serde_json::Deserializer::from_slice(self.rest).into_iter::<&'b RawValue>();
        let value = values.next()?;
        let end = values.byte_offset();
        Some(match value {
            Ok(raw) => {
                self.rest = self.rest.get(end..).unwrap_or_default();
                Ok(raw.get())
            }
            Err(error) => {
                let cost = looked_at(self.rest, &error);
                match self.budget.checked_sub(cost) {
                    Some(left) => {
                        self.budget = left;
                        self.rest = behind(self.rest);
                        Err(error.to_string())
                    }
                    None => {
                        self.rest = &[];
                        Err(format!("{error}; too much of the body is broken, and nothing behind this was read"))
                    }
                }
            }
        })
    }
}

/// Bytes up to an error.
fn looked_at(bytes: &[u8], error: &serde_json::Error) -> usize {
    if error.is_eof() {
        return bytes.len();
    }
    let lines = bytes.split(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    lines.map(|line| line.len() + 1).sum::<usize>() + error.column()
}

/// From the next object on that may be one of its own.
fn behind(broken: &[u8]) -> &[u8] {
    let begin = broken.iter().position(|byte| !byte.is_ascii_whitespace()).map_or(broken.len(), |at| at + 1);
    let (mut last, mut own_line) = (b' ', false);
    for (at, byte) in broken.iter().enumerate().skip(begin) {
        match byte {
            b'{' if last == b'}' || own_line => return broken.get(at..).unwrap_or_default(),
            b'\n' => own_line = true,
            byte if byte.is_ascii_whitespace() => {}
            byte => (last, own_line) = (*byte, false),
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &[u8]) -> Vec<Option<&str>> {
        Objects::of(body).map(Result::ok).collect()
    }

    #[test]
    fn a_broken_object_refuses_only_itself() {
        assert_eq!(read(br#"{"a":1}{"a": oops}{"a":2}"#), [Some(r#"{"a":1}"#), None, Some(r#"{"a":2}"#)]);
        assert_eq!(read(b"{\"a\":\"\xff\"}\r\n{\"a\":2}"), [None, Some(r#"{"a":2}"#)]);
        assert_eq!(read(b"nothing\n{\"a\":2}"), [None, Some(r#"{"a":2}"#)]);
        assert_eq!(read(br#"{"a":{"b":"#), [None]);
        assert!(read(b" \n").is_empty());
        let many = read("{\"a\":x}\n{\"a\":1}\n".repeat(1_000).as_bytes()).len();
        assert_eq!(many, 2_000, "however many there are");
    }

    #[test]
    fn objects_that_are_never_closed_cost_a_few_looks_and_what_is_left_is_told() {
        let body = "{\"a\":\n".repeat(100_000);
        let faults: Vec<String> = Objects::of(body.as_bytes()).filter_map(Result::err).collect();
        assert!((2..=MOST_LOOKS + 2).contains(&faults.len()), "{}", faults.len());
        assert!(faults.last().is_some_and(|last| last.contains("nothing behind this was read")));
        let after = body[..60].to_owned() + "{\"b\":1}\n";
        assert_eq!(read(after.as_bytes()).last(), Some(&Some(r#"{"b":1}"#)), "a few hide nothing");
    }

    proptest! {
        #[test]
        fn reading_ends_and_keeps_what_is_whole(bytes in prop::collection::vec(prop::sample::select(&b"{}\"a:,1[\n\xff "[..]), 0..200)) {
            prop_assert!(Objects::of(&bytes).count() <= bytes.len());
            let whole = [b"{\"a\":1}\n".as_slice(), &bytes, b"\n{\"b\":2}"].concat();
            prop_assert_eq!(Objects::of(&whole).next(), Some(Ok("{\"a\":1}")));
        }
    }
}
