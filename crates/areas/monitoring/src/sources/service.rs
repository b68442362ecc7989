//! What can be done with sources: register, change, adopt an unknown sender, move to another system, retire.

use super::adoption::AdoptionRule;
use super::settings::SourceSettings;
use super::{Assignment, Rhythm, SolutionGroup, Source, SourceKind, SourceState, resolver, store};
use ipnet::IpNet;
use kit::clock::Micros;
use kit::scope::Agencies;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::{agencies, audit};
use sea_orm::{ConnectionTrait, Statement};
use serde::Deserialize;
use serde_json::json;

/// What a form, the API or the demonstration gives.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SourceInput {
    pub name: String,
    pub kind: String,
    /// System it belongs to; its agency follows from it.
    pub system_id: String,
    /// Agency where it belongs to no system (yet).
    pub agency_id: String,
    pub match_listener: String,
    pub match_network: String,
    pub match_host: String,
    /// SHA-256 of the certificate that the sender shows in TLS, with or without colons.
    pub match_certificate: String,
    pub format: String,
    /// Names of the fields of records that come without them, as behind `#Fields:`.
    pub header: String,
    pub time_zone: String,
    pub year_default: String,
    /// Seconds by which its clock is ahead and event times are corrected; empty: they are kept as stated.
    pub clock_ahead: String,
    /// `on` where ticked.
    pub expected: String,
    /// `always` where nothing is said.
    pub rhythm: String,
    /// Empty where the kind says it.
    pub solution_group: String,
    pub max_silence_minutes: String,
    pub note: String,
}

const LONGEST_LINE: usize = 200;
const LONGEST_HEADER: usize = 2_000;
/// Seconds that a clock may be off by and be corrected: ten years.
const MOST_AHEAD: u64 = 10 * 366 * 86_400;
/// Unknown senders that one rule may take.
const MOST_ADOPTED: u64 = super::MOST_AUTOMATIC as u64;

struct Checked {
    name: String,
    kind: SourceKind,
    match_listener: Option<String>,
    match_network: Option<String>,
    match_host: Option<String>,
    match_certificate: Option<String>,
    format: Option<String>,
    header: Option<String>,
    time_zone: Option<String>,
    year_default: Option<i64>,
    clock_ahead: Option<i64>,
    expected: bool,
    rhythm: Rhythm,
    solution_group: Option<SolutionGroup>,
    max_silence_minutes: i64,
    note: String,
}

