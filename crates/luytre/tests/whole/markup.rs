//! Markup in every text field of every form that the program shows: whatever is kept of it comes back as text. Signs that
//! nobody sees, in the same fields: nothing of them is kept. Forms and pages are found by following links, so a new form
//! is tried without a word here.

use crate::attacks::{MARKUP, Target, encoded, runs};
use crate::program::ask;
use std::collections::{BTreeMap, BTreeSet};

/// Acts that would end the walk: signing out, closing what signs in.
const NOT_OURS: [&str; 7] =
    ["/sign-out", "/sign-in", "/confirm", "/me/sessions", "/me/password", "/me/passkeys", "/people/end-sessions"];
/// Fields whose form leaves no room for markup; with these values the rest of their form is taken.
const NARROW: [(&str, &str); 25] = [
    ("account", "ma.kieu"),
    ("agency_code", "MK-02"),
    ("backup", "00000000000000000000000000000000000000000000000000000000000000aa"),
    ("code", "MK-01"),
    ("detected", ""),
    ("duty_hours", "24/7"),
    ("email", "ma.kieu@ma.example"),
    ("ends_at", "2026-12-01T16:00"),
    ("expires", "2026-12-30"),
    ("header", ""),
    ("host", "ma.example"),
    ("match_host", "may-01"),
    ("match_network", ""),
    ("networks", ""),
    ("night_phone", "0900 000 002"),
    ("occurred", ""),
    ("parent_code", ""),
    ("phone", "0900 000 001"),
    ("port", "25"),
    ("question", "/alerts?state=all"),
    ("from", "a@ma.example"),
    ("text", "root"),
    ("time_zone", ""),
    ("url", "https://ma.example/hook"),
    ("year_default", ""),
];
const MOST_PAGES: usize = 400;

/// One element of a page: its name and attributes, without entities undone.
pub(crate) struct Tag<'page> {
    pub(crate) name: &'page str,
    pub(crate) attributes: BTreeMap<&'page str, &'page str>,
}

/// Elements in their order; closing ones by their name with `/`. Our own pages quote every attribute.
pub(crate) fn tags(page: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, from)) = rest.split_once('<') {
        let name_end = from.find(|letter: char| letter.is_whitespace() || letter == '>').unwrap_or(from.len());
        let mut tag = Tag { name: &from[..name_end], attributes: BTreeMap::new() };
        let mut inside = &from[name_end..];
        loop {
            inside = inside.trim_start();
            let end = inside.find(|letter: char| letter.is_whitespace() || "=>".contains(letter));
            let Some(end) = end else { return found };
            let name = &inside[..end];
            let value;
            (value, inside) = match inside[end..].strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => ("", &inside[end..]),
            };
            if !name.is_empty() {
                tag.attributes.insert(name, value);
            }
            if let Some(after) = inside.strip_prefix('>') {
                inside = after;
                break;
            }
            if name.is_empty() && value.is_empty() {
                break;
            }
        }
        found.push(tag);
        rest = inside;
    }
    found
}

pub(crate) fn plain(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&#39;", "'")
}

pub(crate) type Fields = Vec<(String, String)>;

/// What to write into a field of a kind (`textarea`, `select`, else the type of the input) whose page offers a value;
/// nothing leaves the field out.
pub(crate) type Fill = fn(kind: &str, offered: String) -> Option<String>;

/// Markup in every field that takes text.
pub(crate) fn markup(kind: &str, offered: String) -> Option<String> {
    Some(match kind {
        "hidden" | "checkbox" | "radio" | "select" => offered,
        "date" => "2026-12-01".to_owned(),
        "date-time" => "2026-12-01T08:00".to_owned(),
        "time" => "08:00".to_owned(),
        "number" => "1".to_owned(),
        _ => MARKUP.to_owned(),
    })
}

