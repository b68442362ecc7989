//! Changing law, whatever folder it is: versions, drafts, the second person, walls; on both databases and through the
//! pages. What the folder means is its reader's business; here it is a small one.

use crate::browser::{Answer, Browser, app, site};
use crate::province::{NOW, Province, scope_of, service};
use axum::http::StatusCode;
use kit::bus::Bus;
use kit::clock::{HOUR, MINUTE, Micros};
use kit::live::Live;
use kit::scope::Agencies;
use kit::{Capability, Error, Lang, Scope, Tx, View};
use organisation::audit::store::{AuditFilter, count};
use organisation::elevations::{self, Standing};
use organisation::regulations::{
    self, Book, Change, Description, Fault, Files, Regulations, Source, Work, apply, digest, discard, draft_of, find,
    keep_draft, of_file,
};
use test_support::on_each_database;

const PATH: &str = "notes/first.toml";
const TEXT: &str = "# A note.\ntitle = \"Lần đầu\"\nhours = 24\n";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    title: String,
    hours: u32,
}

/// Notes of hours. `longest`: what a newer program no longer reads.
struct Notes {
    longest: u32,
}

impl Book for Notes {
    fn folders(&self) -> &'static [&'static str] {
        &["notes"]
    }

    fn embedded(&self) -> Files {
        [(PATH.to_owned(), TEXT.to_owned())].into()
    }

    fn faults(&self, files: &Files) -> Vec<Fault> {
        let fault = |(path, text): (&String, &String)| match toml::from_str::<Note>(text) {
            Err(error) => Some(Fault::of_toml(path, text, &error)),
            Ok(note) if note.hours > self.longest => Some(Fault::new(path, Some(3), "field-too-long", [])),
            Ok(_) => None,
        };
        files.iter().filter_map(fault).collect()
    }

    fn describe(&self, _: &str, text: &str, _: Lang) -> Description {
        let title = toml::from_str::<Note>(text).map(|note| note.title).unwrap_or_default();
        Description { title, text_seen: true, ..Description::default() }
    }

    fn effects(&self, before: &Files, after: &Files, _: Lang) -> Vec<String> {
        let hours =
            |files: &Files| files.get(PATH).and_then(|text| toml::from_str::<Note>(text).ok()).map(|one| one.hours);
        vec![format!("{:?} thành {:?}", hours(before), hours(after))]
    }

    fn running<'a>(&'a self, _: &'a View<'_>, _: Micros, _: Lang) -> Work<'a, Vec<String>> {
        Box::pin(async { Ok(vec!["Hai việc đang chạy giữ nguyên.".to_owned()]) })
    }

    /// What must follow cannot follow thirteen hours.
    fn follow<'a>(&'a self, _: &'a Tx<'_>, _: Micros, files: &'a Files) -> Work<'a, ()> {
        let wrong = files.values().any(|text| text.contains("hours = 13"));
        Box::pin(async move { if wrong { Err(Error::Conflict("field-taken")) } else { Ok(()) } })
    }

    fn put_in_force(&self, _: &Files) -> Result<(), Vec<Fault>> {
        Ok(())
    }
}

/// The law of these tests.
pub(crate) fn notes() -> Regulations {
    Regulations::open(vec![Box::new(Notes { longest: 100 })], None).unwrap()
}

fn change(regulations: &Regulations, hours: u32) -> Change {
    Change {
        path: PATH.into(),
        text: TEXT.replace("24", &hours.to_string()),
        reason: "Theo chỉ đạo".into(),
        basis: "Công văn 12".into(),
        built_on: digest(regulations.current().text(PATH)),
    }
}

async fn put(
    province: &Province,
    scope: &Scope,
    law: &Regulations,
    change: &Change,
    now: Micros,
) -> Result<i64, Error> {
    let tx = province.db.scoped(scope).begin().await.unwrap();
    let version = apply(&tx, law, &province.policies, now, change).await?;
    tx.commit().await.map(|()| version)
}