impl SourceInput {
    fn checked(&self, settings: &SourceSettings) -> Result<Checked, Error> {
        let mut faults = FieldFaults::default();
        let name = faults.required_line("name", &self.name, LONGEST_LINE);
        let mut text =
            |field: &str, typed: &str| Some(faults.line(field, typed, LONGEST_LINE)).filter(|text| !text.is_empty());
        let match_listener = text("match_listener", &self.match_listener);
        let match_network = text("match_network", &self.match_network);
        let match_host = text("match_host", &self.match_host).map(|host| host.to_lowercase());
        let match_certificate = text("match_certificate", &self.match_certificate)
            .map(|shown| shown.replace([':', ' '], "").to_lowercase());
        let format = text("format", &self.format);
        let time_zone = text("time_zone", &self.time_zone);
        let year_default = text("year_default", &self.year_default).map(|year| year.parse::<i64>().unwrap_or(0));
        let clock_ahead =
            text("clock_ahead", &self.clock_ahead).map(|seconds| seconds.parse::<i64>().unwrap_or(i64::MAX));
        let silence = text("max_silence_minutes", &self.max_silence_minutes);
        let silence = silence.map_or(settings.silence_minutes.default, |minutes| minutes.parse::<i64>().unwrap_or(0));
        let header = faults.line("header", &self.header, LONGEST_HEADER);
        let header = header.strip_prefix("#Fields:").unwrap_or(&header).trim();
        let header = Some(header.to_owned()).filter(|header| !header.is_empty());
        if header.as_deref().is_some_and(|header| !ingest::is_field_list(header)) {
            faults.add("header", "source-header-invalid");
        }
        let note = faults.lines("note", &self.note, 4_000);
        if match_network.as_deref().is_some_and(|network| resolver::network(network).is_none()) {
            faults.add("match_network", "source-network-invalid");
        }
        if match_host.as_deref().is_some_and(|host| host.contains(['*', '?', '/', ' ', ','])) {
            faults.add("match_host", "source-host-invalid");
        }
        let is_fingerprint = |text: &str| text.len() == 64 && text.bytes().all(|sign| sign.is_ascii_hexdigit());
        if match_certificate.as_deref().is_some_and(|shown| !is_fingerprint(shown)) {
            faults.add("match_certificate", "source-certificate-invalid");
        }
        if time_zone.as_deref().is_some_and(|zone| !known_zone(zone)) {
            faults.add("time_zone", "source-zone-invalid");
        }
        if year_default.is_some_and(|year| !(1970..=2200).contains(&year)) {
            faults.add("year_default", "field-invalid");
        }
        if clock_ahead.is_some_and(|seconds| seconds.unsigned_abs() > MOST_AHEAD) {
            faults.add("clock_ahead", "source-clock-invalid");
        }
        if !settings.silence_minutes.holds(silence) {
            faults.add("max_silence_minutes", "source-silence-invalid");
        }
        let rhythm = match self.rhythm.as_str() {
            "" => Some(Rhythm::default()),
            code => Rhythm::from_code(code),
        };
        if rhythm.is_none() {
            faults.add("rhythm", "field-invalid");
        }
        let solution_group = SolutionGroup::from_code(&self.solution_group);
        if solution_group.is_none() && !self.solution_group.is_empty() {
            faults.add("solution_group", "field-invalid");
        }
        faults.into_result()?;
        Ok(Checked {
            name,
            kind: SourceKind::from_code(&self.kind).unwrap_or_default(),
            match_listener,
            match_network,
            match_host,
            match_certificate,
            format,
            header,
            time_zone,
            year_default,
            clock_ahead: clock_ahead.filter(|seconds| *seconds != 0),
            expected: matches!(self.expected.as_str(), "on" | "true" | "1"),
            rhythm: rhythm.unwrap_or_default(),
            solution_group,
            max_silence_minutes: silence,
            note,
        })
    }
}

fn known_zone(zone: &str) -> bool {
    jiff::tz::TimeZone::get(zone).is_ok() || jiff::fmt::strtime::parse("%:z", zone).is_ok()
}

/// Whose: system with its agency, or an agency alone. Refused where the scope does not reach it.
async fn owner(tx: &Tx<'_>, system_id: &str, agency_id: &str) -> Result<(Option<String>, String), Error> {
    if !system_id.is_empty() {
        let condition = tx.scope().agency_condition("agency_id");
        let sql = format!("SELECT agency_id FROM systems WHERE id = $1 AND {condition}");
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [system_id.into()]);
        let row = tx.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| Error::invalid("system_id", "source-system-unknown"))?;
        return Ok((Some(system_id.to_owned()), row.try_get("", "agency_id")?));
    }
    if agency_id.is_empty() {
        return Err(Error::invalid("system_id", "field-required"));
    }
    agencies::require_named(tx, "agency_id", agency_id).await?;
    Ok((None, agency_id.to_owned()))
}

/// Nothing more comes to an agency that has ended.
async fn require_open(tx: &Tx<'_>, now: Micros, system_id: Option<&str>, agency_id: &str) -> Result<(), Error> {
    let field = if system_id.is_some() { "system_id" } else { "agency_id" };
    agencies::require_open(tx, now, field, agency_id).await
}

