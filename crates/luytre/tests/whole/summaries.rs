//! What is wrong with a form, as every form of the program tells it: each line of the summary names its field and leads
//! to it. Forms are found by following links, so a new form is tried without a word here.

use crate::attacks::Target;
use crate::markup::{body, own_path, plain, tags, walk};
use std::collections::BTreeSet;

/// Everything left empty that a person could leave empty.
fn nothing(kind: &str, offered: String) -> Option<String> {
    match kind {
        "hidden" => Some(offered),
        "checkbox" | "radio" => None,
        _ => Some(String::new()),
    }
}

/// The lines of the summary of a page: what each leads to and what it says.
fn summary(page: &str) -> Vec<(Option<String>, String)> {
    let Some((_, from)) = page.split_once("id=\"error-summary-title\"") else { return Vec::new() };
    let list = from.split_once("<ul>").and_then(|(_, list)| list.split_once("</ul>")).map_or("", |(list, _)| list);
    let lines = list.split("<li>").skip(1).map(|line| {
        let href = tags(line).iter().find_map(|tag| tag.attributes.get("href").map(|href| plain(href)));
        let words = line.split_once("</li>").map_or(line, |(words, _)| words);
        let words: String =
            words.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect();
        (href, plain(&words))
    });
    lines.collect()
}

#[test]
fn every_error_of_every_form_names_its_field_and_leads_to_it() {
    let target = Target::start("Người Thử");
    let own = own_path(&target);
    let (_, actions) = walk(&target, nothing);
    let (mut forms, mut wrong) = (0, Vec::new());
    for (action, fields) in actions.into_iter().filter(|(action, _)| !action.starts_with(&own)) {
        let page = target.post(&action, &[], &body(&fields)).body;
        let ids: BTreeSet<String> =
            tags(&page).iter().filter_map(|tag| tag.attributes.get("id").map(|id| plain(id))).collect();
        let lines = summary(&page);
        forms += usize::from(!lines.is_empty());
        for (href, words) in lines {
            let leads = href.as_deref().and_then(|href| href.strip_prefix('#')).is_some_and(|id| ids.contains(id));
            if !leads || !words.contains(": ") || words.contains("Không đúng định dạng") {
                wrong.push(format!("{action}: {href:?} {words}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(forms > 12, "only {forms} forms said what is missing");
    target.server.stop();
}
