//! Fields of a protobuf message, read in place: nothing is copied and nothing is built that the sender has not sent.

/// The bytes are no protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no protobuf message")]
pub(super) struct Malformed;

/// A value as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// The fields of a message, each with its number, in the order of the wire. Ends after the first that is malformed.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<(u64, Field<'a>), Malformed> {
        let key = self.varint()?;
        let number = key >> 3;
        if number == 0 {
            return Err(Malformed);
        }
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => {
                let (bytes, rest) = self.0.split_first_chunk::<8>().ok_or(Malformed)?;
                self.0 = rest;
                Field::Fixed64(u64::from_le_bytes(*bytes))
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            5 => {
                let (bytes, rest) = self.0.split_first_chunk::<4>().ok_or(Malformed)?;
                self.0 = rest;
                Field::Fixed32(u32::from_le_bytes(*bytes))
            }
            _ => return Err(Malformed),
        };
        Ok((number, field))
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for place in 0..10 {
            let (byte, rest) = self.0.split_first().ok_or(Malformed)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.0 = &[];
        }
        Some(read)
    }
}

/// Appends a field of bytes to a message.
pub(super) fn write_bytes(message: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    write_varint(message, (number << 3) | 2);
    write_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

/// Appends a field that is a number.
pub(super) fn write_number(message: &mut Vec<u8>, number: u64, value: u64) {
    write_varint(message, number << 3);
    write_varint(message, value);
}

fn write_varint(message: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        message.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    message.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut message = Vec::new();
        write_number(&mut message, 1, 300);
        write_bytes(&mut message, 16, b"abc");
        write_number(&mut message, 2, u64::MAX);
        message.extend_from_slice(&[(3 << 3) | 1, 1, 0, 0, 0, 0, 0, 0, 0x80, (4 << 3) | 5, 2, 0, 0, 0]);
        let fields: Result<Vec<_>, _> = Fields(&message).collect();
        let expected = vec![
            (1, Field::Varint(300)),
            (16, Field::Bytes(b"abc")),
            (2, Field::Varint(u64::MAX)),
            (3, Field::Fixed64(1 | (0x80 << 56))),
            (4, Field::Fixed32(2)),
        ];
        assert_eq!(fields, Ok(expected));
    }

    #[test]
    fn a_message_cut_anywhere_ends_in_an_error_and_never_in_something_else() {
        let mut message = Vec::new();
        write_bytes(&mut message, 1, b"abcdef");
        for length in 1..message.len() {
            assert_eq!(Fields(&message[..length]).last(), Some(Err(Malformed)), "{length}");
        }
        for odd in [&[0][..], &[(3 << 3) | 3], &[0xff; 11], &[(1 << 3) | 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]] {
            assert_eq!(Fields(odd).last(), Some(Err(Malformed)), "{odd:?}");
        }
    }
}
