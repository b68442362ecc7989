//! Ids of another agency, wherever the program takes one: in the path of an address, behind a parameter, in a form that a page
//! shows (hidden, chosen, on a button), in the body of a call. Addresses are those that are mounted; forms and links are found
//! on the pages of somebody who may do everything in one agency and nothing elsewhere. What an operation takes and no list of
//! `rows` knows fails here, so that the walk grows with the program.

use crate::markup::{Fields, narrowed, plain, tags};
use crate::rows::{Of, PLAIN, known_places, of, parameters, places};
use crate::world::{Answer, EVERYWHERE, IN_A, Visitor, World, in_each_world, is_id, operations, running};
use kit::web::{Access, Operation};
use reqwest::StatusCode;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Words for a field that takes text.
const WORDS: &str = "Tường thử";
/// More of what forms take, beside `markup`.
const FITTING: [(&str, &str); 3] = [("network", "10.97.0.0/16"), ("list", "administrators"), ("value", "ai-do")];
/// Fields with ids that are of no row of an agency: of the form itself, and of rules.
const NO_ROWS: [&str; 5] = ["csrf", "request", "rule", "rule_id", "subject"];
/// What never ends.
const LIVE: [&str; 2] = ["/live", "/search/live"];
const MOST_LINKS: usize = 300;
/// A member that no body has.
const CHOSEN: &str = "chosen-by-the-sender";

