//! Rows of every noun in an agency, and which of them each place of an address and each name of a parameter is of. A place
//! or a name that stands in none of the lists here fails a test (`walls`).

use crate::world::{person, texts};
use kit::clock::{HOUR, MINUTE, Micros};
use kit::id::new_id;
use kit::live::Live;
use kit::page::Severity;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Db, Scope, Tx};
use luytre::centre::Registers;
use monitoring::saved_searches::service::SavedSearchInput;
use monitoring::sources::service::SourceInput;
use organisation::agencies::scheduled;
use organisation::api_keys::{self, NewKey};
use organisation::channels::{self, ChannelInput, Settings, WebhookSettings};
use organisation::elevations::{self, Asked};
use organisation::experts::{self, ExpertData};
use organisation::inbox::{self, Message, Recipient};
use organisation::incumbents::{self, NewAbsence, NewIncumbent};
use organisation::qualifications::{self, NewQualification};
use organisation::roster::{self, NewShift};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;

/// An id that nothing has.
pub(crate) const NOBODY: &str = "0199aaaa-0000-7000-8000-000000000000";

/// Identifiers of an agency's rows by their noun.
pub(crate) type Ids = BTreeMap<&'static str, Vec<String>>;

/// Nouns whose rows belong to agencies: the column of the id, and which rows; the agency's id follows after `=`.
const NOUNS: &[(&str, &str, &str)] = &[
    ("absence", "id", "incumbent_absences WHERE agency_id"),
    ("address-range", "id", "address_ranges WHERE agency_id"),
    ("agency", "id", "agencies WHERE id"),
    ("agency-change", "id", "agency_scheduled_changes WHERE agency_id"),
    ("alert", "id", "alerts WHERE agency_id"),
    ("api-key", "id", "api_keys WHERE agency_id"),
    ("channel", "id", "notice_channels WHERE agency_id"),
    ("early-warning", "id", "early_warnings WHERE agency_id"),
    ("elevation", "id", "elevations WHERE agency_id"),
    ("entity", "entity_kind || ':' || entity_value", "alerts WHERE agency_id"),
    ("event", "CAST(first_sequence AS TEXT)", "alerts WHERE agency_id"),
    ("exception", "id", "rule_exceptions WHERE agency_id"),
    ("expert", "id", "experts WHERE agency_id"),
    ("grant", "id", "person_roles WHERE agency_id"),
    ("hunt", "id", "hunts WHERE reach_agency_id"),
    ("incident", "id", "incidents WHERE agency_id"),
    ("incumbent", "id", "incumbents WHERE agency_id"),
    ("inventory-item", "i.id", "inventory_items i JOIN systems s ON s.id = i.system_id WHERE s.agency_id"),
    ("listed-value", "id", "listed_values WHERE agency_id"),
    ("maintenance", "id", "maintenance_windows WHERE agency_id"),
    ("message", "id", "inbox_messages WHERE agency_id"),
    ("notice", "id", "notices WHERE agency_id"),
    ("outgoing", "o.id", "notice_outbox o JOIN notice_channels c ON c.id = o.channel_id WHERE c.agency_id"),
    ("passkey", "k.id", "passkeys k JOIN people p ON p.id = k.person_id WHERE p.agency_id"),
    ("person", "id", "people WHERE agency_id"),
    ("provider-link", "l.id", "provider_links l JOIN people p ON p.id = l.person_id WHERE p.agency_id"),
    ("qualification", "q.id", "qualifications q JOIN people p ON p.id = q.person_id WHERE p.agency_id"),
    (
        "redaction",
        "r.id",
        "source_redactions r JOIN source_assignments a ON a.source_id = r.source_id AND a.valid_to IS NULL WHERE a.agency_id",
    ),
    ("saved-search", "id", "saved_searches WHERE agency_id"),
    ("session", "s.id", "sessions s JOIN people p ON p.id = s.person_id WHERE p.agency_id"),
    ("shift", "id", "duty_shifts WHERE agency_id"),
    ("source", "source_id", "source_assignments WHERE agency_id"),
    ("story", "story_id", "alerts WHERE story_id IS NOT NULL AND agency_id"),
    ("suppression", "id", "suppressions WHERE agency_id"),
    ("system", "id", "systems WHERE agency_id"),
    (
        "unread-line",
        "u.id",
        "unread_lines u JOIN source_assignments a ON a.source_id = u.source_id AND a.valid_to IS NULL WHERE a.agency_id",
    ),
];
/// Nouns that the program itself makes and lets go.
pub(crate) const PASSING: &[&str] = &["early-warning", "message", "outgoing", "session", "unread-line"];

