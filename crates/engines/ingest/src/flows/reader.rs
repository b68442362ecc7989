//! Numbers in network order from the front of a message; nothing where too few bytes are left.

#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn long(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }
}

/// A number of up to eight bytes; exporters may send fewer than its type has (RFC 7011 §6.2).
pub(super) fn unsigned(bytes: &[u8]) -> Option<u64> {
    let fits = !bytes.is_empty() && bytes.len() <= 8;
    fits.then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The same with its sign.
pub(super) fn signed(bytes: &[u8]) -> Option<i64> {
    let unused = 64 - 8 * u32::try_from(bytes.len()).ok().filter(|length| (1..=8).contains(length))?;
    Some((unsigned(bytes)? << unused).cast_signed() >> unused)
}

pub(super) fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_fewer_bytes_keep_their_sign() {
        assert_eq!(unsigned(&[1, 2, 3]), Some(0x01_02_03));
        assert_eq!(unsigned(&[255; 8]), Some(u64::MAX));
        assert_eq!((unsigned(&[]), unsigned(&[0; 9])), (None, None));
        assert_eq!((signed(&[255]), signed(&[127, 255])), (Some(-1), Some(32_767)));
        assert_eq!((signed(&[128, 0, 0, 0, 0, 0, 0, 0]), signed(&[])), (Some(i64::MIN), None));
        assert_eq!(float(&1.5_f32.to_be_bytes()), Some(1.5));
    }
}
