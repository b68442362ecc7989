//! Recovery codes: for whoever has lost the second factor. 120 random bits each, so a plain hash keeps them (from 112 on,
//! OWASP ASVS 5.0.0, 6.5.2).

use kit::Error;
use rand::TryRngCore;
use rand::rngs::OsRng;

/// Without letters that look like digits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS: usize = 6;
const IN_GROUP: usize = 4;
const LETTERS_OF_ONE: usize = GROUPS * IN_GROUP;
/// Letters of the codes that were given out before; they are used up.
const SHORTER: usize = 16;

/// New codes such as `k3mp-x7qd-9abc-tt2w-hh5n-2uve`.
pub(super) fn new_codes(count: usize) -> Result<Vec<String>, Error> {
    (0..count)
        .map(|_| {
            let mut bytes = [0_u8; LETTERS_OF_ONE];
            OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
            let letters = bytes.map(|byte| LETTERS.get(usize::from(byte) % LETTERS.len()).copied().unwrap_or(b'a'));
            let groups: Vec<_> =
                letters.chunks(IN_GROUP).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
            Ok(groups.join("-"))
        })
        .collect()
}

/// What is kept of a code, however it was typed.
pub(super) fn hash(code: &str) -> String {
    let letters: String = code.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    crate::sign_in::hash_of(&letters)
}

/// Whether a text may be a recovery code and so is no code of an app.
pub(super) fn is_one(text: &str) -> bool {
    matches!(text.chars().filter(|letter| letter.is_alphanumeric()).count(), LETTERS_OF_ONE | SHORTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_are_read_however_they_are_typed() {
        let codes = new_codes(10).unwrap();
        let mut hashes: Vec<_> = codes.iter().map(|code| hash(code)).collect();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 10);
        for code in &codes {
            assert!(is_one(code) && code.len() == 29, "{code}");
            let typed = format!(" {} ", code.replace('-', " ").to_uppercase());
            assert_eq!(hash(&typed), hash(code));
            assert!(is_one(&typed));
        }
        assert!(is_one("k3mp-x7qd-9abc-tt2w"), "one given out before");
        assert!(!is_one("123456") && !is_one("123 456"));
    }
}
