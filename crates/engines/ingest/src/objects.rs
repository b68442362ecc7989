//! JSON objects one behind the other, as bodies of requests hold them. One that is broken refuses only itself: reading goes on at the next
//! that begins behind a closing brace or on a line of its own.

use serde_json::value::RawValue;

/// Broken ones of a body behind which reading goes on; each may cost a look at much of the body.
const MOST_BROKEN: usize = 100;

/// The objects of a body, each as it is written or with what is wrong with it.
pub(crate) struct Objects<'b> {
    rest: &'b [u8],
    broken: usize,
}

impl<'b> Objects<'b> {
    pub(crate) fn of(body: &'b [u8]) -> Self {
        Self { rest: body, broken: 0 }
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
                self.broken += 1;
                self.rest = if self.broken < MOST_BROKEN { behind(self.rest) } else { &[] };
                Err(error.to_string())
            }
        })
    }
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
        assert_eq!(read("{\"a\":x}\n".repeat(1_000).as_bytes()).len(), MOST_BROKEN);
    }

    proptest! {
        #[test]
        fn reading_ends_and_keeps_what_is_whole(bytes in prop::collection::vec(prop::sample::select(&b"{}\"a:,1[\n\xff "[..]), 0..200)) {
            let broken = Objects::of(&bytes).filter(Result::is_err).count();
            prop_assert!(broken <= MOST_BROKEN);
            let whole = [b"{\"a\":1}\n".as_slice(), &bytes, b"\n{\"b\":2}"].concat();
            prop_assert_eq!(Objects::of(&whole).next(), Some(Ok("{\"a\":1}")));
        }
    }
}
