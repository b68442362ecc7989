//! One alert with everything around it: the rule, the events with what matched marked, earlier alerts of the same
//! entity, history, who may take it. Opening it notes who looked first.

use super::{Alert, CloseReason, Sample, pages, service, store};
use crate::early_warning::{self, account, chart::Chart};
use crate::entities::{self, Band};
use crate::hunts;
use crate::indicators::{self, Listed};
use crate::rules::attribution::{self, Attribution};
use crate::rules::techniques::Technique;
use crate::rules::{self, Book};
use crate::saved_searches;
use crate::search::clause::clause;
use crate::search::event_page::{Shown as ShownEvent, find_many, shown};
use crate::search::run::{audit, sequence, text};
use crate::search::senders::{Sender, senders, touched};
use crate::settings::Settings;
use crate::sources;
use crate::suppressions::{self, Suppression};
use detection::Rule;
use kit::page::{Address, Choice, Format, Level};
use kit::web::{SlotContent, Visit};
use kit::{Capability, Connection, Error};
use organisation::audit::AuditEntry;
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;

/// Earlier alerts and history rows shown.
const MOST_EARLIER: u64 = 20;
const MOST_HISTORY: u64 = 50;
/// Longest line of a counted event, in characters.
const LONGEST_LINE: usize = 300;
/// Events of an alert shown in full.
const MOST_EVENTS: usize = 10;

/// An event of the alert, with what matched.
pub struct Evidence {
    pub event: ShownEvent,
    /// The raw record in pieces; a piece that matched is marked.
    pub raw: Vec<(String, bool)>,
    /// Field (or none for a keyword), value, pattern.
    pub matched: Vec<(Option<String>, String, String)>,
}

/// What a correlation counted.
pub struct Counted {
    /// The fields that all events have in common, with their values.
    pub group: Vec<(String, String)>,
    /// Number, time and line of each event; where the line holds a value of the group it is marked.
    pub events: Vec<CountedEvent>,
}

pub struct CountedEvent {
    pub seq: u64,
    pub time: i64,
    pub line: Vec<(String, bool)>,
}

pub struct Shown {
    pub alert: Alert,
    pub title: String,
    pub sender: Option<Sender>,
    pub level: Option<Level>,
    pub rule: Option<Arc<Rule>>,
    pub what_to_do: Option<String>,
    pub description: Option<String>,
    /// The rule says what it is in English alone.
    pub description_is_foreign: bool,
    pub techniques: Vec<Technique>,
    /// Who wrote the rule, and its licence.
    pub attribution: Attribution,
    pub evidence: Vec<Evidence>,
    /// Of a correlation: the fields it groups by and the events that counted, each with its line.
    pub counted: Option<Counted>,
    /// Whether the asker may read events of the alert's agency; without, nothing of them is shown.
    pub may_see_events: bool,
    /// The rule's page, or that of the saved search that stands for it; none where the asker may not see it.
    pub rule_href: Option<String>,
    /// The rule is loaded and may be seen: each event can be held against it.
    pub may_explain: bool,
    /// Whoever asks may make an exception of it for its rule.
    pub may_except: bool,
    /// Whoever asks may hold such alerts back for a while.
    pub may_suppress: bool,
    /// The suppression that held it back, with the list that it stands in, where the asker may read it.
    pub suppression: Option<(Suppression, String)>,
    /// Risk of its entity, with its place in the ranking.
    pub risk: Option<(String, Band, String)>,
    /// A saved search raised it.
    pub is_scheduled: bool,
    /// What lists say of the indicator that was found, where one was.
    pub listed: Option<Vec<Listed>>,
    /// What was unusual where a detector of early warning raised it: a sentence and a drawing each.
    pub unusual: Vec<(String, Chart)>,
    /// A hunt raised it.
    pub is_of_the_past: bool,
    /// Samples whose event is no longer in the store.
    pub gone: Vec<Sample>,
    pub all_events: String,
    pub same_entity: String,
    pub earlier: Vec<(Alert, String)>,
    pub history: Vec<AuditEntry>,
    pub seen_by: Option<String>,
    pub assigned_to: Option<String>,
    pub closed_by: Option<String>,
    pub assignees: Vec<Choice>,
    /// What areas to the right show of it, for example its incident.
    pub fragments: Vec<SlotContent>,
}

impl Shown {
    pub fn close_reason(&self) -> Option<&'static str> {
        self.alert.close_reason.map(CloseReason::key)
    }

    /// Where an event is held against the rule, part by part.
    pub fn explained_at(&self, seq: &u64) -> String {
        Address::parse(&format!("/events/{seq}/explain")).with("rule", &self.alert.rule_id).to_string()
    }

    pub fn state_key(&self) -> &'static str {
        pages::state_key(&self.alert.state)
    }
}