/// Whose an id is.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    /// Rows of a noun, each of an agency.
    Agency(&'static str),
    /// The whole centre, or nobody; one that may be there.
    Centre(&'static str),
}

/// Places of addresses, each with everything before it, and names of parameters behind `?`. An address of the API has the
/// places of its page.
const PLACES: &[(&str, Of)] = &[
    ("/address-ranges/{id}", Of::Agency("address-range")),
    ("/agencies/{id}", Of::Agency("agency")),
    ("/agencies/{id}/incumbents/{incumbent}", Of::Agency("incumbent")),
    ("/agencies/{id}/incumbents/{incumbent}/leave/{absence}", Of::Agency("absence")),
    ("/agencies/{id}/scheduled/{change}", Of::Agency("agency-change")),
    ("/alerts/{id}", Of::Agency("alert")),
    ("/api-keys/{id}", Of::Agency("api-key")),
    ("/channels/{id}", Of::Agency("channel")),
    ("/coverage/{id}", Of::Agency("system")),
    ("/early-warnings/{id}", Of::Agency("early-warning")),
    ("/elevations/{id}", Of::Agency("elevation")),
    ("/events/{seq}", Of::Agency("event")),
    ("/experts/{id}", Of::Agency("expert")),
    ("/hunts/{id}", Of::Agency("hunt")),
    ("/inbox/{id}", Of::Agency("message")),
    ("/incidents/of-alert/{alert_id}", Of::Agency("alert")),
    ("/incidents/{id}", Of::Agency("incident")),
    ("/indicator-lists/{id}", Of::Centre(NOBODY)),
    ("/indicators/lists/{id}", Of::Centre(NOBODY)),
    ("/indicators/{id}", Of::Centre(NOBODY)),
    ("/inventory/{id}", Of::Agency("inventory-item")),
    ("/maintenance/{id}", Of::Agency("maintenance")),
    ("/me/passkeys/{id}", Of::Agency("passkey")),
    ("/me/sessions/{id}", Of::Agency("session")),
    ("/notices/{id}", Of::Agency("notice")),
    ("/outbox/{id}", Of::Agency("outgoing")),
    ("/people/{id}", Of::Agency("person")),
    ("/people/{id}/provider-links/{link}", Of::Agency("provider-link")),
    ("/people/{id}/qualifications/{qualification}", Of::Agency("qualification")),
    ("/people/{id}/roles/{grant}", Of::Agency("grant")),
    ("/regulations/{file}", Of::Centre("duties.plans-2026")),
    ("/regulations/{file}/drafts/{person}", Of::Agency("person")),
    ("/regulations/{file}/versions/{version}", Of::Centre("0")),
    ("/roster/{id}", Of::Agency("shift")),
    ("/rules/exceptions/{id}", Of::Agency("exception")),
    ("/rules/{id}", Of::Centre("rule-1")),
    ("/rules/{id}/versions/{number}", Of::Centre("1")),
    ("/saved-searches/{id}", Of::Agency("saved-search")),
    ("/sign-in/link/{token}", Of::Centre(NOBODY)),
    ("/sign-in/provider/{id}", Of::Centre(NOBODY)),
    ("/sources/connect/{sender}", Of::Centre("rsyslog-tcp")),
    ("/sources/{id}", Of::Agency("source")),
    ("/sources/{id}/connect/{sender}", Of::Centre("rsyslog-tcp")),
    ("/sources/{id}/redactions/{redaction}", Of::Agency("redaction")),
    ("/stories/{id}", Of::Agency("story")),
    ("/suppressions/{id}", Of::Agency("suppression")),
    ("/systems/{id}", Of::Agency("system")),
    ("/unread-lines/{id}", Of::Agency("unread-line")),
    ("/value-lists/{id}", Of::Agency("listed-value")),
    ("/{index}", Of::Centre("logs")),
    ("/{index}/_create/{id}", Of::Centre("1")),
    ("/{index}/_doc/{id}", Of::Centre("1")),
    ("?actor", Of::Agency("person")),
    ("?agency", Of::Agency("agency")),
    ("?alert", Of::Agency("alert")),
    ("?assigned", Of::Agency("person")),
    ("?channel", Of::Agency("channel")),
    ("?entity", Of::Agency("entity")),
    ("?hunt", Of::Agency("hunt")),
    ("?incident", Of::Agency("incident")),
    ("?list", Of::Centre(NOBODY)),
    ("?object_id", Of::Agency("person")),
    ("?open", Of::Agency("alert")),
    ("?parent", Of::Agency("agency")),
    ("?range", Of::Agency("address-range")),
    ("?rule", Of::Centre("rule-1")),
    ("?saved", Of::Agency("saved-search")),
    ("?source", Of::Agency("source")),
    ("?story", Of::Agency("story")),
    ("?suppression", Of::Agency("suppression")),
    ("?system", Of::Agency("system")),
    ("?under", Of::Agency("agency")),
    ("?unread", Of::Agency("unread-line")),
    ("?value", Of::Agency("listed-value")),
];
/// Parameters of the API that name no row.
pub(crate) const PLAIN: &[&str] = &[
    "before",
    "columns",
    "detector",
    "dry_run",
    "from",
    "hosting",
    "kind",
    "level",
    "limit",
    "offset",
    "on_trial",
    "part",
    "q",
    "severity",
    "show",
    "sort",
    "state",
    "technique",
    "to",
];

/// Whose the id is in a place of an address or behind the name of a parameter.
pub(crate) fn of(place: &str) -> Option<Of> {
    PLACES.iter().find(|(known, _)| *known == place).map(|(_, of)| *of)
}

/// Places of addresses that the lists here know.
pub(crate) fn known_places() -> impl Iterator<Item = &'static str> {
    PLACES.iter().map(|(place, _)| *place).filter(|place| place.starts_with('/'))
}

