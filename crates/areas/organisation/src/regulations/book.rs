//! What an area brings along that reads law: its folders of `content/`, the loader, and what a change of them means. The
//! rest (versions, pages, the second person) is the same for every folder.

use jiff::civil::Date;
use kit::clock::Micros;
use kit::db::View;
use kit::locale::texts;
use kit::{Error, Lang, Tx};
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;

/// Texts by their path in `content/`: `duties/plans-2026.toml`.
pub type Files = BTreeMap<String, String>;

/// Something that takes a while.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A body of law whose files must fit together, and who reads it.
pub trait Book: Send + Sync + 'static {
    /// Folders of `content/` that it is made of.
    fn folders(&self) -> &'static [&'static str];

    /// The files built into the program.
    fn embedded(&self) -> Files;

    /// Reads all files as at start. Everything that is wrong with them; nothing where they may come into force.
    fn faults(&self, files: &Files) -> Vec<Fault>;

    /// What one file says.
    fn describe(&self, path: &str, text: &str, lang: Lang) -> Description;

    /// What becomes different, in sentences. Both read without a fault.
    fn effects(&self, before: &Files, after: &Files, lang: Lang) -> Vec<String>;

    /// What has begun under the law in force and goes on under it, in sentences.
    fn running<'a>(&'a self, view: &'a View<'_>, now: Micros, lang: Lang) -> Work<'a, Vec<String>>;

    /// What of the registers must follow a change, in its transaction, before the files come into force.
    fn follow<'a>(&'a self, tx: &'a Tx<'_>, now: Micros, files: &'a Files) -> Work<'a, ()>;

    /// Puts files in force in which it found no fault.
    fn put_in_force(&self, files: &Files) -> Result<(), Vec<Fault>>;
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub path: String,
    /// Counted from 1; none where it has no place.
    pub line: Option<usize>,
    /// Key of the sentence, and its variables.
    pub key: &'static str,
    pub arguments: Vec<(&'static str, String)>,
}

impl Fault {
    pub fn new<const N: usize>(
        path: &str,
        line: Option<usize>,
        key: &'static str,
        arguments: [(&'static str, String); N],
    ) -> Self {
        Self { path: path.to_owned(), line, key, arguments: arguments.into() }
    }

    /// A text that is no TOML, lacks a key, or has one too many: the line is quoted, since it names the key.
    pub fn of_toml(path: &str, text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| line_at(text, span.start));
        let quoted = line.and_then(|line| text.lines().nth(line - 1)).unwrap_or_default().trim().to_owned();
        let words = error.message().lines().collect::<Vec<_>>().join(" ");
        Self::new(path, line, "regulation-fault-toml", [("words", words), ("quoted", quoted)])
    }

    /// The sentence, without the place.
    pub fn sentence(&self, lang: Lang) -> String {
        let arguments: Vec<_> = self.arguments.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
        texts().text_with(lang, self.key, &arguments)
    }

    /// `duties/plans-2026.toml, dòng 12: …`
    pub fn in_words(&self, lang: Lang) -> String {
        let sentence = self.sentence(lang);
        match self.line {
            // As a text: a number would be grouped.
            Some(line) => texts().text_with(
                lang,
                "regulation-fault-at",
                &[
                    ("path", self.path.as_str().into()),
                    ("line", line.to_string().into()),
                    ("sentence", sentence.into()),
                ],
            ),
            None => format!("{}: {sentence}", self.path),
        }
    }
}

/// For the log.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.in_words(Lang::En))
    }
}

/// Line of a byte of a text, counted from 1.
pub fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Line of a key outside of tables, counted from 1.
pub fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let holds = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(holds).map(|index| index + 1)
}

/// What a file of law says, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    pub title: String,
    /// Documents it rests on.
    pub documents: Vec<String>,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    /// False where any of it was written down without the text at hand.
    pub text_seen: bool,
    /// How it stands in law, in words; empty where each provision says it.
    pub standing: String,
    pub provisions: Vec<Provision>,
}

/// One of the things that a file lays down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provision {
    pub id: String,
    pub title: String,
    /// In plain words: until when, to whom.
    pub says: Vec<String>,
    /// Article and document.
    pub basis: String,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    pub text_seen: bool,
    pub standing: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Notes {
        #[expect(dead_code, reason = "only its presence is looked at")]
        note: Vec<Note>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        #[expect(dead_code, reason = "only its presence is looked at")]
        id: String,
    }

    #[test]
    fn a_fault_of_toml_names_line_and_key() {
        let place = |text: &str| {
            let error = toml::from_str::<Notes>(text).unwrap_err();
            let fault = Fault::of_toml("notes/a.toml", text, &error);
            (fault.line, fault.in_words(Lang::Vi))
        };
        let (line, words) = place("# a\n[[note]]\nid = \"x\"\nidd = \"y\"\n");
        assert_eq!(line, Some(4));
        assert!(words.starts_with("notes/a.toml, dòng 4: ") && words.contains("idd"), "{words}");
        let (line, words) = place("[[note]]\nid = \"x\"\n[[note]]\n");
        assert_eq!(line, Some(3), "a key that is missing is told at the head of its table");
        assert!(words.contains("`id`"), "{words}");
        let (line, words) = place("[[note]]\nid = 3\n");
        assert_eq!(line, Some(2));
        assert!(words.contains("id = 3"), "{words}");
    }

    #[test]
    fn lines_are_counted_from_one() {
        let text = "a = 1\n[t]\n  b  = 2\n";
        assert_eq!((line_at(text, 0), line_at(text, 6), line_at(text, 600)), (1, 2, 4));
        assert_eq!((line_of_key(text, "b"), line_of_key(text, "c")), (Some(3), None));
    }
}