/// Registers a source; returns its id. It belongs to its system from now on.
pub async fn register(
    tx: &Tx<'_>,
    settings: &SourceSettings,
    input: &SourceInput,
    now: Micros,
) -> Result<String, Error> {
    tx.scope().require(Capability::ManageSources)?;
    let checked = input.checked(settings)?;
    let (system_id, agency_id) = owner(tx, &input.system_id, &input.agency_id).await?;
    require_open(tx, now, system_id.as_deref(), &agency_id).await?;
    check_overlap(tx, None, &checked).await?;
    let source = build(kit::id::new_id(now), checked, now);
    let by = tx.scope().actor().id();
    store::save(tx, &source, &by).await?;
    let assignment = assignment(&source.id, system_id, &agency_id, now, now, &by);
    store::assign(tx, &assignment).await?;
    let details = json!({ "name": source.name, "system_id": assignment.system_id });
    audit::record(tx, now, "source.register", "source", &source.id, Some(&agency_id), details).await?;
    Ok(source.id)
}

/// Who does not see the whole centre cannot declare what another agency's source, or a sender that nobody adopted
/// yet, sends as well: its records would change hands.
async fn check_overlap(tx: &Tx<'_>, id: Option<&str>, checked: &Checked) -> Result<(), Error> {
    if matches!(tx.scope().agencies(), Agencies::All) {
        return Ok(());
    }
    if checked.match_network.is_none() && checked.match_host.is_none() && checked.match_certificate.is_none() {
        return Ok(());
    }
    let own = store::agencies_in_scope(tx).await?;
    let network = checked.match_network.as_deref().and_then(resolver::network);
    let overlaps = |other: &Source| {
        let theirs = other.match_network.as_deref().and_then(resolver::network);
        let host = other.match_host.as_ref().map(|host| host.to_lowercase());
        let meet = |one: IpNet, two: IpNet| one.contains(&two) || two.contains(&one);
        either(&checked.match_listener, &other.match_listener, |one, two| one == two)
            && either(&checked.match_host, &host, |one, two| one == two)
            && either(&checked.match_certificate, &other.match_certificate, |one, two| one == two)
            && either(&network, &theirs, |one, two| meet(*one, *two))
    };
    let of_others = |bound: &store::Bound| {
        Some(bound.source.id.as_str()) != id
            && bound.source.state != SourceState::Retired
            && bound.source.is_declared()
            && bound.agency_id.as_ref().is_none_or(|agency| !own.contains(agency))
    };
    let others = store::all_for_binding(tx).await?;
    if others.iter().any(|bound| of_others(bound) && overlaps(&bound.source)) {
        return Err(Error::invalid("match_network", "source-overlaps-another"));
    }
    Ok(())
}

/// Whether two conditions can hold at once; one that is not there always holds.
fn either<T>(one: &Option<T>, two: &Option<T>, both: impl Fn(&T, &T) -> bool) -> bool {
    one.as_ref().zip(two.as_ref()).is_none_or(|(one, two)| both(one, two))
}

fn build(id: String, checked: Checked, now: Micros) -> Source {
    Source {
        id,
        name: checked.name,
        kind: checked.kind,
        state: SourceState::Registered,
        sender_key: None,
        match_listener: checked.match_listener,
        match_network: checked.match_network,
        match_host: checked.match_host,
        match_certificate: checked.match_certificate,
        format: checked.format,
        header: checked.header,
        time_zone: checked.time_zone,
        year_default: checked.year_default,
        clock_ahead: checked.clock_ahead,
        expected: checked.expected,
        rhythm: checked.rhythm,
        solution_group: checked.solution_group,
        max_silence_minutes: checked.max_silence_minutes,
        note: checked.note,
        created_at: now,
        updated_at: now,
    }
}

fn assignment(
    source_id: &str,
    system_id: Option<String>,
    agency_id: &str,
    from: Micros,
    now: Micros,
    by: &str,
) -> Assignment {
    Assignment {
        id: kit::id::new_id(now),
        source_id: source_id.to_owned(),
        system_id,
        agency_id: agency_id.to_owned(),
        valid_from: from,
        valid_to: None,
        recorded_at: now,
        recorded_by: by.to_owned(),
    }
}