/// Names of parameters that name rows of agencies, with the noun.
pub(crate) fn parameters() -> impl Iterator<Item = (&'static str, &'static str)> {
    PLACES.iter().filter_map(|(place, of)| match of {
        Of::Agency(noun) => Some((place.strip_prefix('?')?, *noun)),
        Of::Centre(_) => None,
    })
}

/// The places of a path, each with everything before it.
pub(crate) fn places(path: &str) -> Vec<String> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    path.match_indices('}').map(|(end, _)| path[..=end].to_owned()).collect()
}

/// Identifiers of everything in an agency; no noun may be without.
pub(crate) async fn ids_of(db: &Db, agency: &str) -> Ids {
    let mut ids = Ids::new();
    for (noun, column, rows) in NOUNS.iter().copied() {
        let found = texts(db, &format!("SELECT {column} AS value FROM {rows} = '{agency}' ORDER BY 1")).await;
        assert!(!found.is_empty(), "no {noun} in {agency}");
        ids.insert(noun, found);
    }
    ids
}

/// One row of everything in an agency, each with the mark in its words. Whoever adds a table of the catalogue adds a row of
/// it here.
pub(crate) async fn rows_of(registers: &Registers, agency: &str, mark: &str, number: u8) {
    let (db, now) = (&registers.db, registers.clock.now());
    let officer = registers.policies.role("officer").expect("a role");
    let id = person(registers, &format!("nguoi.{mark}"), officer, agency).await;
    let second = person(registers, &format!("nguoi.hai.{mark}"), officer, agency).await;
    let actor = Actor::Person { id: id.as_str().into(), name: format!("Người {mark}").into() };
    let scope = Scope::new(actor, Agencies::Under([agency.to_owned()].into()), Capability::ALL.iter().copied(), None);
    let tx = db.scoped(&scope).begin().await.expect("transaction");
    of_people(&tx, registers, agency, mark, (&id, &second), now).await;
    let system = of_systems(&tx, agency, mark, now).await;
    of_detection(&tx, agency, mark, number, &id, &system, now).await;
    tx.commit().await.expect("commit");
}