/// Keeps a change and asks for it; gives its digest.
async fn ask(
    province: &Province,
    scope: &Scope,
    law: &Regulations,
    change: &Change,
    now: Micros,
) -> Result<String, Error> {
    let tx = province.db.scoped(scope).begin().await.unwrap();
    let live = Live::default();
    let kept = regulations::ask(&tx, law, (&live, &province.policies), now, &province.root, change).await?;
    tx.commit().await.map(|()| kept)
}

/// Approves the request for a digest, having seen another one or the same; gives the number of the request.
async fn approve(province: &Province, scope: &Scope, kept: &str, seen: &str, now: Micros) -> Result<String, Error> {
    let waiting = elevations::waiting_for(&province.db.scoped(scope).read(), kept).await.unwrap().expect("a request");
    let tx = province.db.scoped(scope).begin().await.unwrap();
    elevations::approve(&tx, &Live::default(), &province.policies, now, &waiting.id, seen).await?;
    tx.commit().await.map(|()| waiting.id)
}

/// Asks for a change and lets somebody else approve it.
async fn let_through(
    province: &Province,
    (own, above): (&Scope, &Scope),
    law: &Regulations,
    change: &Change,
    now: Micros,
) -> String {
    let kept = ask(province, own, law, change, now).await.unwrap();
    approve(province, above, &kept, &kept, now).await.unwrap()
}

