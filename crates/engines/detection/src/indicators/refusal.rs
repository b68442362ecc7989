//! Why a text is no indicator.

/// A reason; people read the text under `indicator-refusal-` and [`Refusal::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    #[error("nothing stands here")]
    Empty,
    #[error("neither domain, address, link, hash, e-mail address nor file name")]
    Unknown,
    #[error("not a domain")]
    NotDomain,
    #[error("not an address or a range in CIDR notation")]
    NotAddress,
    #[error("not a link with a host")]
    NotUrl,
    #[error("not an MD5, SHA-1 or SHA-256")]
    NotHash,
    #[error("not an e-mail address")]
    NotMail,
    #[error("not a file name with an ending, or a path")]
    NotFileName,
    #[error("stands for too much: a whole registry, or a range of too many addresses")]
    TooBroad,
    #[error("used inside networks, by nobody in particular")]
    Private,
    #[error("hash of the empty file, or of one repeated digit")]
    EmptyFile,
    #[error("too long")]
    TooLong,
    #[error("the set is full")]
    SetFull,
}

impl Refusal {
    pub const ALL: [Self; 13] = [
        Self::Empty,
        Self::Unknown,
        Self::NotDomain,
        Self::NotAddress,
        Self::NotUrl,
        Self::NotHash,
        Self::NotMail,
        Self::NotFileName,
        Self::TooBroad,
        Self::Private,
        Self::EmptyFile,
        Self::TooLong,
        Self::SetFull,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unknown => "unknown",
            Self::NotDomain => "not-domain",
            Self::NotAddress => "not-address",
            Self::NotUrl => "not-url",
            Self::NotHash => "not-hash",
            Self::NotMail => "not-mail",
            Self::NotFileName => "not-file-name",
            Self::TooBroad => "too-broad",
            Self::Private => "private",
            Self::EmptyFile => "empty-file",
            Self::TooLong => "too-long",
            Self::SetFull => "set-full",
        }
    }
}
