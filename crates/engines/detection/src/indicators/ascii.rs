//! Domains in their ASCII form: letters of other scripts as Punycode (RFC 3492), lower case, no trailing dot. What
//! records and lists spell either way meets here. Allocates nothing.

/// Longest domain (RFC 1035), in bytes.
pub(super) const LONGEST: usize = 253;
/// Longest label.
const LONGEST_LABEL: usize = 63;

/// A domain in its ASCII form.
pub(super) struct AsciiName {
    bytes: [u8; LONGEST],
    length: usize,
}

impl AsciiName {
    /// `None` where it is longer than a domain can be.
    pub(super) fn of(name: &str) -> Option<Self> {
        let mut made = Self { bytes: [0; LONGEST], length: 0 };
        for (place, label) in name.trim_end_matches('.').split('.').enumerate() {
            if place > 0 {
                made.push(b'.')?;
            }
            let start = made.length;
            match label.is_ascii() {
                true => label.bytes().try_for_each(|byte| made.push(byte.to_ascii_lowercase()))?,
                false => made.encode(label)?,
            }
            if made.length - start > LONGEST_LABEL {
                return None;
            }
        }
        Some(made)
    }

    pub(super) fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.length)? = byte;
        self.length += 1;
        Some(())
    }

    /// Appends a label as Punycode.
    fn encode(&mut self, label: &str) -> Option<()> {
        let mut letters = ['\0'; LONGEST_LABEL];
        let mut count = 0;
        for letter in label.chars().flat_map(char::to_lowercase) {
            *letters.get_mut(count)? = letter;
            count += 1;
        }
        let letters = letters.get(..count)?;
        b"xn--".iter().try_for_each(|byte| self.push(*byte))?;
        let mut done = 0_u32;
        for letter in letters.iter().filter(|letter| letter.is_ascii()) {
            self.push(*letter as u8)?;
            done += 1;
        }
        let basic = done;
        if basic > 0 {
            self.push(b'-')?;
        }
        let (mut next, mut delta, mut bias) = (128_u32, 0_u32, 72_u32);
        while (done as usize) < letters.len() {
            let lowest = letters.iter().map(|letter| u32::from(*letter)).filter(|code| *code >= next).min()?;
            delta = delta.checked_add((lowest - next).checked_mul(done + 1)?)?;
            next = lowest;
            for code in letters.iter().map(|letter| u32::from(*letter)) {
                if code < next {
                    delta = delta.checked_add(1)?;
                }
                if code == next {
                    self.variable_length(delta, bias)?;
                    bias = adapt(delta, done + 1, done == basic);
                    delta = 0;
                    done += 1;
                }
            }
            delta = delta.checked_add(1)?;
            next += 1;
        }
        Some(())
    }

    fn variable_length(&mut self, mut number: u32, bias: u32) -> Option<()> {
        for step in (36_u32..).step_by(36) {
            let threshold = step.saturating_sub(bias).clamp(1, 26);
            if number < threshold {
                break;
            }
            self.digit(threshold + (number - threshold) % (36 - threshold))?;
            number = (number - threshold) / (36 - threshold);
        }
        self.digit(number)
    }

    fn digit(&mut self, digit: u32) -> Option<()> {
        self.push(*b"abcdefghijklmnopqrstuvwxyz0123456789".get(digit as usize)?)
    }
}

/// RFC 3492, section 6.1.
fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut bias = 0;
    while delta > 35 * 26 / 2 {
        delta /= 35;
        bias += 36;
    }
    bias + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_other_scripts_become_punycode() {
        // Samples of RFC 3492, section 7.1, and names in use.
        for (name, ascii) in [
            ("Evil.Example.", "evil.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
            ("他们为什么不说中文.cn", "xn--ihqwcrb4cv8a8dqg056pqjye.cn"),
            ("TạisaohọkhôngthểchỉnóitiếngViệt.vn", "xn--tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g.vn"),
            ("3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"),
        ] {
            assert_eq!(AsciiName::of(name).map(|made| made.as_str().to_owned()).as_deref(), Some(ascii));
        }
        assert!(AsciiName::of(&"ễ".repeat(64)).is_none());
        assert!(AsciiName::of(&"a.".repeat(130)).is_none());
    }
}
