//! What a log says of the records below: the names of their fields (`#Fields:` of the W3C format).

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

/// Bytes of a list of names that is handed on; below a longer one the records have no names.
const LONGEST: usize = 8 << 10;
const MARK: &[u8] = b"#Fields:";

/// The list of names that holds where a reader stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Header(Option<Arc<str>>);

impl Header {
    /// Takes over what a record says, if it is such a list.
    pub(super) fn see(&mut self, record: &[u8]) {
        let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
        let Some(names) = record.strip_prefix(MARK).map(<[u8]>::trim_ascii) else { return };
        if names.len() > LONGEST {
            self.0 = None;
            return;
        }
        let names = String::from_utf8_lossy(names);
        if self.0.as_deref() != Some(&*names) {
            self.0 = Some(Arc::from(&*names));
        }
    }

    pub(super) fn names(&self) -> Option<Arc<str>> {
        self.0.clone()
    }

    /// What holds behind a beginning of a log.
    pub(super) fn behind(beginning: impl Read) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(256 << 10, beginning);
        let (mut header, mut line, mut begins) = (Self::default(), Vec::new(), true);
        loop {
            line.clear();
            let most = (MARK.len() + 2 * LONGEST) as u64;
            if reader.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
                return Ok(header);
            }
            if begins {
                header.see(&line);
            }
            begins = line.ends_with(b"\n");
        }
    }
}