pub(crate) fn body(fields: &Fields) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The same with values that narrow fields take.
pub(crate) fn narrowed(mut fields: Fields) -> Fields {
    // A system with state secrets takes no words at all.
    fields.retain(|(name, _)| name != "secret");
    for (name, value) in &mut fields {
        if let Some((_, narrow)) = NARROW.iter().find(|(narrow, _)| narrow == name) {
            (*narrow).clone_into(value);
        }
    }
    fields
}

/// Forms of a page that change something: where each goes, filled in.
fn forms(page: &str, fill: Fill) -> Vec<(String, Fields)> {
    let mut found = Vec::new();
    let mut open: Option<(String, Fields)> = None;
    let mut select: Option<String> = None;
    for tag in tags(page) {
        let attribute = |name: &str| tag.attributes.get(name).map(|value| plain(value));
        let field = || attribute("name").unwrap_or_default();
        match (tag.name, open.as_mut()) {
            ("form", _) if attribute("method").is_some_and(|method| method == "post") => {
                open = Some((attribute("action").unwrap_or_default(), Vec::new()));
            }
            ("/form", _) => {
                found.extend(open.take());
            }
            ("textarea", Some((_, fields))) => {
                fields.extend(fill("textarea", String::new()).map(|value| (field(), value)));
            }
            ("select", Some(_)) => select = Some(field()),
            ("/select", _) => select = None,
            ("option", Some((_, fields))) => {
                let value = attribute("value").unwrap_or_default();
                if let Some(name) = select.take_if(|_| !value.is_empty()) {
                    fields.extend(fill("select", value).map(|value| (name, value)));
                }
            }
            // One of several, the first.
            ("input", Some((_, fields)))
                if attribute("type").is_some_and(|kind| kind == "radio")
                    && fields.iter().any(|(name, _)| *name == field()) => {}
            ("input", Some((_, fields))) => {
                let kind = attribute("data-written").or_else(|| attribute("type")).unwrap_or_default();
                let value = fill(&kind, attribute("value").unwrap_or_default());
                fields.extend(value.map(|value| (field(), value)));
            }
            _ => {}
        }
    }
    found
}

/// The page that a link leads to. Formats are many files with the same pages and forms: one of them is enough.
fn page_of(href: &str) -> String {
    let page = href.split('?').next().unwrap_or_default();
    match page.strip_prefix("/regulations/formats.") {
        Some(file) => format!("/regulations/formats.*{}", file.find('/').map_or("", |end| &file[end..])),
        None => page.to_owned(),
    }
}

/// Every page that links lead to, and every form on them.
pub(crate) fn walk(target: &Target, fill: Fill) -> (BTreeMap<String, String>, BTreeMap<String, Fields>) {
    let mut pages = BTreeMap::new();
    let mut actions = BTreeMap::new();
    let mut known = BTreeSet::from(["/".to_owned()]);
    let mut waiting = vec!["/".to_owned()];
    while let Some(path) = waiting.pop() {
        if pages.len() >= MOST_PAGES {
            break;
        }
        let answer = target.get(&path);
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        for tag in tags(&answer.body) {
            let href = tag.attributes.get("href").map(|href| plain(href)).unwrap_or_default();
            let href = href.split('#').next().unwrap_or_default().to_owned();
            let followed =
                tag.name == "a" && href.starts_with('/') && !href.contains("format=") && !href.contains("live");
            // One of the many ways to sort and narrow a list is enough.
            if followed && !href.contains("/stream") && known.insert(page_of(&href)) {
                waiting.insert(0, href);
            }
        }
        for (action, fields) in forms(&answer.body, fill) {
            let action = if action.is_empty() { path.clone() } else { action };
            if !NOT_OURS.iter().any(|not| action.starts_with(not)) {
                actions.entry(action).or_insert(fields);
            }
        }
        pages.insert(path, answer.body);
    }
    (pages, actions)
}