/// Opens an alert: the first look of anybody is kept.
pub async fn open(visit: &Visit, id: &str) -> Result<Shown, Error> {
    let alert = {
        let seen = store::get(&visit.read(), id).await?;
        if seen.seen_at.is_some() {
            seen
        } else {
            let tx = visit.begin().await?;
            let alert = service::see(&tx, &visit.app.live, id, visit.now()).await?;
            tx.commit().await?;
            alert
        }
    };
    let (lang, connection) = (visit.lang, visit.read());
    let settings = Settings::of(&visit.app)?;
    let book = pages::shelf(&visit.app).map(|shelf| shelf.current());
    let rule = book.as_ref().and_then(|book| book.rule(&alert.rule_id).cloned());
    let may_see_events = may_read_events(visit, &alert).await?;
    let (evidence, gone) = if may_see_events { evidence(visit, &alert).await? } else { (Vec::new(), Vec::new()) };
    let earlier = store::of_same_entity(&connection, &alert, MOST_EARLIER).await?;
    let what_to_do = rule.as_ref().and_then(|rule| rules::text(rule, "what_to_do", lang)).map(ToOwned::to_owned);
    let described = rule.as_ref().and_then(|rule| rules::description(rule, lang));
    // English is better than nothing, but no better than what to do in the reader's language.
    let described = described.filter(|(_, is_own)| *is_own || what_to_do.is_none());
    let span = |at: i64| at / 1000;
    let saved = saved_searches::alerts::of_alert(&connection, &alert).await?;
    let listed = indicators::alerts::of_alert(&connection, &alert).await?;
    let is_correlation = rule.as_ref().is_some_and(|rule| rule.is_correlation());
    Ok(Shown {
        title: alert.title(lang).to_owned(),
        sender: senders(&connection, [alert.source_id.clone()], visit.now()).await?.into_values().next(),
        level: alert.system_level.and_then(Level::new),
        description_is_foreign: described.is_some_and(|(_, is_own)| !is_own),
        description: described.map(|(text, _)| text.to_owned()),
        what_to_do,
        all_events: match &saved {
            Some(Some(saved)) => saved_searches::alerts::matches(saved, &alert).to_string(),
            _ => Address::parse("/search")
                .with("q", around(&alert, is_correlation))
                .with("from", span(alert.first_event_time - kit::clock::MINUTE))
                .with("to", span(alert.last_event_time + kit::clock::MINUTE))
                .to_string(),
        },
        same_entity: Address::parse("/alerts?state=all&range=all")
            .with("entity", format!("{}:{}", alert.entity.kind, alert.entity.value))
            .to_string(),
        earlier: earlier
            .into_iter()
            .map(|alert| {
                let title = alert.title(lang).to_owned();
                (alert, title)
            })
            .collect(),
        history: organisation::audit::store::history(&connection, "alert", id, MOST_HISTORY).await?,
        seen_by: name(&connection, alert.seen_by.as_deref()).await?,
        assigned_to: name(&connection, alert.assigned_to.as_deref()).await?,
        closed_by: name(&connection, alert.closed_by.as_deref()).await?,
        assignees: assignees(visit, &alert).await?,
        fragments: visit.fragments("alert.panel", id).await,
        techniques: alert.techniques.iter().map(|number| settings.techniques.of(number, lang)).collect(),
        attribution: attributed(&connection, book.as_deref(), &alert.rule_id).await?,
        counted: (is_correlation && !evidence.is_empty()).then(|| counted(&alert, &evidence)),
        evidence: evidence.into_iter().take(MOST_EVENTS).collect(),
        gone,
        may_see_events,
        rule_href: match &saved {
            Some(saved) => saved.as_ref().map(|saved| format!("/saved-searches/{}", saved.id)),
            None => match &listed {
                // A damped row stands for many indicators, and who sees no list sees no indicator.
                Some(listed) => listed.first().map(|one| format!("/indicators/{}", one.indicator_id)),
                None if alert.rule_id.starts_with(early_warning::PREFIX) => {
                    Some(early_warning::address_of(&alert.rule_id))
                }
                None if sources::raises(&alert.rule_id) => {
                    visit.scope().may(Capability::ViewSources).then(|| format!("/sources/{}", alert.source_id))
                }
                None => visit.scope().may(Capability::ViewRules).then(|| format!("/rules/{}", alert.rule_id)),
            },
        },
        suppression: suppression(visit, alert.suppression_id.as_deref()).await?,
        risk: risk(visit, &settings.entity_risk, &alert).await?,
        is_scheduled: saved.is_some(),
        unusual: unusual(visit, &alert).await?,
        listed,
        is_of_the_past: hunts::store::is_of_the_past(&connection, &alert.id).await?,
        may_explain: rule.is_some() && may_see_events && visit.scope().may(Capability::ViewRules),
        may_except: (rule.is_some() || settings.early_warning.place(&alert.rule_id).is_some())
            && visit.scope().may(Capability::TuneRules),
        may_suppress: visit.scope().may(Capability::TuneRules),
        rule,
        alert,
    })
}