#[tokio::test]
async fn a_change_needs_somebody_else_and_becomes_a_version() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let scope = province.scope(&admin, &province.root, "administrator");
        let above = province.scope(&head, &province.root, "leader");
        let law = notes();
        let alone = put(&province, &scope, &law, &change(&law, 48), NOW).await;
        assert!(matches!(alone, Err(Error::Conflict("elevation-needed"))), "{alone:?}");
        assert_eq!(law.current().text(PATH), TEXT, "what was refused changes nothing");
        let kept = ask(&province, &scope, &law, &change(&law, 48), NOW).await.unwrap();
        let waiting = put(&province, &scope, &law, &change(&law, 48), NOW).await;
        assert!(matches!(waiting, Err(Error::Conflict("elevation-needed"))), "asking is not enough");
        for unseen in ["", &digest("another draft")] {
            let blind = approve(&province, &above, &kept, unseen, NOW).await;
            assert!(matches!(blind, Err(Error::Conflict("elevation-draft-unseen"))), "{blind:?}");
        }
        let id = approve(&province, &above, &kept, &kept, NOW).await.unwrap();
        let another = [
            change(&law, 49),
            Change { reason: "Theo ý riêng".into(), ..change(&law, 48) },
            Change { basis: "Công văn 13".into(), ..change(&law, 48) },
        ];
        for another in another {
            let refused = put(&province, &scope, &law, &another, NOW).await;
            assert!(matches!(refused, Err(Error::Conflict("elevation-for-another"))), "{another:?}: {refused:?}");
        }

        let stale = Change { built_on: digest("another text"), ..change(&law, 48) };
        let stale = put(&province, &scope, &law, &stale, NOW).await;
        assert!(matches!(stale, Err(Error::Conflict("regulation-somebody-was-faster"))), "{stale:?}");
        let same = put(&province, &scope, &law, &change(&law, 24), NOW).await;
        assert!(matches!(same, Err(Error::Conflict("regulation-nothing-changed"))), "{same:?}");
        let broken = Change { text: "title = 3".into(), ..change(&law, 48) };
        let broken = put(&province, &scope, &law, &broken, NOW).await;
        assert!(matches!(broken, Err(Error::Conflict("regulation-does-not-load"))), "{broken:?}");
        let silent = Change { reason: " ".into(), ..change(&law, 48) };
        assert!(matches!(put(&province, &scope, &law, &silent, NOW).await, Err(Error::Invalid(_))));
        for path in ["other/first.toml", "notes/First File.toml", "notes/../first.toml", "notes"] {
            let astray = Change { path: path.into(), ..change(&law, 48) };
            let astray = put(&province, &scope, &law, &astray, NOW).await;
            assert!(matches!(astray, Err(Error::NotFound)), "{path}: {astray:?}");
        }
        let unfollowed = put(&province, &scope, &law, &change(&law, 13), NOW).await;
        assert!(matches!(unfollowed, Err(Error::Conflict("field-taken"))), "{unfollowed:?}");
        assert_eq!(law.current().text(PATH), TEXT);

        assert_eq!(put(&province, &scope, &law, &change(&law, 48), NOW + MINUTE).await.unwrap(), 1);
        assert!(law.current().text(PATH).contains("hours = 48"));
        let next = change(&law, 72);
        let unasked = put(&province, &scope, &law, &next, NOW + 2 * MINUTE).await;
        assert!(matches!(unasked, Err(Error::Conflict("elevation-needed"))), "one approval, one change: {unasked:?}");
        let_through(&province, (&scope, &above), &law, &next, NOW + MINUTE).await;
        assert_eq!(put(&province, &scope, &law, &next, NOW + 2 * MINUTE).await.unwrap(), 2);
        let own = province.db.scoped(&scope).read();
        let used = elevations::find(&own, &id).await.unwrap();
        assert_eq!((used.used, used.subject), (1, kept));
        assert_eq!((used.about.as_str(), used.reason.as_str()), (PATH, "Theo chỉ đạo"));
        let versions = of_file(&own, PATH).await.unwrap();
        let times: Vec<_> = versions.iter().map(|one| (one.version, one.valid_from, one.valid_to)).collect();
        assert_eq!(times, [(2, NOW + 2 * MINUTE, None), (1, NOW + MINUTE, Some(NOW + 2 * MINUTE))]);
        let first = find(&own, PATH, 1).await.unwrap();
        assert_eq!(
            (first.by_id.as_str(), first.basis.as_str(), first.elevation_id.as_str()),
            (&*admin, "Công văn 12", &*id)
        );
        assert_eq!(first.digest, digest(&first.text));
        let everything = service();
        let view = province.db.scoped(&everything).read();
        for (action, times) in [("law.change", 2), ("elevation.use", 2)] {
            let filter = AuditFilter { action: action.into(), ..AuditFilter::default() };
            assert_eq!(count(&view, &filter).await.unwrap(), times, "{action}");
        }

        // What the program forgets when it ends is in the register.
        let restarted = notes();
        assert_eq!(restarted.current().text(PATH), TEXT);
        restarted.reload(&own).await.unwrap();
        assert!(restarted.current().text(PATH).contains("hours = 72"));
        let source = restarted.current().files.get(PATH).map(|file| file.source.clone());
        assert!(matches!(source, Some(Source::Version { version: 2, .. })), "{source:?}");
        let_through(&province, (&scope, &above), &law, &change(&law, 96), NOW + 3 * MINUTE).await;
        let late = put(&province, &scope, &law, &change(&law, 96), NOW + 3 * HOUR).await;
        assert!(matches!(late, Err(Error::Conflict("elevation-needed"))), "its time is over");
    })
    .await;
}