/// Agency, people and what leaves the house.
async fn of_people(
    tx: &Tx<'_>,
    registers: &Registers,
    agency: &str,
    mark: &str,
    (id, second): (&str, &str),
    now: Micros,
) {
    let policies = &registers.policies;
    let (later, basis) = (now + 24 * HOUR, format!("Nghị quyết {mark}"));
    let name = format!("Tên mới {mark}");
    scheduled::rename_on(tx, &Live::default(), now, agency, &name, later, &basis).await.expect("new name");
    let key = NewKey {
        name: format!("Khóa {mark}"),
        agency_id: agency.into(),
        capabilities: vec![Capability::IngestEvents],
        ..NewKey::default()
    };
    api_keys::create(tx, now, key).await.expect("key");
    let shift = NewShift {
        agency_id: agency.into(),
        person_id: id.into(),
        post: "analyst".into(),
        starts_at: now - HOUR,
        ends_at: now + HOUR,
    };
    roster::add_shift(tx, policies, now, &shift).await.expect("shift");
    let incumbent = NewIncumbent {
        agency_id: agency.into(),
        person_id: id.into(),
        post: "dedicated".into(),
        starts_at: now - HOUR,
        ..NewIncumbent::default()
    };
    let incumbent_id = incumbents::appoint(tx, now, incumbent).await.expect("incumbent");
    let absence =
        NewAbsence { incumbent_id, substitute_id: second.into(), starts_at: now + HOUR, ends_at: now + 2 * HOUR };
    incumbents::substitute(tx, now, absence).await.expect("leave");
    let certificate = NewQualification {
        person_id: id.into(),
        kind: "certificate".into(),
        name: format!("Chứng chỉ {mark}"),
        ..NewQualification::default()
    };
    qualifications::add(tx, now, certificate).await.expect("qualification");
    let expert = ExpertData {
        agency_id: agency.into(),
        full_name: format!("Chuyên gia {mark}"),
        fields: "mã độc".into(),
        phone: "0900 000 001".into(),
        ..ExpertData::default()
    };
    experts::add(tx, now, expert).await.expect("expert");
    let hook = WebhookSettings { url: format!("https://{mark}.example/hook"), secret: "bí mật".into() };
    let channel = ChannelInput {
        agency_id: agency.into(),
        name: format!("Kênh {mark}"),
        kinds: Vec::new(),
        settings: Settings::Webhook(hook),
    };
    let channel = channels::create(tx, &policies.notice, now, &channel).await.expect("channel");
    channels::queue_test(tx, now, &channel).await.expect("outbox");
    let asked = Asked {
        kind: "export".into(),
        agency_id: agency.into(),
        subject: "/alerts".into(),
        reason: format!("Việc {mark}"),
        ..Asked::default()
    };
    elevations::ask(tx, &Live::default(), policies, now, &asked).await.expect("elevation");
    let message = Message {
        severity: Severity::Low,
        title_key: "inbox-title",
        body: format!("Tin {mark}"),
        link: "/me".into(),
        agency_id: Some(agency.into()),
        ..Message::default()
    };
    inbox::notify(tx, &Live::default(), now, Recipient::Person(id), &message).await.expect("message");
    let (session, passkey, link) = (new_id(now), new_id(now), new_id(now));
    for sql in [
        format!(
            "INSERT INTO sessions (id, token_hash, person_id, csrf, created_at, seen_at, expires_at, origin, browser) \
             VALUES ('{session}', 'hash-{mark}', '{id}', 'csrf', {now}, {now}, {}, '', '{mark}')",
            now + HOUR
        ),
        format!(
            "INSERT INTO passkeys (id, person_id, credential_id, public_key, counter, name, added_at) \
             VALUES ('{passkey}', '{id}', 'credential-{mark}', 'key', 0, 'Khóa {mark}', {now})"
        ),
        format!(
            "INSERT INTO provider_links (id, issuer, subject, person_id, linked_by, linked_at) \
             VALUES ('{link}', 'https://provider.example', 'subject-{mark}', '{id}', '{id}', {now})"
        ),
        format!(
            "INSERT INTO law_drafts (path, person_id, text, reason, basis, saved_at) \
             VALUES ('duties/plans-2026.toml', '{id}', '# {mark}', 'Lý do {mark}', 'Công văn', {now})"
        ),
    ] {
        tx.execute_unprepared(&sql).await.expect("a row of a person");
    }
}

