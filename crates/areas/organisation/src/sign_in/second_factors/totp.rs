//! Codes of authenticator apps (RFC 6238: SHA-1, six digits, thirty seconds).

use kit::Error;
use qrcode::{Color, EcLevel, QrCode};
use rand::TryRngCore;
use rand::rngs::OsRng;
use std::fmt::Write;
use totp_rs::{Builder, Secret, Totp};

/// 160 random bits, the length that RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Light modules around a QR code, as its standard asks for.
const QUIET: usize = 4;

/// A new secret in base32, the form that people type.
pub(crate) fn new_secret() -> Result<String, Error> {
    let mut bytes = [0_u8; SECRET_BYTES];
    OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
    Ok(Secret::new_stack(bytes).to_base32())
}

fn generator(secret: &str, patience: u16) -> Result<Totp, Error> {
    let secret = Secret::try_from_base32(secret).map_err(Error::internal)?;
    Builder::new().with_secret(secret).with_skew(patience).build().map_err(Error::internal)
}

/// The time step that a code belongs to, if it is right at `seconds` since 1970 or not more than `patience` steps before
/// or after. Blanks in it do not matter.
pub(crate) fn step_of(secret: &str, code: &str, seconds: u64, patience: u16) -> Result<Option<u64>, Error> {
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    Ok(generator(secret, patience)?.check(&code, seconds))
}

/// What the QR code says: the form that authenticator apps read.
pub(crate) fn address(secret: &str, issuer: &str, account: &str) -> String {
    let issuer = encoded(issuer);
    format!("otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}", encoded(account))
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// A QR code as one path in units of its modules: side length and path.
pub(crate) fn drawing(text: &str) -> Result<(usize, String), Error> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let path = dark.fold(String::new(), |mut path, (place, _)| {
        let _ = write!(path, "M{},{}h1v1h-1z", place % width + QUIET, place / width + QUIET);
        path
    });
    Ok((width + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of appendix B of RFC 6238, `12345678901234567890`.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_codes_of_the_standard_are_right() {
        for (seconds, eight) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
        ] {
            assert_eq!(step_of(SECRET, &eight[2..], seconds, 0).unwrap(), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_as_many_steps_before_and_after_its_own_as_there_is_patience() {
        let code = "081 804";
        let step = 1_111_111_109 / 30;
        for (seconds, found) in
            [(step * 30 - 31, None), (step * 30 - 30, Some(step)), (step * 30 + 59, Some(step)), (step * 30 + 60, None)]
        {
            assert_eq!(step_of(SECRET, code, seconds, 1).unwrap(), found, "{seconds}");
        }
        for (seconds, found) in [(step * 30 - 1, None), (step * 30, Some(step)), (step * 30 + 30, None)] {
            assert_eq!(step_of(SECRET, code, seconds, 0).unwrap(), found, "{seconds}");
        }
        for wrong in ["", "081805", "0818040", "+81804", "٠٨١٨٠٤"] {
            assert_eq!(step_of(SECRET, wrong, step * 30, 1).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_differ_and_have_the_recommended_length() {
        let secret = new_secret().unwrap();
        assert_eq!(secret.len(), 32);
        assert_ne!(secret, new_secret().unwrap());
    }

    #[test]
    fn the_drawing_holds_the_address() {
        let address = address(SECRET, "Lũy Tre", "can.bo@syt.example");
        assert_eq!(
            address,
            format!("otpauth://totp/L%C5%A9y%20Tre:can.bo@syt.example?secret={SECRET}&issuer=L%C5%A9y%20Tre")
        );
        let (side, path) = drawing(&address).unwrap();
        assert_eq!(side, QrCode::with_error_correction_level(&address, EcLevel::M).unwrap().width() + 8);
        assert!(path.starts_with("M4,4h1v1h-1z"), "the finder pattern stands in the corner");
    }
}