#[tokio::test]
async fn who_does_not_reach_the_whole_centre_changes_no_law_and_nobody_approves_the_own_request() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let near = province.person("quan.tri.a", "Quản Trị A", &province.a, "officer").await;
        let law = notes();
        let both = [Capability::ChangeLaw, Capability::ApproveElevations];
        let of_a = scope_of(&near, Agencies::Under([province.a.clone()].into()), both);
        for done in [put(&province, &of_a, &law, &change(&law, 48), NOW).await.map(|_| ()), {
            let tx = province.db.scoped(&of_a).begin().await.unwrap();
            keep_draft(&tx, &law, NOW, &change(&law, 48)).await.map(|_| ())
        }] {
            assert!(matches!(done, Err(Error::Forbidden("change-law"))), "{done:?}");
        }
        let reader = scope_of(&near, Agencies::All, [Capability::ViewIncidents]);
        let refused = put(&province, &reader, &law, &change(&law, 48), NOW).await;
        assert!(matches!(refused, Err(Error::Forbidden("change-law"))), "{refused:?}");
        let alone = scope_of(&admin, Agencies::All, both);
        let kept = ask(&province, &alone, &law, &change(&law, 48), NOW).await.unwrap();
        let own = approve(&province, &alone, &kept, &kept, NOW).await;
        assert!(matches!(own, Err(Error::Conflict("elevation-not-for-oneself"))), "{own:?}");
        let refused = put(&province, &alone, &law, &change(&law, 48), NOW).await;
        assert!(matches!(refused, Err(Error::Conflict("elevation-needed"))), "{refused:?}");
        let machine = service();
        let refused = put(&province, &machine, &law, &change(&law, 48), NOW).await;
        assert!(matches!(refused, Err(Error::Conflict("elevation-needed"))), "nor a part of the program: {refused:?}");
        assert!(of_file(&province.db.scoped(&alone).read(), PATH).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn two_who_change_at_once_do_not_undo_each_other() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let above = province.scope(&head, &province.root, "leader");
        let law = notes();
        let changes = [change(&law, 36), change(&law, 48)];
        let mut scopes = Vec::new();
        for (account, change) in ["quan.tri", "quan.tri.hai"].into_iter().zip(&changes) {
            let admin = province.person(account, "Quản Trị", &province.root, "administrator").await;
            let scope = province.scope(&admin, &province.root, "administrator");
            let_through(&province, (&scope, &above), &law, change, NOW).await;
            scopes.push(scope);
        }
        let (one, other) = tokio::join!(
            put(&province, &scopes[0], &law, &changes[0], NOW),
            put(&province, &scopes[1], &law, &changes[1], NOW)
        );
        let refused: Vec<_> = [&one, &other].into_iter().filter_map(|done| done.as_ref().err()).collect();
        assert!(matches!(refused.as_slice(), [Error::Conflict("regulation-somebody-was-faster")]), "{one:?} {other:?}");
        let view = province.db.scoped(&above).read();
        let kept = of_file(&view, PATH).await.unwrap();
        assert_eq!((kept.len(), kept[0].text.as_str()), (1, law.current().text(PATH)));
        // Another file at the same time is another matter: neither is lost.
        let second = Change { path: "notes/second.toml".into(), built_on: digest(""), ..change(&law, 12) };
        let first = change(&law, 60);
        for (scope, change) in scopes.iter().zip([&first, &second]) {
            let_through(&province, (scope, &above), &law, change, NOW).await;
        }
        let (one, other) = tokio::join!(
            put(&province, &scopes[0], &law, &first, NOW + MINUTE),
            put(&province, &scopes[1], &law, &second, NOW + MINUTE)
        );
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        let state = law.current();
        assert!(state.text(PATH).contains("60") && state.text("notes/second.toml").contains("12"), "{state:?}");
    })
    .await;
}

#[tokio::test]
async fn a_version_that_a_newer_program_does_not_read_does_not_stop_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let scope = province.scope(&admin, &province.root, "administrator");
        let above = province.scope(&head, &province.root, "leader");
        let law = notes();
        let_through(&province, (&scope, &above), &law, &change(&law, 99), NOW).await;
        put(&province, &scope, &law, &change(&law, 99), NOW).await.unwrap();
        let newer = Regulations::open(vec![Box::new(Notes { longest: 50 })], None).unwrap();
        newer.reload(&province.db.scoped(&scope).read()).await.unwrap();
        let state = newer.current();
        assert_eq!(state.text(PATH), TEXT, "what lies below is in force");
        let told: Vec<_> = state.unread.iter().map(|one| (one.path.as_str(), one.version)).collect();
        assert_eq!(told, [(PATH, 1)]);
        // A new change takes its place.
        let_through(&province, (&scope, &above), &newer, &change(&newer, 30), NOW).await;
        put(&province, &scope, &newer, &change(&newer, 30), NOW + MINUTE).await.unwrap();
        let state = newer.current();
        assert!(state.unread.is_empty() && state.text(PATH).contains("hours = 30"), "{state:?}");
    })
    .await;
}