/// Changes a registered source. A new owner holds from now on; the past stays with the old one.
pub async fn change(
    tx: &Tx<'_>,
    settings: &SourceSettings,
    id: &str,
    input: &SourceInput,
    now: Micros,
) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let before = store::get(tx, id).await?;
    if before.source.state == SourceState::Unassigned {
        return Err(Error::Conflict("source-adopt-first"));
    }
    let checked = input.checked(settings)?;
    let (system_id, agency_id) = owner(tx, &input.system_id, &input.agency_id).await?;
    if before.agency_id.as_deref() != Some(&agency_id) {
        require_open(tx, now, system_id.as_deref(), &agency_id).await?;
    }
    check_overlap(tx, Some(id), &checked).await?;
    let by = tx.scope().actor().id();
    let source = Source {
        sender_key: before.source.sender_key.clone(),
        state: before.source.state,
        created_at: before.source.created_at,
        ..build(id.to_owned(), checked, now)
    };
    store::save(tx, &source, &by).await?;
    if before.system_id != system_id || before.agency_id.as_deref() != Some(&agency_id) {
        store::assign(tx, &assignment(id, system_id.clone(), &agency_id, now, now, &by)).await?;
    }
    let known_by = |source: &Source| {
        json!({
            "listener": source.match_listener, "network": source.match_network, "host": source.match_host,
            "certificate": source.match_certificate, "clock_ahead": source.clock_ahead,
        })
    };
    let details = json!({
        "name": source.name, "system_id": system_id, "from_agency": before.agency_id,
        "before": known_by(&before.source), "after": known_by(&source),
    });
    audit::record(tx, now, "source.change", "source", id, Some(&agency_id), details).await
}

/// Adopts an unknown sender: it belongs to the system from the beginning, so its past events and alerts do too.
/// Only somebody who sees the whole centre can see unknown senders, and so adopt them.
pub async fn adopt(tx: &Tx<'_>, id: &str, system_id: &str, name: Option<&str>, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let mut source = store::get(tx, id).await?.source;
    if source.state != SourceState::Unassigned {
        return Err(Error::Conflict("source-already-adopted"));
    }
    if source.sender_key.as_deref() == Some(super::COLLECTIVE) {
        return Err(Error::Conflict("source-collective-stays"));
    }
    let (system_id, agency_id) = owner(tx, system_id, "").await?;
    require_open(tx, now, system_id.as_deref(), &agency_id).await?;
    source.state = SourceState::Registered;
    // Whoever takes it on wants to hear from it: its silence is news from now on.
    source.expected = true;
    source.updated_at = now;
    if let Some(name) = name {
        let mut faults = FieldFaults::default();
        let name = faults.line("name", name, LONGEST_LINE);
        faults.into_result()?;
        if !name.is_empty() {
            source.name = name;
        }
    }
    let by = tx.scope().actor().id();
    store::save(tx, &source, &by).await?;
    store::assign(tx, &assignment(id, system_id.clone(), &agency_id, 0, now, &by)).await?;
    right_alerts(tx, id, system_id.as_deref(), &agency_id).await?;
    let details = json!({ "name": source.name, "sender": source.sender_key, "system_id": system_id });
    audit::record(tx, now, "source.adopt", "source", id, Some(&agency_id), details).await
}

/// Which unknown senders a form means, and whose they become.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AdoptionInput {
    /// Address or network.
    pub network: String,
    /// Pattern of host names: `*` stands for any letters, `?` for one.
    pub host: String,
    /// Word of a door, for example `syslog_tcp`.
    pub listener: String,
    pub system_id: String,
}

