//! Passwords: which are accepted (pure) and how they are hashed (argon2id, RFC 9106). Hashing runs on blocking
//! threads, few at a time.

use crate::policies::{HashCost, PasswordRules};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use kit::Error;
use rand::rngs::OsRng;
use rand::{Rng, TryRngCore};
use std::sync::Arc;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// Whose password it is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Owner<'text> {
    /// Words that must not be in it: the account and the name.
    pub about: &'text [&'text str],
    /// Signs in with a second factor too.
    pub second_factor: bool,
}

/// Keys of what is wrong with a password, empty if nothing is.
pub fn check_rules(rules: &PasswordRules, password: &str, owner: Owner<'_>) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let length = password.nfc().count();
    let strength = rules.strength(owner.second_factor);
    if length < strength.min_length {
        wrong.push("password-too-short");
    }
    if length > rules.max_length {
        wrong.push("password-too-long");
    }
    if classes(password) < strength.min_classes {
        wrong.push("password-too-few-classes");
    }
    let folded = kit::fold::fold(password);
    let holds = |piece: &str| {
        let piece = kit::fold::fold(piece);
        piece.chars().count() >= 3 && folded.contains(&piece)
    };
    let own_words = owner
        .about
        .iter()
        .flat_map(|words| words.split(['@', '.', ' ', '-', '_']))
        .filter(|word| word.chars().count() > 3);
    if rules.refused_pieces.iter().any(|piece| holds(piece)) || repeats(password) || runs(rules, password) {
        wrong.push("password-guessable");
    } else if own_words.into_iter().any(holds) {
        wrong.push("password-about-oneself");
    }
    wrong
}

/// Of small letters, capitals, digits and everything else: how many kinds occur.
fn classes(password: &str) -> usize {
    let kinds: [fn(char) -> bool; 4] = [
        char::is_lowercase,
        char::is_uppercase,
        |letter| letter.is_ascii_digit(),
        |letter| !letter.is_lowercase() && !letter.is_uppercase() && !letter.is_ascii_digit(),
    ];
    kinds.iter().filter(|kind| password.chars().any(kind)).count()
}

/// Fewer than five different characters.
fn repeats(password: &str) -> bool {
    let mut seen: Vec<char> = password.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() < 5
}

/// Too many neighbours of the keyboard or the alphabet in a row, in either direction.
fn runs(rules: &PasswordRules, password: &str) -> bool {
    let typed: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    rules.runs.iter().any(|row| {
        let forwards: Vec<char> = row.chars().collect();
        let backwards: Vec<char> = row.chars().rev().collect();
        typed.windows(rules.longest_run).any(|piece| {
            [&forwards, &backwards].iter().any(|row| row.windows(rules.longest_run).any(|part| part == piece))
        })
    })
}

/// A password for the first sign-in, to be read aloud: no letters that look alike, in groups of four.
pub fn temporary(rules: &PasswordRules) -> String {
    const LETTERS: &[u8] = b"abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789";
    let mut random = rand::rng();
    let groups = rules.alone.min_length.div_ceil(4).max(4);
    loop {
        let mut password = String::new();
        for place in 0..groups * 4 {
            if place > 0 && place % 4 == 0 {
                password.push('-');
            }
            let letter = LETTERS.get(random.random_range(0..LETTERS.len())).copied().unwrap_or(b'x');
            password.push(char::from(letter));
        }
        if check_rules(rules, &password, Owner::default()).is_empty() {
            return password;
        }
    }
}

/// Makes and checks hashes. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    gate: Arc<Semaphore>,
    /// Hash of a random password, verified where an account has none, so that it costs the same.
    dummy: Arc<str>,
}

impl Hasher {
    pub fn new(cost: &HashCost) -> Result<Self, Error> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(Error::internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = make(&argon2, &super::secret()?)?;
        Ok(Self { argon2, gate: Arc::new(Semaphore::new(cost.at_once.max(1))), dummy: dummy.into() })
    }