fn hidden(page: &Answer, name: &str) -> String {
    let rest = page.text.split_once(&format!("name=\"{name}\" value=\"")).expect("a hidden field").1;
    rest.split('"').next().unwrap().to_owned()
}

/// The form as a browser sends it after that page.
fn filled(page: &Answer, text: &str, then: &str) -> Vec<(&'static str, String)> {
    vec![
        ("text", text.to_owned()),
        ("reason", "Theo chỉ đạo".to_owned()),
        ("basis", "Công văn 12".to_owned()),
        ("built_on", hidden(page, "built_on")),
        ("seen", hidden(page, "seen")),
        ("then", then.to_owned()),
    ]
}

/// Where an act of a page is sent.
fn act(page: &Answer, end: &str) -> Option<String> {
    let mut acts = page.text.split("action=\"").filter_map(|rest| rest.split('"').next());
    acts.find(|path| path.ends_with(end)).map(ToOwned::to_owned)
}

/// Reads a draft and approves it.
async fn approve_draft(browser: &mut Browser, draft: &str) {
    let page = browser.get(draft).await;
    let approve = act(&page, "/approve").expect("a button to approve");
    assert_eq!(browser.post(&approve, &[("seen", &hidden(&page, "seen"))]).await.location(), "/elevations");
}

async fn send(browser: &mut Browser, page: &Answer, text: &str, then: &str) -> Answer {
    let fields = filled(page, text, then);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/regulations/notes.first/edit", &fields).await
}