/// Where the acts on the own account are: closing it would end the walk.
pub(crate) fn own_path(target: &Target) -> String {
    let people = ask(target.data.path(), &["user", "list", "--json"]);
    let own = people.get(0).and_then(|one| one.get("id")).and_then(serde_json::Value::as_str).expect("a person");
    format!("/people/{own}/")
}

#[test]
fn every_form_takes_markup_and_every_page_shows_it_as_text() {
    let target = Target::start("Người Thử");
    let own = own_path(&target);
    let (mut done, mut taken) = (BTreeSet::new(), 0);
    // What a form makes has pages and forms of its own.
    for _ in 0..3 {
        let (_, actions) = walk(&target, markup);
        for (action, fields) in actions {
            if action.starts_with(&own) || !done.insert(action.clone()) {
                continue;
            }
            for form in [body(&fields), body(&narrowed(fields))] {
                let answer = target.post(&action, &[], &form);
                assert!(answer.status < 500, "{action}: {} {}", answer.status, answer.body);
                assert!(!runs(&answer.body), "{action}: {}", answer.body);
                assert_eq!(target.get("/me").status, 200, "{action} ends the walk");
                taken += usize::from(answer.status < 400);
                if answer.status < 400 {
                    break;
                }
            }
        }
    }
    let (pages, _) = walk(&target, markup);
    let mut shown = 0;
    for (path, body) in &pages {
        assert!(!runs(body), "{path}: {body}");
        shown += usize::from(body.contains("&#60;script&#62;alert(1)"));
    }
    assert!(taken > 35 && pages.len() > 60, "{taken} forms taken, {} pages: too little was walked", pages.len());
    assert!(shown > 15, "{shown} pages show what was typed: too little was kept to prove anything");
    eprintln!(
        "{} forms sent, {taken} taken, {} pages read, {shown} of them show the markup as text",
        done.len(),
        pages.len()
    );
    target.server.stop();
}

/// Reads backwards what comes after U+202E; U+200B stands between letters without being seen.
const UNSEEN: &str = "Tệp\u{202e}cod.exe\u{200b}";
const SEEN: &str = "Tệp thử";

/// Signs that nobody sees in every field that takes text.
fn unseen(kind: &str, offered: String) -> Option<String> {
    markup(kind, offered).map(|value| if value == MARKUP { UNSEEN.to_owned() } else { value })
}

#[test]
fn no_form_keeps_a_sign_that_nobody_sees() {
    let target = Target::start("Người Thử");
    let own = own_path(&target);
    let (mut done, mut refused) = (BTreeSet::new(), 0);
    for _ in 0..3 {
        let (_, actions) = walk(&target, unseen);
        for (action, fields) in actions {
            if action.starts_with(&own) || !done.insert(action.clone()) {
                continue;
            }
            let holds = fields.iter().any(|(_, value)| value == UNSEEN);
            let seen = |value: &str| if value == UNSEEN { SEEN.to_owned() } else { value.to_owned() };
            let seen: Fields = fields.iter().map(|(name, value)| (name.clone(), seen(value))).collect();
            // Then the same without the signs, for the pages and forms of what it makes.
            for (form, hides) in [
                (body(&fields), holds),
                (body(&narrowed(fields)), holds),
                (body(&seen), false),
                (body(&narrowed(seen)), false),
            ] {
                let answer = target.post(&action, &[], &form);
                assert!(answer.status < 500, "{action}: {} {}", answer.status, answer.body);
                assert_eq!(target.get("/me").status, 200, "{action} ends the walk");
                refused += usize::from(hides && answer.status >= 400);
                if !hides && answer.status < 400 {
                    break;
                }
            }
        }
    }
    let (pages, _) = walk(&target, unseen);
    for (path, body) in &pages {
        assert!(!body.contains(['\u{202e}', '\u{200b}']), "{path} shows what nobody sees");
    }
    assert!(refused > 20 && pages.len() > 60, "{refused} refusals, {} pages: too little was walked", pages.len());
    target.server.stop();
}