async fn unusual(visit: &Visit, alert: &Alert) -> Result<Vec<(String, Chart)>, Error> {
    let found = early_warning::of_alert(&visit.read(), alert).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let page = visit.page().await?;
    let told = |warning: &early_warning::Warning| {
        (account::sentence(&warning.anomaly.normal, visit.lang, visit.now()), Chart::of(warning, &page))
    };
    Ok(found.iter().map(told).collect())
}

/// Whether the asker may read raw events of the alert's agency: what matched in them is a part of them.
async fn may_read_events(visit: &Visit, alert: &Alert) -> Result<bool, Error> {
    if !visit.scope().may(Capability::ViewEvents) {
        return Ok(false);
    }
    let connection = visit.read();
    let condition = connection.scope().event_condition("a.agency_id");
    let sql = format!("SELECT a.id FROM alerts a WHERE a.id = $1 AND {condition}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [alert.id.as_str().into()]);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// What matched in the events of an alert, for whoever may read them; the trail is told.
pub(super) async fn samples(visit: &Visit, alert: &Alert) -> Result<Vec<Sample>, Error> {
    if alert.samples.is_empty() || !may_read_events(visit, alert).await? {
        return Ok(Vec::new());
    }
    let count = alert.samples.len() as u64;
    let touched = alert.agency_id.iter().map(|agency| (agency.clone(), Some(count))).collect();
    audit(visit, "alert", &format!("alert {}", alert.id), count, &touched).await?;
    Ok(alert.samples.clone())
}

async fn risk(
    visit: &Visit,
    policy: &entities::Policy,
    alert: &Alert,
) -> Result<Option<(String, Band, String)>, Error> {
    let (view, agency_id) = (visit.read(), alert.agency_id.clone());
    let found = entities::store::of_entity(&view, policy, agency_id, &alert.entity, visit.now()).await?;
    Ok(found.map(|one| {
        let entity = format!("{}:{}", one.entity.kind, one.entity.value);
        let points = Format::new(visit.lang, visit.now()).decimal(one.risk, 0);
        (points, policy.band(one.risk), Address::parse("/entities").with("entity", entity).to_string())
    }))
}

async fn suppression(visit: &Visit, id: Option<&str>) -> Result<Option<(Suppression, String)>, Error> {
    let Some(id) = id else { return Ok(None) };
    match suppressions::store::find(&visit.read(), id).await {
        Ok(found) => {
            let list = Address::parse("/suppressions").with("show", found.phase(visit.now()).code()).to_string();
            Ok(Some((found, list)))
        }
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn attributed(connection: &impl Connection, book: Option<&Book>, rule_id: &str) -> Result<Attribution, Error> {
    Ok(attribution::of(connection, book, &[rule_id]).await?.remove(rule_id).unwrap_or_default())
}

async fn evidence(visit: &Visit, alert: &Alert) -> Result<(Vec<Evidence>, Vec<Sample>), Error> {
    let samples: Vec<&Sample> = alert.samples.iter().collect();
    let seqs: Vec<u64> = samples.iter().map(|sample| sample.seq).collect();
    let rows = find_many(visit, &seqs).await?;
    // What matched in events that are gone is read as well.
    let ids = rows.iter().filter_map(|row| text(row, "source_id")).chain([alert.source_id.clone()]);
    let senders = senders(&visit.read(), ids, visit.now()).await?;
    if !samples.is_empty() {
        let query = format!("alert {}", alert.id);
        audit(visit, "alert", &query, rows.len() as u64, &touched(&rows, &senders)).await?;
    }
    let mut evidence = Vec::new();
    for row in &rows {
        let sender = text(row, "source_id").and_then(|id| senders.get(&id).cloned());
        let event = shown(visit, row, sender);
        let matched: Vec<_> = samples
            .iter()
            .filter(|sample| sample.seq == event.seq)
            .flat_map(|sample| &sample.fields)
            .map(|field| (field.field.clone(), field.value.clone(), field.pattern.clone()))
            .collect();
        let needles: Vec<&str> = matched.iter().map(|(_, value, _)| value.as_str()).collect();
        evidence.push(Evidence { raw: marked(&event.raw, &needles), matched, event });
    }
    let found: Vec<u64> = rows.iter().map(sequence).collect();
    let gone = samples.into_iter().filter(|sample| !found.contains(&sample.seq)).cloned().collect();
    Ok((evidence, gone))
}

/// The search for everything around an alert: what a correlation grouped by, else its entity.
fn around(alert: &Alert, is_correlation: bool) -> String {
    let group = alert.samples.first().filter(|_| is_correlation).map(|sample| sample.fields.as_slice());
    let clauses: Vec<String> = group
        .into_iter()
        .flatten()
        .map(|field| clause(field.field.as_deref().unwrap_or_default(), &field.value))
        .collect();
    match alert.entity.kind.as_str() {
        _ if !clauses.is_empty() => clauses.join(" AND "),
        "source" | "" => clause("source_id", &alert.source_id),
        kind => clause(kind, &alert.entity.value),
    }
}

/// The events of a correlation line by line, with the values it grouped by marked in them.
fn counted(alert: &Alert, evidence: &[Evidence]) -> Counted {
    let fields = alert.samples.first().map(|sample| sample.fields.as_slice()).unwrap_or_default();
    let group: Vec<(String, String)> =
        fields.iter().map(|field| (field.field.clone().unwrap_or_default(), field.value.clone())).collect();
    let needles: Vec<&str> = group.iter().map(|(_, value)| value.as_str()).collect();
    let event = |evidence: &Evidence| {
        let text = evidence.event.message.as_deref().unwrap_or(&evidence.event.raw);
        let line: String = text.chars().take(LONGEST_LINE).collect();
        CountedEvent { seq: evidence.event.seq, time: evidence.event.time, line: marked(&line, &needles) }
    };
    Counted { events: evidence.iter().map(event).collect(), group }
}

/// Longest record in which matches are sought.
const LONGEST_MARKED: usize = 64 << 10;

/// The text in pieces, those equal to a needle marked. Values are sought as they stand and as JSON writes them.
pub fn marked(text: &str, needles: &[&str]) -> Vec<(String, bool)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    if text.len() <= LONGEST_MARKED {
        for needle in needles.iter().filter(|needle| needle.len() > 1) {
            let escaped = serde_json::Value::from(*needle).to_string();
            let escaped = escaped.trim_matches('"').to_owned();
            for form in [*needle, escaped.as_str()] {
                spans.extend(text.match_indices(form).take(20).map(|(start, found)| (start, start + found.len())));
            }
        }
    }
    spans.sort_unstable();
    let mut pieces = Vec::new();
    let mut at = 0;
    for (start, end) in spans {
        if end <= at {
            continue;
        }
        let start = start.max(at);
        if let Some(plain) = text.get(at..start).filter(|plain| !plain.is_empty()) {
            pieces.push((plain.to_owned(), false));
        }
        if let Some(hit) = text.get(start..end) {
            pieces.push((hit.to_owned(), true));
        }
        at = end;
    }
    if let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        pieces.push((rest.to_owned(), false));
    }
    pieces
}

async fn name(connection: &impl Connection, id: Option<&str>) -> Result<Option<String>, Error> {
    let Some(id) = id else { return Ok(None) };
    let sql = "SELECT full_name FROM people WHERE id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let row = connection.query_one_raw(statement).await?;
    Ok(Some(row.map(|row| row.try_get("", "full_name")).transpose()?.unwrap_or_else(|| id.to_owned())))
}

/// Whom the alert can be given to: the agency's own people and the centre's who may handle alerts.
async fn assignees(visit: &Visit, alert: &Alert) -> Result<Vec<Choice>, Error> {
    let may = visit.scope().may(Capability::HandleAlerts) && alert.state.is_open();
    let (true, Some(agency_id)) = (may, &alert.agency_id) else { return Ok(Vec::new()) };
    let policies = organisation::Policies::of(&visit.app)?;
    let people =
        organisation::people::who_may(&visit.read(), &policies, Capability::HandleAlerts, agency_id, visit.now())
            .await?;
    let chosen = |id: &str| alert.assigned_to.as_deref() == Some(id);
    Ok(people.into_iter().map(|(id, name)| Choice::new(id.clone(), name, chosen(&id))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matched_is_marked_also_where_json_escapes_it() {
        let raw = r#"{"Image":"C:\\Windows\\cmd.exe","user":"root"}"#;
        let pieces = marked(raw, &[r"C:\Windows\cmd.exe", "root"]);
        let hits: Vec<_> = pieces.iter().filter(|(_, hit)| *hit).map(|(text, _)| text.as_str()).collect();
        assert_eq!(hits, vec![r"C:\\Windows\\cmd.exe", "root"]);
        assert_eq!(pieces.iter().map(|(text, _)| text.as_str()).collect::<String>(), raw);
    }

    #[test]
    fn overlapping_matches_lose_no_text() {
        let pieces = marked("đăng nhập thất bại", &["nhập thất", "thất bại", "đăng"]);
        assert_eq!(pieces.iter().map(|(text, _)| text.as_str()).collect::<String>(), "đăng nhập thất bại");
    }
}