#[tokio::test]
async fn a_change_goes_from_the_draft_over_the_second_person_into_force_and_back() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin_id = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("lanh.dao.a", "Lãnh Đạo A", &province.a, "leader").await;
        let app = app(&province, false);
        let law = Regulations::of(&app).unwrap();
        let site = site(&app);
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let list = admin.get("/regulations").await;
        assert!(
            list.text.contains("href=\"/regulations/notes.first\"") && list.text.contains("Lần đầu"),
            "{}",
            list.text
        );
        let page = admin.get("/regulations/notes.first/edit").await;
        assert!(page.text.contains("hours = 24"), "{}", page.text);

        let wrong = send(&mut admin, &page, "title = \"x\"\r\nhuors = 48\r\n", "preview").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text.contains("dòng 2") && wrong.text.contains("huors = 48"), "{}", wrong.text);
        let text = TEXT.replace("24", "48");
        let blind = send(&mut admin, &page, &text, "apply").await;
        assert!(blind.text.contains("Điều gì sẽ khác"), "what was not looked at is shown first: {}", blind.text);
        let shown = send(&mut admin, &page, &text.replace('\n', "\r\n"), "preview").await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        for piece in
            ["diff-removed", "diff-added", "Some(24) thành Some(48)", "Hai việc đang chạy giữ nguyên.", "value=\"ask\""]
        {
            assert!(shown.text.contains(piece), "{piece}: {}", shown.text);
        }
        assert!(!shown.text.contains("value=\"apply\""));
        let early = send(&mut admin, &shown, &text, "apply").await;
        assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(early.text.contains("người khác duyệt trước") && early.text.contains("hours = 48"), "{}", early.text);
        let asked = send(&mut admin, &shown, &text, "ask").await;
        assert_eq!(asked.location(), "/regulations/notes.first", "{}", asked.text);
        assert_eq!(law.current().text(PATH), TEXT);

        let offered = admin.get("/elevations").await.text;
        assert!(offered.contains("value=\"restore\"") && !offered.contains("value=\"change-law\""), "{offered}");
        let mut officer = Browser::enter(&site, "can.bo").await;
        let read = officer.get("/regulations/notes.first").await;
        assert!(read.status == StatusCode::OK && !read.text.contains("Bản nháp"), "{}", read.text);
        let drafts = format!("/regulations/notes.first/drafts/{admin_id}");
        assert_eq!(officer.get(&drafts).await.status, StatusCode::FORBIDDEN);
        let mut far = Browser::enter(&site, "lanh.dao.a").await;
        assert_eq!(far.get(&drafts).await.status, StatusCode::NOT_FOUND, "who approves for one agency");
        assert!(!far.get("/regulations/notes.first").await.text.contains("Bản nháp"), "nor is it named");
        let refused = send(&mut officer, &shown, &text, "apply").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);

        let mut head = Browser::enter(&site, "lanh.dao").await;
        let waiting = head.get("/elevations").await;
        assert!(waiting.text.contains(&format!("href=\"{drafts}\"")), "{}", waiting.text);
        assert!(waiting.text.contains("Lần đầu<br>"), "the file by its title: {}", waiting.text);
        assert!(act(&waiting, "/approve").is_none(), "nothing is approved unseen: {}", waiting.text);
        let draft = head.get(&drafts).await;
        assert!(draft.text.contains("diff-added") && draft.text.contains("Công văn 12"), "{}", draft.text);
        let unseen = act(&draft, "/approve").expect("a button to approve");
        assert_eq!(head.post(&unseen, &[]).await.location(), "/elevations");
        assert!(head.get("/elevations").await.text.contains("xem khác biệt rồi duyệt"), "and says so");
        approve_draft(&mut head, &drafts).await;
        assert!(act(&head.get(&drafts).await, "/approve").is_none(), "answered");

        let page = admin.get("/regulations/notes.first/edit").await;
        assert!(page.text.contains("hours = 48") && page.text.contains("bản nháp của bạn"), "{}", page.text);
        let shown = send(&mut admin, &page, &text, "preview").await;
        assert!(shown.text.contains("value=\"apply\""), "{}", shown.text);
        let other = text.replace("48", "49");
        let exchanged = send(&mut admin, &shown, &other, "apply").await;
        assert_eq!((exchanged.status, law.current().text(PATH)), (StatusCode::OK, TEXT), "another text than was shown");
        let applied = send(&mut admin, &shown, &text, "apply").await;
        assert_eq!(applied.location(), "/regulations/notes.first", "{}", applied.text);
        assert_eq!(law.current().text(PATH), text);
        let view = service();
        assert_eq!(draft_of(&province.db.scoped(&view).read(), PATH, &admin_id).await.unwrap(), None);
        let file = admin.get("/regulations/notes.first").await.text;
        assert!(file.contains("Bản 1") && file.contains("Theo chỉ đạo") && file.contains("Bản gốc"), "{file}");
        let again = send(&mut admin, &shown, &TEXT.replace("24", "50"), "preview").await;
        let again = send(&mut admin, &again, &TEXT.replace("24", "50"), "apply").await;
        let moved = "Người khác đã đổi gì";
        assert!(
            again.text.contains("đã đổi từ khi bạn bắt đầu sửa"),
            "built on a text that is no more: {}",
            again.text
        );
        assert!(again.text.contains(moved) && !again.text.contains("value=\"ask\""), "{}", again.text);
        let anew = send(&mut admin, &again, &TEXT.replace("24", "50"), "rebase").await;
        assert!(!anew.text.contains(moved) && anew.text.contains("value=\"ask\""), "{}", anew.text);

        let version = admin.get("/regulations/notes.first/versions/0").await.text;
        assert!(version.contains("edit?version=0") && version.contains("hours = 24"), "{version}");
        let page = admin.get("/regulations/notes.first/edit?version=0").await;
        let shown = send(&mut admin, &page, TEXT, "preview").await;
        assert_eq!(send(&mut admin, &shown, TEXT, "ask").await.location(), "/regulations/notes.first");
        approve_draft(&mut head, &drafts).await;
        let other = send(&mut admin, &shown, &TEXT.replace("24", "51"), "preview").await;
        assert!(other.text.contains("value=\"ask\""), "another text is another request: {}", other.text);
        let refused = send(&mut admin, &other, &TEXT.replace("24", "51"), "apply").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("Điều đã được duyệt là một việc khác"), "{}", refused.text);
        assert_eq!(send(&mut admin, &shown, TEXT, "apply").await.location(), "/regulations/notes.first");
        assert_eq!(law.current().text(PATH), TEXT);
        let compared = officer.get("/regulations/notes.first/versions/1?with=2").await.text;
        assert!(compared.contains("diff-removed") && compared.contains("hours = 48"), "{compared}");
        for missing in ["versions/9", "versions/x", "drafts/nobody"] {
            let path = format!("/regulations/notes.first/{missing}");
            assert_eq!(admin.get(&path).await.status, StatusCode::NOT_FOUND, "{missing}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_is_added_in_a_folder_that_has_a_reader_and_a_draft_can_be_given_up() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        assert_eq!(admin.get("/regulations/new").await.status, StatusCode::OK);
        let wrong = admin.get("/regulations/new?folder=notes&name=Hai+ba").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
        let right = admin.get("/regulations/new?folder=notes&name=second").await;
        assert_eq!(right.location(), "/regulations/notes.second/edit");
        assert_eq!(admin.get("/regulations/notes.second").await.status, StatusCode::NOT_FOUND, "nothing is there yet");
        let page = admin.get("/regulations/notes.second/edit").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let text = "title = \"Hai\"\nhours = 2\n";
        let post = async |admin: &mut Browser, page: &Answer, then: &str| {
            let fields = filled(page, text, then);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            admin.post("/regulations/notes.second/edit", &fields).await
        };
        let shown = post(&mut admin, &page, "preview").await;
        assert_eq!(post(&mut admin, &shown, "ask").await.location(), "/regulations");
        assert!(admin.get("/regulations/notes.second/edit").await.text.contains("hours = 2"));
        let gone = admin.post("/regulations/notes.second/discard", &[]).await;
        assert_eq!(gone.location(), "/regulations");
        assert!(!admin.get("/regulations/notes.second/edit").await.text.contains("hours = 2"));
        assert!(admin.get("/elevations").await.text.contains("Đã rút lại"), "what it was asked for is gone");
        assert_eq!(admin.post("/regulations/notes.second/discard", &[]).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn a_draft_remembers_what_it_was_built_on() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let other = province.person("quan.tri.hai", "Quản Trị Hai", &province.root, "administrator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let (other, above) =
            (province.scope(&other, &province.root, "administrator"), province.scope(&head, &province.root, "leader"));
        let app = app(&province, false);
        let law = Regulations::of(&app).unwrap();
        let site = site(&app);
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let page = admin.get("/regulations/notes.first/edit").await;
        let text = TEXT.replace("Lần đầu", "Lần thứ hai");
        let shown = send(&mut admin, &page, &text, "preview").await;
        assert_eq!(send(&mut admin, &shown, &text, "ask").await.location(), "/regulations/notes.first");

        let meanwhile = change(&law, 36);
        let_through(&province, (&other, &above), &law, &meanwhile, NOW).await;
        put(&province, &other, &law, &meanwhile, NOW).await.unwrap();

        let page = admin.get("/regulations/notes.first/edit").await;
        assert!(page.text.contains("Người khác đã đổi gì") && page.text.contains("hours = 36"), "{}", page.text);
        let shown = send(&mut admin, &page, &text, "preview").await;
        let refused = send(&mut admin, &shown, &text, "ask").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("đã đổi từ khi bạn bắt đầu sửa"), "{}", refused.text);
        let stale = Change { text: text.clone(), built_on: digest(TEXT), ..change(&law, 0) };
        let stale = ask(&province, &other, &law, &stale, NOW).await;
        assert!(matches!(stale, Err(Error::Conflict("regulation-somebody-was-faster"))), "{stale:?}");
        let shown = send(&mut admin, &refused, &text, "rebase").await;
        assert!(shown.text.contains("diff-removed") && shown.text.contains("hours = 36"), "what it would undo is seen");
        let both = text.replace("24", "36");
        let shown = send(&mut admin, &shown, &both, "preview").await;
        assert_eq!(send(&mut admin, &shown, &both, "ask").await.location(), "/regulations/notes.first");
    })
    .await;
}

