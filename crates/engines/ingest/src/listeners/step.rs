//! Where a counted stream (RFC 6587 §3.4.1) that fell out of step can be taken up again: behind a line end, or at what
//! looks like a count with the priority of the message behind it.

/// Digits of an octet count.
const MAX_DIGITS: usize = 9;
/// Digits of a priority.
const MAX_PRIORITY: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Bytes from here on are in step again.
    Found(usize),
    /// Nothing before this place; behind it more bytes have to come.
    Unknown(usize),
}

impl Step {
    pub(super) fn at(self) -> usize {
        match self {
            Self::Found(at) | Self::Unknown(at) => at,
        }
    }

    pub(super) fn is_found(self) -> bool {
        matches!(self, Self::Found(_))
    }
}

/// Looks from `from` on, which is 0 or what an earlier call found unknown.
pub(super) fn next_step(buffer: &[u8], from: usize) -> Step {
    let mut at = from;
    while let Some(byte) = buffer.get(at) {
        match byte {
            b'\n' | 0 => return Step::Found(at),
            b'0'..=b'9' => {
                let rest = buffer.get(at..).unwrap_or_default();
                let digits = digits(rest);
                if digits > MAX_DIGITS && digits == rest.len() {
                    // As much is kept as tells that these digits are too many.
                    return Step::Unknown(buffer.len() - MAX_DIGITS - 1);
                }
                if *byte != b'0' && digits <= MAX_DIGITS {
                    match is_count(rest, digits) {
                        Some(true) => return Step::Found(at),
                        Some(false) => {}
                        None => return Step::Unknown(at),
                    }
                } else if digits == rest.len() {
                    return Step::Unknown(at);
                }
                at += digits;
            }
            _ => at += 1,
        }
    }
    Step::Unknown(at)
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether `digits SP <priority>` stands here; `None` while that cannot be said.
fn is_count(bytes: &[u8], count: usize) -> Option<bool> {
    if *bytes.get(count)? != b' ' {
        return Some(false);
    }
    if *bytes.get(count + 1)? != b'<' {
        return Some(false);
    }
    let priority = digits(bytes.get(count + 2..)?);
    if priority > MAX_PRIORITY {
        return Some(false);
    }
    let behind = *bytes.get(count + 2 + priority)?;
    Some(priority > 0 && behind == b'>')
}
