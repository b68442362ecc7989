//! What somebody who wants in says, and what comes of it.

use super::Origin;
use super::sessions::NewSession;
use super::steps::NewStep;
use kit::clock::Micros;

/// What the form says.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    pub account: String,
    pub password: String,
    pub origin: Origin,
    /// Secret of the device's cookie.
    pub device: Option<String>,
}

/// The secret by which a device is known next time, for its cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDevice {
    pub token: String,
    /// Seconds until it is forgotten.
    pub seconds: i64,
}

impl std::fmt::Debug for NewDevice {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NewDevice").field("seconds", &self.seconds).finish_non_exhaustive()
    }
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    SignedIn {
        session: NewSession,
        person_id: String,
        device: NewDevice,
    },
    /// The password was right; a second factor is asked for, under the cookie of this step.
    SecondFactor {
        step: NewStep,
    },
    /// The step before is too long ago, or there was none.
    Expired,
    /// Too many wrong codes after the right password.
    CodesLocked {
        until: Micros,
    },
    /// Wrong, unknown, disabled: the asker learns no more.
    Refused,
    /// Too many failures for this name from this place, whether an account has it or not.
    Locked {
        until: Micros,
    },
    /// Too many failures for this name from many places: strangers wait.
    Guarded {
        until: Micros,
    },
    /// Too many failures from this address.
    Slowed {
        until: Micros,
    },
}

/// A door that somebody has come through.
pub(super) struct Entrance<'request> {
    pub(super) origin: &'request Origin,
    /// How: `password`, `password+app`, `passkey` …
    pub(super) method: &'request str,
    /// Secret of the device's cookie.
    pub(super) device: Option<&'request str>,
}