/// Adopts every unknown sender that a rule fits, all in this transaction. Returns how many.
pub async fn adopt_matching(tx: &Tx<'_>, input: &AdoptionInput, now: Micros) -> Result<usize, Error> {
    tx.scope().require(Capability::ManageSources)?;
    let mut faults = FieldFaults::default();
    let mut text = |field: &str, typed: &str| {
        Some(faults.line(field, typed, LONGEST_LINE).to_lowercase()).filter(|text| !text.is_empty())
    };
    let network = text("network", &input.network);
    let host = text("host", &input.host);
    let listener = text("listener", &input.listener);
    let rule = AdoptionRule { network: network.as_deref().and_then(resolver::network), host, listener };
    if network.is_some() && rule.network.is_none() {
        faults.add("network", "source-network-invalid");
    }
    if network.is_none() && rule.is_empty() {
        faults.add("network", "source-adopt-rule-empty");
    }
    faults.into_result()?;
    let filter = store::SourceFilter { states: vec![SourceState::Unassigned], ..store::SourceFilter::default() };
    let unknown = store::list(tx, &filter, MOST_ADOPTED, 0).await?;
    let is_meant =
        |one: &&store::Listed| one.source.sender_key.as_deref() != Some(super::COLLECTIVE) && rule.fits(&one.source);
    let mut adopted = 0;
    for one in unknown.iter().filter(is_meant) {
        adopt(tx, &one.source.id, &input.system_id, None, now).await?;
        adopted += 1;
    }
    match adopted {
        0 => Err(Error::Conflict("source-adopt-nobody")),
        adopted => Ok(adopted),
    }
}

/// Alerts that were raised while nobody owned the source belong to the new owner.
async fn right_alerts(tx: &Tx<'_>, source_id: &str, system_id: Option<&str>, agency_id: &str) -> Result<(), Error> {
    let sql = "UPDATE alerts SET system_id = $2, agency_id = $3, \
        system_level = (SELECT level FROM systems WHERE id = $2) \
        WHERE source_id = $1 AND agency_id IS NULL AND NOT damped";
    store::execute(tx, sql, [source_id.into(), system_id.into(), agency_id.into()]).await
}

/// Retires a source: it is no longer expected; its past stays.
pub async fn retire(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let listed = store::get(tx, id).await?;
    let source = Source { state: SourceState::Retired, expected: false, updated_at: now, ..listed.source };
    store::save(tx, &source, &tx.scope().actor().id()).await?;
    let details = json!({ "name": source.name });
    audit::record(tx, now, "source.retire", "source", id, listed.agency_id.as_deref(), details).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_fields_is_kept_without_its_mark_and_nonsense_is_refused() {
        let settings = crate::settings::Settings::embedded().expect("sound").sources;
        let kept = |header: &str| {
            let input = SourceInput { name: "IIS".into(), header: header.into(), ..SourceInput::default() };
            input.checked(&settings).map(|checked| checked.header)
        };
        assert_eq!(kept("#Fields: date time c-ip").expect("a list").as_deref(), Some("date time c-ip"));
        assert_eq!(kept("").expect("nothing"), None);
        assert!(kept("a,,b").is_err());
    }

    #[test]
    fn how_long_a_source_may_be_silent_lies_within_the_settings() {
        let mut settings = crate::settings::Settings::embedded().expect("sound").sources;
        let silence = |settings: &SourceSettings, minutes: &str| {
            let input =
                SourceInput { name: "IIS".into(), max_silence_minutes: minutes.into(), ..SourceInput::default() };
            input.checked(settings).map(|checked| checked.max_silence_minutes).ok()
        };
        assert_eq!(silence(&settings, ""), Some(settings.silence_minutes.default));
        let beyond = settings.silence_minutes.most + 1;
        assert_eq!(silence(&settings, &beyond.to_string()), None);
        settings.silence_minutes.most = beyond;
        assert_eq!(silence(&settings, &beyond.to_string()), Some(beyond));
    }
}
