//! Lines brought together that differ only in what varies: templates, after Drain (He, Zhu, Zheng, Lyu, ICWS 2017).
//! Numbers, addresses, times, GUIDs and paths are put aside first; what is left goes down a tree of fixed depth (group, number
//! of words, the first two words) to a leaf whose templates are compared word by word. Pure and bounded: the same lines in the
//! same order give the same templates, and no flood makes more of them than it is told.

mod disguise;
mod mask;
mod propose;

pub use disguise::disguise;
pub use mask::Slot;
pub use propose::{Proposal, Wanted, propose};

use mask::mask;
use std::collections::BTreeMap;

/// Words by which the tree parts, after group and number of words.
const DEPTH: usize = 2;
/// Branches of one place of the tree; what comes beyond shares one.
const MOST_BRANCHES: usize = 32;
/// Templates of one leaf; what comes beyond joins the most similar.
const MOST_IN_LEAF: usize = 32;
/// Branch of words that vary.
const ANY: &str = "\u{e007}";

/// A template: words, with signs of the private use area in the place of what varies ([`shown`] makes them readable).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Lines of different groups are never brought together.
    pub group: String,
    pub words: Vec<String>,
}

impl Template {
    /// As it is kept; [`Templates::restore`] reads it again.
    pub fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    Known(usize),
    /// It is of this template, which is more general for it.
    Widened(usize),
    New(usize),
    /// It would have been a new template, and there are as many as may be; or it holds no word.
    Full,
}

/// The templates of a source, or of whatever lines belong together.
#[derive(Debug, Clone)]
pub struct Templates {
    /// Share of words that must be the same, from 0 to 1.
    similarity: f64,
    all: Vec<Template>,
    roots: BTreeMap<String, BTreeMap<usize, Node>>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    branches: BTreeMap<String, Node>,
    leaf: Vec<usize>,
}

impl Templates {
    pub fn new(similarity: f64) -> Self {
        Self { similarity, all: Vec::new(), roots: BTreeMap::new() }
    }

    pub fn all(&self) -> &[Template] {
        &self.all
    }