/// Bodies of the API that name rows, each a noun in angle brackets.
const BODIES: [(&str, &str, &str); 7] = [
    (
        "POST",
        "/api/v1/systems",
        r#"{"code":"HT-API","name":"Hệ thống","agency_id":"<agency>","operator_id":"<agency>",
            "specialised_unit_id":"<agency>","level":2,"state":"operating"}"#,
    ),
    ("POST", "/api/v1/incidents", r#"{"title":"Sự cố","agency_id":"<agency>","system_id":"<system>"}"#),
    ("POST", "/api/v1/alerts/act", r#"{"act":"acknowledge","ids":["<alert>"]}"#),
    ("POST", "/api/v1/alerts/act", r#"{"act":"assign","ids":["<alert>"],"person_id":"<person>"}"#),
    ("POST", "/api/v1/alerts/act", r#"{"act":"close","ids":["<alert>"],"reason":"benign"}"#),
    ("POST", "/api/v1/alerts/act", r#"{"act":"reopen","ids":["<alert>"]}"#),
    ("POST", "/api/v1/alerts/act", r#"{"act":"escalate","ids":["<alert>"],"incident_id":"<incident>"}"#),
];

fn is_api(operation: &Operation) -> bool {
    operation.path.starts_with("/api/")
}

/// Operations whose address names a row of an agency.
fn naming() -> Vec<Operation> {
    let names = |one: &Operation| places(one.path).iter().any(|place| matches!(of(place), Some(Of::Agency(_))));
    operations().into_iter().filter(names).collect()
}

/// What somebody may look at who has a session.
fn pages() -> Vec<Operation> {
    let looks = |one: &Operation| one.method == "GET" && one.access != Access::Open && !LIVE.contains(&one.path);
    operations().into_iter().filter(looks).collect()
}

#[test]
fn whose_row_it_is_is_said_of_every_id_that_an_operation_takes() {
    let operations = operations();
    let mounted: BTreeSet<String> = operations.iter().flat_map(|one| places(one.path)).collect();
    let unknown: Vec<_> = mounted.iter().filter(|place| of(place).is_none()).collect();
    assert!(unknown.is_empty(), "places without rows: {unknown:?}");
    let gone: Vec<_> = known_places().filter(|place| !mounted.contains(*place)).collect();
    assert!(gone.is_empty(), "no operation has these places: {gone:?}");
    for operation in operations.iter().filter(|one| is_api(one)) {
        let path = operation.path;
        for name in operation.query {
            assert!(of(&format!("?{name}")).is_some() || PLAIN.contains(name), "{path}: what does {name} name?");
        }
        let bodies = BODIES.iter().filter(|(method, of, _)| (*method, *of) == (operation.method, path));
        let bodies: String = bodies.map(|(_, _, body)| *body).collect();
        // What is of no agency, such as a rule, is nobody's.
        let of_centre = |name: &str| matches!(of(&format!("?{}", name.trim_end_matches("_id"))), Some(Of::Centre(_)));
        let named = operation.body.iter().filter(|name| name.ends_with("_id") || name.ends_with("ids"));
        for name in named.filter(|name| !of_centre(name)) {
            assert!(bodies.contains(&format!("\"{name}\":")), "{path}: no body here has {name}");
        }
    }
}

/// What is wrong with an answer to somebody who named a row of B.
fn trespasses(answer: &Answer) -> bool {
    answer.status.is_success() || answer.status.is_server_error() || answer.tells_of_b()
}

/// Nothing of B was touched by people of A, nothing has come or gone.
async fn assert_untouched(world: &World) {
    let touched = world.touched(world.near()).await;
    assert!(touched.is_empty(), "the trail says that B was touched: {touched:?}");
    let moved = world.moved().await;
    assert!(moved.is_empty(), "rows of B have come or gone: {moved:?}");
}

#[test]
fn no_address_opens_a_row_of_another_agency_to_who_reaches_only_the_own() {
    running(in_each_world(|world| async move {
        let named = naming();
        let mut wrong = Vec::new();
        for role in world.near() {
            let visitor = world.enter(role).await;
            for operation in &named {
                for path in world.far_addresses(operation.path) {
                    let answer = visitor.ask(operation, &path).await;
                    if trespasses(&answer) {
                        wrong.push(format!("{} {} {path}: {}", role.id, operation.method, answer.status));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_untouched(&world).await;
        // The same addresses lead somewhere for who reaches the whole centre.
        let visitor = world.enter(world.role(EVERYWHERE)).await;
        let mut opened = 0;
        for operation in named.iter().filter(|operation| operation.method == "GET") {
            opened += usize::from(visitor.ask(operation, &world.address(operation.path, 0)).await.tells_of_b());
        }
        assert!(opened >= 15, "only {opened} pages tell of B: the rows prove little");
        world.server.stop();
    }));
}

#[test]
fn no_parameter_shows_a_row_of_another_agency() {
    running(in_each_world(|world| async move {
        let near = world.enter(world.role(IN_A)).await;
        let everywhere = world.enter(world.role(EVERYWHERE)).await;
        let (mut wrong, mut shown) = (Vec::new(), BTreeSet::new());
        for operation in pages() {
            let own = world.address(operation.path, places(operation.path).len());
            for (name, noun) in parameters() {
                if is_api(&operation) && !operation.query.contains(&name) {
                    continue;
                }
                let path = format!("{own}?{name}={}", world.far(noun));
                let answer = near.get(&path).await;
                if answer.status.is_server_error() || answer.tells_of_b() {
                    wrong.push(format!("{path}: {}", answer.status));
                }
                if is_api(&operation) && everywhere.get(&path).await.tells_of_b() {
                    shown.insert(name);
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let proves = ["agency", "source", "story", "system"];
        assert!(proves.iter().all(|name| shown.contains(name)), "these show rows of B to who reaches it: {shown:?}");
        assert_untouched(&world).await;
        world.server.stop();
    }));
}

/// A form that changes something, with what its buttons send.
#[derive(Debug, Clone)]
struct Form {
    action: String,
    fields: Fields,
    buttons: Fields,
}

/// What a browser sends of an input that nobody touched, or words where it takes some.
fn typed(kind: &str, offered: String) -> String {
    let fitting = match kind {
        "hidden" | "checkbox" | "radio" => return offered,
        "date" => "2026-12-01",
        "date-time" => "2026-12-01T08:00",
        "time" => "08:00",
        "number" => "1",
        _ => WORDS,
    };
    fitting.to_owned()
}

fn forms(page: &str, path: &str) -> Vec<Form> {
    let mut found = Vec::new();
    let mut open: Option<Form> = None;
    let mut select: Option<String> = None;
    for tag in tags(page) {
        let attribute = |name: &str| tag.attributes.get(name).map(|value| plain(value));
        let named = || attribute("name").filter(|name| !name.is_empty());
        let value = || attribute("value").unwrap_or_default();
        match (tag.name, open.as_mut()) {
            ("form", _) if attribute("method").is_some_and(|method| method == "post") => {
                let action = attribute("action").filter(|action| !action.is_empty());
                let action = action.unwrap_or_else(|| path.to_owned());
                open = Some(Form { action, fields: Vec::new(), buttons: Vec::new() });
            }
            ("/form", _) => found.extend(open.take()),
            ("select", Some(_)) => select = named(),
            ("/select", _) => select = None,
            ("option", Some(form)) => {
                if let Some(name) = select.take_if(|_| !value().is_empty()) {
                    form.fields.push((name, value()));
                }
            }
            ("button", Some(form)) => form.buttons.extend(named().map(|name| (name, value()))),
            ("textarea", Some(form)) => form.fields.extend(named().map(|name| (name, WORDS.to_owned()))),
            ("input", Some(form)) => {
                let kind = attribute("data-written").or_else(|| attribute("type")).unwrap_or_default();
                let taken = |name: &String| kind == "radio" && form.fields.iter().any(|(have, _)| have == name);
                let name = named().filter(|name| !taken(name));
                form.fields.extend(name.map(|name| (name, typed(&kind, value()))));
            }
            _ => {}
        }
    }
    found
}

/// What pages of A hold.
#[derive(Default)]
struct Found {
    /// Forms by where they go and what they send, ids aside.
    forms: BTreeMap<String, Form>,
    /// Addresses in links that name rows of A.
    links: BTreeSet<String>,
    /// Pages that show something of B.
    wrong: Vec<String>,
    pages: usize,
}

/// A text with a word in the place of every id, so that the same form of another row is the same.
fn without_ids(text: &str, known: &BTreeMap<&str, &str>) -> String {
    known.keys().fold(text.to_owned(), |text, id| text.replace(id, "id"))
}

/// Every page that is mounted and every one that a link with a row of A leads to.
async fn walk(world: &World, visitor: &Visitor) -> Found {
    let known = world.counterparts();
    let pages = pages().into_iter().filter(|one| !is_api(one));
    let mut waiting: Vec<String> = pages.map(|one| world.address(one.path, places(one.path).len())).collect();
    waiting.extend(rule_pages(visitor).await);
    let (mut found, mut seen) = (Found::default(), BTreeSet::new());
    while let Some(path) = waiting.pop() {
        let answer = visitor.get(&path).await;
        found.pages += 1;
        if answer.tells_of_b() || answer.status.is_server_error() {
            found.wrong.push(format!("{path}: {}", answer.status));
        }
        if answer.status != StatusCode::OK || !answer.body.trim_start().starts_with('<') {
            continue;
        }
        for form in forms(&answer.body, &path) {
            let names: Vec<_> = form.fields.iter().chain(&form.buttons).map(|(name, _)| name.as_str()).collect();
            let key = format!("{} {}", without_ids(&form.action, &known), names.join(" "));
            found.forms.entry(key).or_insert(form);
        }
        for tag in tags(&answer.body).iter().filter(|tag| tag.name == "a") {
            let href = tag.attributes.get("href").map(|href| plain(href)).unwrap_or_default();
            let href = href.split('#').next().unwrap_or_default().to_owned();
            let is_live = LIVE.iter().any(|live| href.starts_with(live));
            let names = href.starts_with('/') && !is_live && known.keys().any(|id| href.contains(id));
            if names && found.links.len() < MOST_LINKS && seen.insert(without_ids(&href, &known)) {
                found.links.insert(href.clone());
                waiting.insert(0, href);
            }
        }
    }
    found
}

/// Pages of a rule with a form for an exception: rules are the centre's, and what they offer is of the own agency.
async fn rule_pages(visitor: &Visitor) -> Vec<String> {
    let list = visitor.get("/rules").await.body;
    let links = list.split("href=\"/rules/").skip(1).filter_map(|rest| rest.split(['"', '?', '#']).next());
    let rule = links.filter(|id| is_id(id)).map(ToOwned::to_owned).next();
    rule.into_iter().flat_map(|id| [format!("/rules/{id}"), format!("/rules/{id}/exceptions/new")]).collect()
}

/// A form with a row of B in one place, or in all of its fields.
fn variants(form: &Form, known: &BTreeMap<&str, &str>) -> Vec<(String, Fields)> {
    let mut found = Vec::new();
    let mut all = form.fields.clone();
    for (own, far) in known {
        if form.action.contains(own) {
            found.push((form.action.replace(own, far), form.fields.clone()));
        }
        for (at, (_, value)) in form.fields.iter().enumerate() {
            if value.contains(own) {
                let mut fields = form.fields.clone();
                fields[at].1 = value.replace(own, far);
                all[at].1 = all[at].1.replace(own, far);
                found.push((form.action.clone(), fields));
            }
        }
    }
    if all != form.fields {
        found.push((form.action.clone(), all));
    }
    found
}

/// What is sent: each variant with each button, in words that fit.
fn sendings(found: &Found, known: &BTreeMap<&str, &str>) -> Vec<(String, Fields)> {
    let mut sendings = Vec::new();
    for form in found.forms.values() {
        let with = form.buttons.iter().map(|button| [form.fields.clone(), vec![button.clone()]].concat());
        let mut each: Vec<Fields> = with.collect();
        if each.is_empty() {
            each.push(form.fields.clone());
        }
        for fields in each {
            let form = Form { fields: fitting(fields), ..form.clone() };
            sendings.extend(variants(&form, known));
        }
    }
    sendings
}

fn fitting(fields: Fields) -> Fields {
    let fit = |(name, value): (String, String)| {
        let better = FITTING.iter().find(|(field, _)| *field == name && value == WORDS);
        (name, better.map_or(value, |(_, better)| (*better).to_owned()))
    };
    narrowed(fields).into_iter().map(fit).collect()
}

#[test]
fn no_form_with_a_row_of_another_agency_changes_or_shows_it() {
    running(in_each_world(|world| async move {
        let known = world.counterparts();
        let near = world.enter(world.role(IN_A)).await;
        let found = walk(&world, &near).await;
        assert!(found.wrong.is_empty(), "pages of A show B: {:#?}", found.wrong);
        let fields = found.forms.values().flat_map(|form| form.fields.iter().chain(&form.buttons));
        let strange = fields.filter(|(name, value)| {
            is_id(value) && !known.contains_key(value.as_str()) && !NO_ROWS.contains(&name.as_str())
        });
        let strange: BTreeSet<_> = strange.map(|(name, _)| name).collect();
        assert!(strange.is_empty(), "ids of no row that is known here: {strange:?}");

        let mut wrong = Vec::new();
        for link in &found.links {
            for (own, far) in known.iter().filter(|(own, _)| link.contains(**own)) {
                let path = link.replace(own, far);
                let answer = near.get(&path).await;
                if answer.tells_of_b() || answer.status.is_server_error() {
                    wrong.push(format!("{path}: {}", answer.status));
                }
            }
        }
        let sendings = sendings(&found, &known);
        for (action, fields) in &sendings {
            let answer = near.post(action, fields).await;
            if answer.tells_of_b() || answer.status.is_server_error() {
                wrong.push(format!("{action} {fields:?}: {} {}", answer.status, answer.code));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_untouched(&world).await;
        let after = walk(&world, &near).await;
        assert!(after.wrong.is_empty(), "pages of A show B afterwards: {:#?}", after.wrong);
        // The same forms do something to B for who reaches it.
        let everywhere = world.enter(world.role(EVERYWHERE)).await;
        for (action, fields) in &sendings {
            everywhere.post(action, fields).await;
        }
        let done = world.touched(std::iter::once(world.role(EVERYWHERE))).await;
        let walked = format!("{} pages, {} forms, {} sendings", found.pages, found.forms.len(), sendings.len());
        assert!(found.forms.len() > 30 && done.len() >= 10, "{walked}, and of B was done only {done:?}");
        eprintln!("{walked}; who may did {} different things to B", done.len());
        drop(known);
        world.server.stop();
    }));
}

/// A body with the rows that it names.
fn filled(body: &str, row: impl Fn(&str) -> String) -> Value {
    let mut filled = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('<') {
        let (noun, after) = after.split_once('>').expect("a noun");
        filled += before;
        filled += &row(noun);
        rest = after;
    }
    serde_json::from_str(&(filled + rest)).expect("JSON")
}

/// Nouns of a body.
fn nouns(body: &str) -> BTreeSet<&str> {
    body.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(noun, _)| noun).collect()
}

#[test]
fn no_call_with_a_row_of_another_agency_changes_or_shows_it_and_none_chooses_more_than_it_may() {
    running(in_each_world(|world| async move {
        let near = world.enter(world.role(IN_A)).await;
        let mut wrong = Vec::new();
        for (method, path, body) in BODIES {
            for foreign in nouns(body) {
                let row = |noun: &str| match noun == foreign {
                    true => world.far(noun).to_owned(),
                    false => world.own(noun).to_owned(),
                };
                let answer = near.send(method, path, &filled(body, row)).await;
                if !answer.status.is_client_error() || answer.tells_of_b() {
                    wrong.push(format!("{path} {body} with {foreign}: {} {}", answer.status, answer.body));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_untouched(&world).await;
        // With rows of its own each is taken, and nothing of what it does not have.
        for (method, path, body) in BODIES {
            let mut sent = filled(body, |noun| world.own(noun).to_owned());
            for member in ["id", "created_by", "opened_by", "approved_by", "owner_id", "author_id", "updated_by"] {
                sent[member] = CHOSEN.into();
            }
            let answer = near.send(method, path, &sent).await;
            let taken = answer.status.is_success() || answer.status == StatusCode::CONFLICT;
            assert!(taken && !answer.body.contains(CHOSEN), "{path} {body}: {} {}", answer.status, answer.body);
        }
        for operation in pages().iter().filter(|one| is_api(one)) {
            let path = world.address(operation.path, places(operation.path).len());
            assert!(!near.get(&path).await.body.contains(CHOSEN), "{path}");
        }
        world.server.stop();
    }));
}
