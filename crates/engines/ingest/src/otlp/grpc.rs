//! Messages of gRPC over HTTP/2: five bytes (compressed or not, length) and the message.

/// Why a body is no single message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the body ends before its message")]
    Short,
    #[error("the body goes on behind its message")]
    Long,
    #[error("the flag of the message is neither 0 nor 1")]
    Flag,
}

/// The only message of a body, and whether it is compressed.
pub fn unframe(body: &[u8]) -> Result<(bool, &[u8]), FrameError> {
    let ([flag, length @ ..], message) = body.split_first_chunk::<5>().ok_or(FrameError::Short)?;
    let length = u32::from_be_bytes(*length) as usize;
    if message.len() < length {
        return Err(FrameError::Short);
    }
    if message.len() > length {
        return Err(FrameError::Long);
    }
    match flag {
        0 => Ok((false, message)),
        1 => Ok((true, message)),
        _ => Err(FrameError::Flag),
    }
}

/// A message as the body of an answer.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0_u8][..], &length.to_be_bytes()[..], message].concat()
}