#[tokio::test]
async fn a_request_ends_with_its_draft() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let scope = province.scope(&admin, &province.root, "administrator");
        let above = province.scope(&head, &province.root, "leader");
        let law = notes();
        let standings = async || {
            let mut list = elevations::list(&province.db.scoped(&above).read(), 9).await.unwrap();
            list.reverse();
            list.iter().map(|one| one.standing(&province.policies.elevation, NOW)).collect::<Vec<_>>()
        };
        let first = ask(&province, &scope, &law, &change(&law, 36), NOW).await.unwrap();
        assert_eq!(ask(&province, &scope, &law, &change(&law, 36), NOW).await.unwrap(), first, "asked once");
        assert_eq!(standings().await, [Standing::Waiting]);
        let second = ask(&province, &scope, &law, &change(&law, 48), NOW + 1).await.unwrap();
        assert_eq!(standings().await, [Standing::Withdrawn, Standing::Waiting]);
        approve(&province, &above, &second, &second, NOW).await.unwrap();
        ask(&province, &scope, &law, &change(&law, 60), NOW + 2).await.unwrap();
        assert_eq!(standings().await, [Standing::Withdrawn, Standing::Running, Standing::Waiting]);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        discard(&tx, NOW, PATH).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(standings().await, [Standing::Withdrawn, Standing::Running, Standing::Withdrawn]);
        let everything = service();
        let view = province.db.scoped(&everything).read();
        let filter = AuditFilter { action: "elevation.withdraw".into(), ..AuditFilter::default() };
        assert_eq!(count(&view, &filter).await.unwrap(), 2);
        put(&province, &scope, &law, &change(&law, 48), NOW + 3).await.expect("what was approved may still be done");
    })
    .await;
}