/// A system with a source, an incident and a notice; gives the ids of system and source.
async fn of_systems(tx: &Tx<'_>, agency: &str, mark: &str, now: Micros) -> (String, String) {
    let system = assurance::systems::NewSystem {
        code: format!("HT-{mark}"),
        name: format!("Hệ thống {mark}"),
        agency_id: agency.into(),
        level: 3,
        state: "operating".into(),
        ..Default::default()
    };
    let system = assurance::systems::service::register(tx, system, now).await.expect("system");
    let item = assurance::inventory::NewItem {
        kind: "device".into(),
        name: format!("Máy chủ {mark}"),
        ..assurance::inventory::NewItem::default()
    };
    assurance::inventory::service::add(tx, &system, item, now).await.expect("inventory");
    let stays = assurance::consolidation::NewMove {
        way: "keep".into(),
        notes: format!("Lý do {mark}"),
        ..assurance::consolidation::NewMove::default()
    };
    assurance::consolidation::service::decide(tx, &system, &stays, now).await.expect("consolidation");
    let source = SourceInput {
        name: format!("Nguồn {mark}"),
        kind: "server".into(),
        system_id: system.clone(),
        match_host: format!("may-{mark}"),
        expected: "on".into(),
        max_silence_minutes: "10".into(),
        ..SourceInput::default()
    };
    let settings = monitoring::settings::Settings::embedded().expect("sound");
    let registered = monitoring::sources::service::register(tx, &settings.sources, &source, now - 2 * HOUR).await;
    let source = registered.expect("source");
    let search = SavedSearchInput {
        kind: "search".into(),
        name: format!("Câu tìm {mark}"),
        text: "Failed".into(),
        range: "24h".into(),
        sharing: "agency".into(),
        ..SavedSearchInput::default()
    };
    monitoring::saved_searches::service::create(tx, &settings.saved_searches, &search, agency, now)
        .await
        .expect("saved search");
    let incident = response::incidents::service::NewIncident {
        title: format!("Sự cố {mark}"),
        agency_id: agency.into(),
        system_id: system.clone(),
        description: "Chuyện của cơ quan".into(),
        occurred: None,
        detected: None,
    };
    let incident = response::incidents::service::open(tx, &Live::default(), now, &incident).await.expect("incident");
    response::notices::service::draft(tx, now, &incident, "first-notice").await.expect("notice");
    (system, source)
}

