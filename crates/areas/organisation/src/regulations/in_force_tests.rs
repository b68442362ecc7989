use super::super::book::{Description, Work};
use super::*;
use kit::{Lang, Tx, View};
use std::sync::Mutex;

/// Each file says `word = "…"`; a word that asks (`a?b`) must be the word of another file (`b`).
#[derive(Default)]
struct Words(Arc<Mutex<Files>>);

impl Book for Words {
    fn folders(&self) -> &'static [&'static str] {
        &["words"]
    }

    fn embedded(&self) -> Files {
        ["a", "b"].map(|name| (format!("words/{name}.toml"), format!("word = \"{name}\"\n"))).into()
    }

    fn faults(&self, files: &Files) -> Vec<Fault> {
        let word = |text: &str| text.split('"').nth(1).map(str::to_owned);
        let words: Vec<_> = files.values().filter_map(|text| word(text)).collect();
        let wrong = |(path, text): (&String, &String)| match word(text) {
            None => Some(Fault::new(path, Some(1), "no-word", [])),
            Some(word) => {
                let (_, asked) = word.split_once('?')?;
                (!words.iter().any(|one| one == asked)).then(|| Fault::new(path, Some(1), "no-answer", []))
            }
        };
        files.iter().filter_map(wrong).collect()
    }

    fn describe(&self, path: &str, _: &str, _: Lang) -> Description {
        Description { title: path.to_owned(), ..Description::default() }
    }

    fn effects(&self, _: &Files, _: &Files, _: Lang) -> Vec<String> {
        Vec::new()
    }

    fn running<'a>(&'a self, _: &'a View<'_>, _: Micros, _: Lang) -> Work<'a, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn follow<'a>(&'a self, _: &'a Tx<'_>, _: Micros, _: &'a Files) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn put_in_force(&self, files: &Files) -> Result<(), Vec<Fault>> {
        files.clone_into(&mut self.0.lock().unwrap());
        Ok(())
    }
}

fn version(path: &str, change_number: i64, text: &str) -> Version {
    Version {
        path: path.into(),
        version: 1,
        change_number,
        text: text.into(),
        digest: digest(text),
        reason: "r".into(),
        basis: "b".into(),
        elevation_id: "e".into(),
        by_id: "p".into(),
        by_name: "P".into(),
        valid_from: 7,
        valid_to: None,
    }
}

fn open(directory: Option<&Path>) -> (Regulations, Arc<Mutex<Files>>) {
    let words = Words::default();
    let read = Arc::clone(&words.0);
    (Regulations::open(vec![Box::new(words)], directory).unwrap(), read)
}

fn unread(state: &State) -> Vec<(&str, &'static str)> {
    state.unread.iter().map(|one| (one.path.as_str(), one.faults.first().map_or("", |fault| fault.key))).collect()
}

#[test]
fn a_directory_covers_what_is_built_in_and_a_version_covers_both() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("words")).unwrap();
    std::fs::write(directory.path().join("words/b.toml"), "word = \"from here\"\n").unwrap();
    std::fs::write(directory.path().join("words/b.txt"), "no law").unwrap();
    let (regulations, read) = open(Some(directory.path()));
    let source = |path: &str| regulations.current().files.get(path).map(|file| file.source.clone());
    assert_eq!(source("words/a.toml"), Some(Source::Embedded));
    assert_eq!(source("words/b.toml"), Some(Source::Directory));
    assert_eq!(read.lock().unwrap().len(), 2);
    regulations.take_up(regulations.state_of(vec![version("words/b.toml", 1, "word = \"changed\"\n")], 1));
    assert_eq!(source("words/b.toml").map(|source| source.code()), Some("version"));
    assert_eq!(read.lock().unwrap().get("words/b.toml").map(String::as_str), Some("word = \"changed\"\n"));
    assert_eq!(regulations.base("words/b.toml").map(|file| file.text.as_str()), Some("word = \"from here\"\n"));
    std::fs::write(directory.path().join("words/b.toml"), "nothing").unwrap();
    let refused = Regulations::open(vec![Box::new(Words::default())], Some(directory.path())).err().unwrap();
    assert!(refused.to_string().starts_with("words/b.toml"), "{refused}");
}