    /// Hash in PHC form with its own salt and parameters.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let (argon2, password) = (self.argon2.clone(), password.to_owned());
        self.blocking(move || make(&argon2, &password)).await
    }

    /// Whether the password belongs to the hash. Without a hash the dummy is verified and the answer is no.
    pub async fn verify(&self, hash: Option<&str>, password: &str) -> Result<bool, Error> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.dummy).to_owned();
        let (argon2, password) = (self.argon2.clone(), password.to_owned());
        let fits = self
            .blocking(move || {
                let parsed = PasswordHash::new(&hash).map_err(Error::internal)?;
                Ok(argon2.verify_password(normal(&password).as_bytes(), &parsed).is_ok())
            })
            .await?;
        Ok(fits && known)
    }

    /// Whether a hash was made with other parameters than today's.
    pub fn is_dated(&self, hash: &str) -> bool {
        let Ok(parsed) = PasswordHash::new(hash) else { return true };
        let params = Params::try_from(&parsed);
        let same = |have: &Params| {
            let now = self.argon2.params();
            (have.m_cost(), have.t_cost(), have.p_cost()) == (now.m_cost(), now.t_cost(), now.p_cost())
        };
        parsed.algorithm.as_str() != "argon2id" || !params.is_ok_and(|have| same(&have))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _permit = self.gate.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

fn make(argon2: &Argon2<'_>, password: &str) -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
    let salt = SaltString::encode_b64(&bytes).map_err(Error::internal)?;
    argon2.hash_password(normal(password).as_bytes(), &salt).map(|hash| hash.to_string()).map_err(Error::internal)
}

/// One form per text, however the keyboard composes accents.
fn normal(password: &str) -> String {
    password.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::Policies;
    use proptest::prelude::*;

    fn rules() -> PasswordRules {
        Policies::embedded().unwrap().password.rules.clone()
    }

    #[test]
    fn what_is_wrong_is_said() {
        let about = ["nguyen.thi.lan@syt.example", "Nguyễn Thị Lan"];
        let owner = Owner { about: &about, second_factor: false };
        let check = |password| check_rules(&rules(), password, owner);
        assert_eq!(check("Tre-Xanh.Ven-Song.1975"), Vec::<&str>::new());
        assert_eq!(check("Ngắn1!"), vec!["password-too-short"]);
        assert_eq!(check("toan chu thuong khong so"), vec!["password-too-few-classes"]);
        assert_eq!(check("MậtKhẩu-cua-toi-2026"), vec!["password-guessable"]);
        assert_eq!(check("Aa1!Aa1!Aa1!Aa1!"), vec!["password-guessable"]);
        assert_eq!(check("Xin-chao-nguyễn-2026"), vec!["password-about-oneself"]);
        let long = "Dài-quá-1".repeat(20);
        assert_eq!(check(&long), vec!["password-too-long"]);
        for guessed in ["Qwert-Sông-Núi.8", "Sông-Núi-54321!", "Lá-Trầu?lkjhgf.8", "Abcde-Lá-Trầu.8"] {
            assert_eq!(check(guessed), vec!["password-guessable"], "{guessed}");
        }
        assert_eq!(check("Sông-Núi-4321?Lá"), Vec::<&str>::new(), "four neighbours are not yet a row");
    }

    #[test]
    fn with_a_second_factor_a_shorter_password_is_enough() {
        let check =
            |password, second_factor| check_rules(&rules(), password, Owner { about: &["lan.nguyen"], second_factor });
        assert_eq!(check("lá trầu!", true), Vec::<&str>::new());
        assert_eq!(check("lá trầu!", false), vec!["password-too-short", "password-too-few-classes"]);
        assert_eq!(check("lá trầu", true), vec!["password-too-short"]);
        assert_eq!(check("nguyen lan lan", true), vec!["password-about-oneself"]);
        assert_eq!(check("qwertyui", true), vec!["password-guessable"]);
    }

    #[test]
    fn temporary_passwords_pass_and_differ() {
        let first = temporary(&rules());
        assert_eq!(check_rules(&rules(), &first, Owner::default()), Vec::<&str>::new());
        assert_ne!(first, temporary(&rules()));
    }

    proptest! {
        #[test]
        fn an_accepted_password_keeps_every_rule(password in "\\PC{0,140}") {
            let rules = rules();
            if check_rules(&rules, &password, Owner::default()).is_empty() {
                let length = password.nfc().count();
                prop_assert!((rules.alone.min_length..=rules.max_length).contains(&length));
                prop_assert!(password.chars().any(char::is_lowercase) && password.chars().any(char::is_uppercase));
                prop_assert!(password.chars().any(|letter| letter.is_ascii_digit()));
                prop_assert!(!kit::fold::fold(&password).contains("matkhau"));
            }
        }

        #[test]
        fn a_long_mixed_password_is_accepted(
            small in "[e-m]{5}", capital in "[N-Z]{5}", digits in "[0-9]{1}", rest in "[!?%;:]{1}[e-z]{4}",
        ) {
            let password = format!("{small}{capital}{digits}{rest}");
            let wrong = check_rules(&rules(), &password, Owner::default());
            prop_assert!(wrong.is_empty() || wrong == ["password-guessable"], "{password} {wrong:?}");
        }

        #[test]
        fn a_password_with_the_account_in_it_is_refused(before in "[A-Z0-9!]{0,9}", after in "[a-z0-9?]{9,20}") {
            let password = format!("{before}Truongca{after}");
            let owner = Owner { about: &["truongca"], second_factor: true };
            prop_assert!(!check_rules(&rules(), &password, owner).is_empty());
        }
    }
}