/// Alerts and everything around them.
async fn of_detection(
    tx: &Tx<'_>,
    agency: &str,
    mark: &str,
    number: u8,
    id: &str,
    (system, source): &(String, String),
    now: Micros,
) {
    let (hour, day) = ((now - HOUR) / HOUR * HOUR, now + 24 * HOUR);
    let (start, story) = (now - MINUTE, new_id(now));
    let [alert, exception, hunt, suppression, maintenance, range, value, warning, unread, redaction] =
        [(); 10].map(|()| new_id(now));
    // The entity has no mark: it comes back in addresses that ask for it.
    let host = format!("may-{number}");
    for sql in [
        format!(
            "INSERT INTO source_presence (source_id, hour_start, minutes_seen, events) VALUES ('{source}', {hour}, 1, 1)"
        ),
        format!(
            "INSERT INTO alerts (id, rule_id, rule_title, rule_title_vi, title_fold, rule_level, group_key, \
             first_sequence, last_sequence, source_id, system_id, system_level, agency_id, entity_kind, entity_value, \
             severity, severity_rank, score, state, count, first_event_time, last_event_time, first_event_recorded, \
             detected_at, updated_at, techniques, samples, damped, story_id) VALUES ('{alert}', 'rule-1', 'Alert {mark}', \
             'Cảnh báo {mark}', '{mark}', 'high', 'group-{mark}', {number}, {number}, '{source}', '{system}', 3, \
             '{agency}', 'host_name', '{host}', 'high', 3, 75, 'new', 1, {start}, {now}, {start}, {now}, {now}, '[]', \
             '[]', FALSE, '{story}')"
        ),
        format!(
            "INSERT INTO incident_alerts (incident_id, alert_id, attached_at, attached_by) \
             SELECT i.id, '{alert}', {now}, '{id}' FROM incidents i WHERE i.agency_id = '{agency}'"
        ),
        format!(
            "INSERT INTO early_warnings (id, detector, agency_id, source_id, entity_kind, entity_value, sequence, time, \
             anomaly) VALUES ('{warning}', 'early-volume', '{agency}', '{source}', 'user_name', 'ai-{mark}', {number}, \
             {now}, '{{\"normal\":{{\"kind\":\"hour\",\"hour\":3,\"weekend\":false,\"share\":0.0,\"observations\":90,\
             \"days\":9}},\"bars\":[]}}')"
        ),
        format!(
            "INSERT INTO rule_hits (id, rule_id, hour_start, source_id, system_id, agency_id, entities, detailed, \
             alerted, shadowed, excepted) VALUES ('hit-{mark}', 'rule-1', {hour}, '{source}', '{system}', '{agency}', \
             '{{}}', TRUE, 1, 0, 0)"
        ),
        format!(
            "INSERT INTO rule_exceptions (id, rule_id, agency_id, system_id, conditions, reason, expires_at, created_by, \
             created_at) VALUES ('{exception}', 'rule-1', '{agency}', '{system}', '[]', 'Lý do {mark}', {day}, '{id}', \
             {now})"
        ),
        format!(
            "INSERT INTO hunts (id, subject_kind, subject_id, subject_name, time_from, time_to, state, owner_id, \
             reach_agency_id, next_sequence, events, matches, alerts, touched, told, created_at) VALUES ('{hunt}', \
             'rule', 'rule-1', 'Săn {mark}', 0, {now}, 'done', '{id}', '{agency}', 0, 1, 1, 1, '{{}}', TRUE, {now})"
        ),
        format!("INSERT INTO hunt_alerts (alert_id, hunt_id) VALUES ('{alert}', '{hunt}')"),
        format!(
            "INSERT INTO suppressions (id, kind, agency_id, system_id, conditions, reason, starts_at, ends_at, \
             created_by, created_at) VALUES ('{suppression}', 'maintenance', '{agency}', '{system}', '[]', \
             'Lý do {mark}', {now}, {day}, '{id}', {now})"
        ),
        // Since before the source was registered: its silence raises no alert while the program runs.
        format!(
            "INSERT INTO maintenance_windows (id, agency_id, system_id, reason, starts_at, ends_at, created_by, created_at) \
             VALUES ('{maintenance}', '{agency}', '{system}', 'Lý do {mark}', {}, {day}, '{id}', {now})",
            now - 3 * HOUR
        ),
        format!(
            "INSERT INTO source_redactions (id, source_id, field, act, reason, created_by, created_at, records) VALUES \
             ('{redaction}', '{source}', 'user', 'drop', 'Lý do {mark}', '{id}', {now}, 0)"
        ),
        format!(
            "INSERT INTO source_days (source_id, day_start, month_start, minutes, minutes_heard, events, complete, known_at) \
             VALUES ('{source}', {hour}, {hour}, '01', 1, 1, TRUE, {now})"
        ),
        format!(
            "INSERT INTO coverage_days (system_id, day_start, solution_group, agency_id, system_level, minutes_expected, \
             minutes_seen, minutes_maintenance, longest_gap, sources, complete, known_at) VALUES ('{system}', {hour}, \
             'any', '{agency}', 3, 1440, 1, 0, 1439, '[\"{source}\"]', TRUE, {now})"
        ),
        format!(
            "INSERT INTO address_ranges (id, network, name, name_fold, kind, agency_id, note, created_by, created_at, \
             updated_at) VALUES ('{range}', '10.{number}.0.0/16', 'Dải {mark}', '{mark}', 'internal', '{agency}', \
             '{mark}', '{id}', {now}, {now})"
        ),
        format!(
            "INSERT INTO listed_values (id, list, value, value_fold, agency_id, note, created_by, created_at, updated_at) \
             VALUES ('{value}', 'administrators', '{mark}', '{mark}', '{agency}', '{mark}', '{id}', {now}, {now})"
        ),
        format!(
            "INSERT INTO unread_lines (id, source_id, part, program, template, template_fold, words, lines, estimated, \
             first_seen, last_seen, samples, state, reason) VALUES ('{unread}', '{source}', 'record', '', 'Dòng {mark}', \
             '{mark}', 'Dòng {mark}', 1, FALSE, {now}, {now}, '{number}', 'new', '')"
        ),
    ] {
        tx.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}