#[test]
fn what_no_longer_loads_is_left_out_and_told() {
    let (regulations, _) = open(None);
    let lost = version("gone/x.toml", 1, "word = \"x\"\n");
    let broken = version("words/a.toml", 2, "nothing");
    let sound = version("words/c.toml", 3, "word = \"c\"\n");
    let state = regulations.state_of(vec![lost, broken, sound], 3);
    assert_eq!(unread(&state), [("gone/x.toml", "regulation-fault-no-reader"), ("words/a.toml", "no-word")]);
    assert_eq!((state.text("words/a.toml"), state.text("words/c.toml")), ("word = \"a\"\n", "word = \"c\"\n"));
}

#[test]
fn versions_that_need_each_other_come_in_whatever_order_they_were_made() {
    let (regulations, _) = open(None);
    let asks = version("words/b.toml", 1, "word = \"b?c\"\n");
    let answers = version("words/c.toml", 2, "word = \"c\"\n");
    assert!(regulations.state_of(vec![asks.clone(), answers.clone()], 2).unread.is_empty());
    assert_eq!(unread(&regulations.state_of(vec![asks], 1)), [("words/b.toml", "no-answer")]);
    // The fault is told of a file that nobody changed: the change that took its answer away goes.
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("words")).unwrap();
    std::fs::write(directory.path().join("words/d.toml"), "word = \"d?a\"\n").unwrap();
    let (regulations, _) = open(Some(directory.path()));
    let takes_away = version("words/a.toml", 3, "word = \"e\"\n");
    assert_eq!(unread(&regulations.state_of(vec![answers, takes_away], 3)), [("words/a.toml", "no-answer")]);
}

#[test]
fn an_older_state_never_takes_the_place_of_a_later_one() {
    let (regulations, _) = open(None);
    let later = regulations.state_of(vec![version("words/a.toml", 2, "word = \"later\"\n")], 2);
    let earlier = regulations.state_of(vec![version("words/a.toml", 1, "word = \"earlier\"\n")], 1);
    regulations.take_up(later);
    regulations.take_up(earlier);
    assert_eq!(regulations.current().text("words/a.toml"), "word = \"later\"\n");
}

#[test]
fn only_what_is_in_the_way_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("words")).unwrap();
    std::fs::write(directory.path().join("words/c.toml"), "word = \"c\"\n").unwrap();
    let (regulations, _) = open(Some(directory.path()));
    // A fault is told of both: the older one asks for a word that the newer one has spoilt.
    let asks = version("words/b.toml", 1, "word = \"b?c\"\n");
    let spoilt = version("words/c.toml", 2, "nothing");
    let state = regulations.state_of(vec![asks, spoilt], 2);
    assert_eq!(unread(&state), [("words/c.toml", "no-word")]);
    assert_eq!((state.text("words/b.toml"), state.text("words/c.toml")), ("word = \"b?c\"\n", "word = \"c\"\n"));
    assert_eq!(state.unread[0].faults.len(), 1, "its own fault and no other");
}

#[test]
fn whatever_was_changed_what_is_in_force_loads_and_nothing_more_could_join_it() {
    let (regulations, _) = open(None);
    let texts = ["word = \"a\"\n", "word = \"c\"\n", "word = \"b?c\"\n", "word = \"c?d\"\n", "nothing"];
    let paths = ["words/a.toml", "words/b.toml", "words/c.toml"];
    for code in 0..texts.len().pow(3) {
        let chosen = [code % 5, code / 5 % 5, code / 25];
        let versions: Vec<_> =
            (1..).zip(paths).zip(chosen).map(|((change, path), at)| version(path, change, texts[at])).collect();
        let state = regulations.state_of(versions.clone(), 3);
        assert_eq!(regulations.faults(&state.texts()), [], "{code}");
        for one in &state.unread {
            let mut joined = state.texts();
            let text = versions.iter().find(|version| version.path == one.path).unwrap().text.clone();
            joined.insert(one.path.clone(), text);
            assert_eq!(regulations.faults(&joined), one.faults, "{code}: {}", one.path);
            assert!(!one.faults.is_empty(), "{code}: {}", one.path);
        }
    }
}
