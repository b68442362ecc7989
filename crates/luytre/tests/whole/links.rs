//! Links that pages show, walked by every role from the start page and from what the quick search finds: none leads to a right
//! that is missing, nor to a page that is not there; files (lists as CSV, documents) are fetched as they are offered. A row that an
//! address names may be gone; whose it is, is asked in `walls`.

use crate::markup::{plain, tags};
use crate::world::{EVERYWHERE, IN_A, Visitor, in_each_world, running};
use kit::Capability;
use reqwest::StatusCode;
use std::collections::{BTreeSet, VecDeque};

const BEGINNINGS: [&str; 5] = ["/", "/find?q=s", "/find?q=t", "/find?q=k", "/find?q=h"];
/// What never ends.
const LEFT_OUT: [&str; 2] = ["/live", "/search/live"];
const MOST_PAGES: usize = 300;

/// Identifiers, numbers, `rule-1`, `duties.plans-2026`, `formats.cron`; our own words have no digits and no dots.
fn names_a_row(part: &str) -> bool {
    part.bytes().any(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The same for all rows and all values of its parameters.
fn shape(href: &str) -> String {
    let (path, query) = href.split_once('?').unwrap_or((href, ""));
    let path: Vec<_> = path.split('/').map(|part| if names_a_row(part) { "*" } else { part }).collect();
    let names: BTreeSet<_> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let names: Vec<_> = names.into_iter().collect();
    format!("{}?{}", path.join("/"), names.join("&"))
}

/// Links of a page to pages of ours.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in tags(page).iter().filter(|tag| tag.name == "a") {
        let href = tag.attributes.get("href").map(|href| plain(href)).unwrap_or_default();
        let href = href.split('#').next().unwrap_or_default();
        if href.starts_with('/') && !LEFT_OUT.iter().any(|part| href.contains(part)) {
            found.push(href.to_owned());
        }
    }
    found
}

/// What one role was led to.
#[derive(Default)]
struct Walked {
    shapes: BTreeSet<String>,
    wrong: Vec<String>,
}

/// Whether a page, read again, has a link.
async fn is_still_offered(visitor: &Visitor, page: &str, href: &str) -> bool {
    links(&visitor.get(page).await.body).iter().any(|link| link == href)
}

async fn walk(visitor: &Visitor) -> Walked {
    let mut walked = Walked::default();
    let mut waiting: VecDeque<(String, String)> =
        BEGINNINGS.iter().map(|beginning| (String::new(), (*beginning).to_owned())).collect();
    let mut pages = 0;
    while let Some((from, href)) = waiting.pop_front() {
        if pages >= MOST_PAGES {
            break;
        }
        pages += 1;
        let answer = visitor.get(&href).await;
        let path = href.split('?').next().unwrap_or_default();
        let is_nowhere = answer.status == StatusCode::NOT_FOUND && !path.split('/').any(names_a_row);
        let is_refused = matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
        // Rows that leave are added up: a file may have been open when its page was read, and not be offered any more.
        let is_offered = !is_refused || !href.contains("format=") || is_still_offered(visitor, &from, &href).await;
        if is_nowhere || (is_refused && is_offered) || answer.status.is_server_error() {
            walked.wrong.push(format!("{from} leads to {href}: {} {}", answer.status, answer.code));
        }
        if answer.status != StatusCode::OK || !answer.body.trim_start().starts_with('<') {
            continue;
        }
        for link in links(&answer.body) {
            if walked.shapes.insert(shape(&link)) {
                waiting.push_back((href.clone(), link));
            }
        }
    }
    walked
}

#[test]
fn every_link_that_a_role_is_shown_leads_it_to_a_page() {
    running(in_each_world(|world| async move {
        let roles: Vec<_> = world.roles().chain([world.role(IN_A), world.role(EVERYWHERE)]).collect();
        // All at once: failed attempts on the way would make those who come later wait at the door.
        let mut visitors = Vec::new();
        for role in roles {
            visitors.push((role.clone(), world.enter(role).await));
        }
        let mut wrong = Vec::new();
        for (role, visitor) in &visitors {
            let walked = walk(visitor).await;
            let id = role.id.as_str();
            wrong.extend(walked.wrong.iter().map(|one| format!("{id}: {one}")));
            assert!(walked.shapes.len() > 8, "{id} was led to {:?} and proves little", walked.shapes);
            // Files of lists that ask for a right of their own, and of one that asks for none.
            let may = |capability: Capability| role.capabilities.contains(&capability);
            for list in ["/alerts", "/entities", "/suppressions", "/alerts/times"] {
                let is_offered = walked.shapes.contains(&format!("{list}?format"));
                let may_take = may(Capability::ViewAlerts) && may(Capability::ExportRows);
                assert_eq!(is_offered, may_take, "{id} {list}: {:?}", walked.shapes);
            }
            assert!(walked.shapes.contains("/agencies?format"), "{id}: {:?}", walked.shapes);
            if id == "administrator" {
                let begins = |path: &str| walked.shapes.iter().any(|shape| shape.starts_with(path));
                assert!(!begins("/search?") && !begins("/events/") && !begins("/alerts"), "{:?}", walked.shapes);
                assert!(begins("/channels?") && begins("/questions?") && begins("/rules/"), "{:?}", walked.shapes);
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let (_, administrator) = visitors.iter().find(|(role, _)| role.id == "administrator").expect("one");
        assert_eq!(administrator.get("/channels/new").await.location, "/channels");
        for path in ["/saved-searches", "/saved-searches/new"] {
            let answer = administrator.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(!answer.body.contains("href=\"/search"), "{path}: {}", answer.body);
        }
        world.server.stop();
    }));
}

#[test]
fn rows_and_values_make_no_other_link() {
    let id = "0199aaaa-0000-7000-8000-000000000000";
    assert_eq!(shape(&format!("/alerts/{id}?state=all&range=7d")), shape("/alerts/7?range=1h&state=new"));
    assert_ne!(shape("/alerts"), shape("/alerts?state=all"));
    assert_eq!(
        links("<a href=\"/x?a=1&amp;b=2#c\">x</a><a href=\"https://y/\">y</a><a href=\"/live\">z</a>"),
        ["/x?a=1&b=2"]
    );
}
