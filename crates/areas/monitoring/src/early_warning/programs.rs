//! The path of a program without what differs from machine to machine and from version to version: whose folder it lies in,
//! versions, GUIDs, hashes, names of temporary folders. Pure.

/// What folders of people lie in.
const HOMES: [&str; 3] = ["users", "home", "documents and settings"];
/// So many hexadecimal digits, one of them a digit, are no word.
const HASH: usize = 8;
/// So many digits in a row are no part of a name.
const NUMBER: usize = 3;
/// Lengths of the parts of a GUID.
const GUID: [usize; 5] = [8, 4, 4, 4, 12];
/// In the place of a name, and of a number.
const ANY: &str = "*";
const ANY_NUMBER: char = '#';

/// The path in lower case, with stars for names and `#` for numbers.
pub(super) fn shape(path: &str) -> String {
    let path = path.to_lowercase();
    let mut shaped = String::with_capacity(path.len());
    let mut is_home = false;
    for part in path.split_inclusive(['\\', '/']) {
        let name = part.trim_end_matches(['\\', '/']);
        if name.is_empty() {
            shaped.push_str(part);
            continue;
        }
        let is_folder = name.len() < part.len();
        if (is_home && is_folder) || name.ends_with(".tmp") {
            shaped.push_str(ANY);
        } else {
            numbers_out(name, &mut shaped);
        }
        shaped.push_str(part.get(name.len()..).unwrap_or_default());
        is_home = HOMES.contains(&name);
    }
    shaped
}

/// A name with `#` for each GUID, hash, version and long number in it.
fn numbers_out(name: &str, shaped: &mut String) {
    let mut rest = name;
    let mut in_word = false;
    while let Some(first) = rest.chars().next() {
        let number = if in_word { version(rest) } else { guid(rest).or_else(|| hash(rest)).or_else(|| version(rest)) };
        let length = match number {
            Some(length) => {
                shaped.push(ANY_NUMBER);
                length
            }
            None if first.is_ascii_digit() => {
                let digits = run(rest, |one| one.is_ascii_digit());
                shaped.push_str(rest.get(..digits).unwrap_or_default());
                digits
            }
            None => {
                shaped.push(first);
                first.len_utf8()
            }
        };
        in_word = number.is_none() && first.is_alphanumeric();
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// Bytes at the beginning that are of this kind, each of them one character.
fn run(text: &str, is_of: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|one| is_of(*one)).count()
}

/// Length of the GUID that a text begins with, braces included.
fn guid(text: &str) -> Option<usize> {
    let bare = text.strip_prefix('{').unwrap_or(text);
    let mut rest = bare;
    for (place, length) in GUID.into_iter().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix('-')?;
        }
        if run(rest, |one| one.is_ascii_hexdigit()) != length {
            return None;
        }
        rest = rest.get(length..)?;
    }
    if bare.len() < text.len() {
        rest = rest.strip_prefix('}').unwrap_or(rest);
    }
    Some(text.len() - rest.len())
}

/// Length of the hash that a text begins with.
fn hash(text: &str) -> Option<usize> {
    let length = run(text, |one| one.is_ascii_alphanumeric());
    let token = text.get(..length)?;
    let is_hash = length >= HASH
        && token.bytes().all(|one| one.is_ascii_hexdigit())
        && token.bytes().any(|one| one.is_ascii_digit());
    is_hash.then_some(length)
}

/// Length of the version or the long number that a text begins with: `10.0.19041`, `3_11`, `2026`.
fn version(text: &str) -> Option<usize> {
    let mut length = 0;
    let mut parts = 0;
    loop {
        let rest = text.get(length..)?;
        let separator = usize::from(parts > 0 && rest.starts_with(['.', '_', '-']));
        let digits = run(rest.get(separator..)?, |one| one.is_ascii_digit());
        if digits == 0 {
            break;
        }
        length += separator + digits;
        parts += 1;
    }
    (parts > 1 || length >= NUMBER).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_differs_from_machine_to_machine_is_left_out() {
        for (path, shaped) in [
            (r"C:\Windows\System32\rundll32.exe", r"c:\windows\system32\rundll32.exe"),
            (r"C:\Users\Lan.Nguyen\AppData\Local\app-1.0.9013\Zalo.exe", r"c:\users\*\appdata\local\app-#\zalo.exe"),
            (r"C:\Users\lan\AppData\Local\Temp\is-8QF2K.tmp\setup.tmp", r"c:\users\*\appdata\local\temp\*\*"),
            (r"C:\ProgramData\{6A910B9D-498A-5EE0-C903-000000000400}\x.exe", r"c:\programdata\#\x.exe"),
            (
                r"C:\Windows\WinSxS\amd64_servicing_31bf3856ad364e35_6.1.7601.23505_none_681aa442f6fed7f0\TiWorker.exe",
                r"c:\windows\winsxs\amd64_servicing_#_#_none_#\tiworker.exe",
            ),
            ("/home/lan/.cache/pip-24.0/python3.11", "/home/*/.cache/pip-#/python#"),
            ("/usr/sbin/cron", "/usr/sbin/cron"),
            (r"C:\Users\setup.exe", r"c:\users\setup.exe"),
            ("System", "system"),
            ("", ""),
        ] {
            assert_eq!(shape(path), shaped, "{path}");
        }
    }

    proptest! {
        #[test]
        fn it_is_settled_and_no_longer(path in r"([A-Za-z]:\\|/)?([a-zđ0-9{}._-]{0,20}[\\/]){0,6}[a-z0-9.~ế-]{0,20}") {
            let once = shape(&path);
            prop_assert!(once.len() <= path.len());
            prop_assert_eq!(shape(&once), once);
        }

        #[test]
        fn a_newer_version_is_the_same_program(one in 0_u32..100_000, other in 0_u32..100_000) {
            let path = |version: u32| format!(r"c:\program files\app\1.{version}.7\app.exe");
            prop_assert_eq!(shape(&path(one)), shape(&path(other)));
        }
    }
}