#[tokio::test]
async fn signs_that_nobody_sees_are_refused_and_not_taken_away() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let scope = province.scope(&admin, &province.root, "administrator");
        let app = app(&province, false);
        let law = Regulations::of(&app).unwrap();
        let hidden_sign = TEXT.replace("Lần đầu", "Lần\u{202e} đầu");
        assert_eq!(regulations::tidy(&hidden_sign), Err("text-hidden-sign"));
        assert_eq!(regulations::tidy(&TEXT.replace('\n', "\r\n")).as_deref(), Ok(TEXT));
        let refused =
            ask(&province, &scope, &law, &Change { text: hidden_sign.clone(), ..change(&law, 24) }, NOW).await;
        assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields[0].key == "text-hidden-sign"), "{refused:?}");
        let site = site(&app);
        let mut browser = Browser::enter(&site, "quan.tri").await;
        let page = browser.get("/regulations/notes.first/edit").await;
        for then in ["preview", "ask", "apply"] {
            let answer = send(&mut browser, &page, &hidden_sign, then).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{then}");
            assert!(answer.text.contains("Lần\u{202e} đầu"), "what was typed is there: {}", answer.text);
        }
        assert_eq!(draft_of(&province.db.scoped(&scope).read(), PATH, &admin).await.unwrap(), None);
    })
    .await;
}