    pub fn get(&self, number: usize) -> Option<&Template> {
        self.all.get(number)
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes in a template that was kept. Gives its number.
    pub fn restore(&mut self, group: &str, text: &str) -> usize {
        let words: Vec<String> = text.split(' ').filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect();
        let keys = self.keys(group, &words);
        self.insert(group, words, keys)
    }

    /// Finds the template of a line, or makes one while there are fewer than `most`.
    pub fn add(&mut self, group: &str, line: &str, most: usize) -> Joined {
        let words = mask(line);
        if words.is_empty() {
            return Joined::Full;
        }
        let keys = self.keys(group, &words);
        let leaf = self.leaf(group, words.len(), &keys);
        let best = self.most_similar(leaf, &words);
        let wanted = if leaf.len() < MOST_IN_LEAF { self.similarity } else { 0.0 };
        if let Some((number, share)) = best
            && share >= wanted
        {
            return match self.widen(number, &words) {
                true => Joined::Widened(number),
                false => Joined::Known(number),
            };
        }
        if self.all.len() >= most {
            return Joined::Full;
        }
        Joined::New(self.insert(group, words, keys))
    }

    /// The way down the tree, as far as it is there and beyond.
    fn keys(&self, group: &str, words: &[String]) -> Vec<String> {
        let mut node = self.roots.get(group).and_then(|lengths| lengths.get(&words.len()));
        let mut keys = Vec::with_capacity(DEPTH);
        for word in words.iter().take(DEPTH) {
            let is_full = node
                .is_some_and(|node| !node.branches.contains_key(word.as_str()) && node.branches.len() >= MOST_BRANCHES);
            let key = if varies(word) || is_full { ANY } else { word.as_str() };
            node = node.and_then(|node| node.branches.get(key));
            keys.push(key.to_owned());
        }
        keys
    }

    fn leaf(&self, group: &str, length: usize, keys: &[String]) -> &[usize] {
        let root = self.roots.get(group).and_then(|lengths| lengths.get(&length));
        let node = keys.iter().try_fold(root, |node, key| node.map(|node| node.branches.get(key))).flatten();
        node.map_or(&[][..], |node| node.leaf.as_slice())
    }

    fn insert(&mut self, group: &str, words: Vec<String>, keys: Vec<String>) -> usize {
        let number = self.all.len();
        let lengths = self.roots.entry(group.to_owned()).or_default();
        let root = lengths.entry(words.len()).or_default();
        let node = keys.into_iter().fold(root, |node, key| node.branches.entry(key).or_default());
        node.leaf.push(number);
        self.all.push(Template { group: group.to_owned(), words });
        number
    }

    /// The template that shares most words; the older one where two share as many.
    fn most_similar(&self, leaf: &[usize], words: &[String]) -> Option<(usize, f64)> {
        let mut best: Option<(usize, usize)> = None;
        for number in leaf {
            let Some(template) = self.all.get(*number) else { continue };
            let same = template.words.iter().zip(words).filter(|(one, other)| one == other).count();
            if best.is_none_or(|(_, most)| same > most) {
                best = Some((*number, same));
            }
        }
        best.map(|(number, same)| (number, same as f64 / words.len() as f64))
    }

    /// Puts aside the words in which a line differs. False where there are none.
    fn widen(&mut self, number: usize, words: &[String]) -> bool {
        let Some(template) = self.all.get_mut(number) else { return false };
        let mut changed = false;
        for (one, other) in template.words.iter_mut().zip(words) {
            if one != other && one != ANY {
                ANY.clone_into(one);
                changed = true;
            }
        }
        changed
    }
}

/// Whether a word holds something that varies.
fn varies(word: &str) -> bool {
    word.chars().any(|letter| letter.is_ascii_digit() || Slot::of_sign(letter).is_some())
}

/// A template for people: `login of <word> from <address>`.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match Slot::of_sign(letter) {
            Some(slot) => {
                shown.push('<');
                shown.push_str(slot.code());
                shown.push('>');
            }
            None => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Vec<String> {
        let mut templates = Templates::new(0.5);
        for line in lines {
            templates.add("", line, 100);
        }
        templates.all().iter().map(|template| shown(&template.text())).collect()
    }

    #[test]
    fn lines_of_one_kind_make_one_template() {
        let lines = [
            "door 3 opened by anna at 10:11:12",
            "door 14 opened by bao at 10:11:13",
            "the battery of door 3 is low",
            "door 5 opened by chi at 10:12:00",
        ];
        assert_eq!(of(&lines), ["door <number> opened by <word> at <time>", "the battery of door <number> is low"]);
    }

    #[test]
    fn groups_and_lengths_are_kept_apart() {
        let mut templates = Templates::new(0.5);
        assert_eq!(templates.add("a", "it is done", 10), Joined::New(0));
        assert_eq!(templates.add("b", "it is done", 10), Joined::New(1));
        assert_eq!(templates.add("a", "it is done now", 10), Joined::New(2));
        assert_eq!(templates.add("a", "it is late", 10), Joined::Widened(0));
        assert_eq!(templates.add("a", "it is early", 10), Joined::Known(0));
    }

    #[test]
    fn what_was_kept_goes_on_where_it_was() {
        let mut templates = Templates::new(0.5);
        templates.add("a", "door 3 opened by anna", 10);
        templates.add("a", "door 4 opened by bao", 10);
        let mut again = Templates::new(0.5);
        for template in templates.all() {
            again.restore(&template.group, &template.text());
        }
        assert_eq!(again.all(), templates.all());
        assert_eq!(again.add("a", "door 5 opened by chi", 10), Joined::Known(0));
    }

    #[test]
    fn beyond_the_bound_no_template_is_made() {
        let mut templates = Templates::new(0.9);
        let words = ["one", "two", "three", "four"];
        for first in words {
            for second in words {
                templates.add("", &format!("{first} {second} {first}{second}"), 5);
            }
        }
        assert_eq!(templates.len(), 5);
        assert_eq!(templates.add("", "quite another thing altogether", 5), Joined::Full);
        assert_eq!(templates.add("", " \0 ", 100), Joined::Full, "nothing tells such lines apart");
    }
}
