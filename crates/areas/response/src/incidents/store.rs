//! Rows of incidents, their times, what is attached and the timeline. Reads keep to the scope of the connection.

use super::{Incident, Knowledge, KnownTime, TimeKind};
use crate::statements::{execute, insert, row, rows};
use kit::clock::Micros;
use kit::fold::fold;
use kit::id::new_id;
use kit::{Connection, Error, Tx};
use sea_orm::{QueryResult, Value};
use serde::Serialize;

const SELECT: &str = "SELECT i.id, i.code, i.title, i.agency_id, a.name AS agency_name, i.system_id, \
    s.name AS system_name, s.level AS system_level, i.state, i.severity, i.severity_set_by, i.severity_set_at, \
    i.severity_reason, i.signs, i.law_class, i.technical_kind, i.cause, i.description, i.scope, i.measures, \
    i.already_notified, i.personal_data, i.false_alarm, i.contained_at, i.opened_at, i.opened_by, i.closed_at, \
    i.updated_at, i.version FROM incidents i JOIN agencies a ON a.id = i.agency_id \
    LEFT JOIN systems s ON s.id = i.system_id";

/// What a list is narrowed to; empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Words in title or code, accents and case do not matter.
    pub words: String,
    /// `open` (default in pages), `closed`, or the code of a state.
    pub state: String,
    pub agency_id: String,
    pub system_id: String,
    pub severity: String,
}

impl IncidentFilter {
    fn sql(&self, connection: &impl Connection) -> (String, Vec<Value>) {
        let mut pieces = vec![connection.scope().agency_condition("i.agency_id")];
        let mut values: Vec<Value> = Vec::new();
        let mut with = |piece: &str, value: String| {
            values.push(value.into());
            pieces.push(piece.replace('?', &format!("${}", values.len())));
        };
        for word in fold(&self.words).split_whitespace().take(8) {
            let pattern = format!("%{}%", word.replace(['%', '_'], " "));
            with("(i.title_fold LIKE ? OR LOWER(i.code) LIKE ?)", pattern);
        }
        match self.state.as_str() {
            "" => {}
            "open" => with("i.state <> ?", "closed".to_owned()),
            state => with("i.state = ?", state.to_owned()),
        }
        for (piece, value) in [
            ("i.agency_id = ?", &self.agency_id),
            ("i.system_id = ?", &self.system_id),
            ("i.severity = ?", &self.severity),
        ] {
            if !value.is_empty() {
                with(piece, value.clone());
            }
        }
        (format!("WHERE {}", pieces.join(" AND ")), values)
    }
}

/// Incidents in scope, newest first.
pub async fn list(
    connection: &impl Connection,
    filter: &IncidentFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Incident>, Error> {
    let (condition, values) = filter.sql(connection);
    let sql = format!("{SELECT} {condition} ORDER BY i.opened_at DESC, i.id DESC LIMIT {limit} OFFSET {offset}");
    rows(connection, &sql, values).await?.iter().map(incident).collect()
}

pub async fn count(connection: &impl Connection, filter: &IncidentFilter) -> Result<u64, Error> {
    let (condition, values) = filter.sql(connection);
    let found = row(connection, &format!("SELECT COUNT(*) AS found FROM incidents i {condition}"), values).await?;
    let found: i64 = found.map(|row| row.try_get("", "found")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(found).unwrap_or(0))
}

/// One incident in scope; [`Error::NotFound`] where it is outside or does not exist.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Incident, Error> {
    let sql = format!("{SELECT} WHERE i.id = $1 AND {}", connection.scope().agency_condition("i.agency_id"));
    row(connection, &sql, vec![id.into()]).await?.as_ref().map_or(Err(Error::NotFound), incident)
}

/// The incident that an alert belongs to, if it is in scope.
pub async fn of_alert(connection: &impl Connection, alert_id: &str) -> Result<Option<Incident>, Error> {
    let sql = format!(
        "{SELECT} JOIN incident_alerts l ON l.incident_id = i.id WHERE l.alert_id = $1 AND {}",
        connection.scope().agency_condition("i.agency_id")
    );
    row(connection, &sql, vec![alert_id.into()]).await?.as_ref().map(incident).transpose()
}

fn incident(row: &QueryResult) -> Result<Incident, Error> {
    let signs: String = row.try_get("", "signs")?;
    Ok(Incident {
        id: row.try_get("", "id")?,
        code: row.try_get("", "code")?,
        title: row.try_get("", "title")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        system_id: row.try_get("", "system_id")?,
        system_name: row.try_get("", "system_name")?,
        system_level: row.try_get("", "system_level")?,
        state: row.try_get("", "state")?,
        severity: row.try_get("", "severity")?,
        severity_set_by: row.try_get("", "severity_set_by")?,
        severity_set_at: row.try_get("", "severity_set_at")?,
        severity_reason: row.try_get("", "severity_reason")?,
        signs: serde_json::from_str(&signs).map_err(Error::internal)?,
        law_class: row.try_get("", "law_class")?,
        technical_kind: row.try_get("", "technical_kind")?,
        cause: row.try_get("", "cause")?,
        description: row.try_get("", "description")?,
        scope: row.try_get("", "scope")?,
        measures: row.try_get("", "measures")?,
        already_notified: row.try_get("", "already_notified")?,
        personal_data: row.try_get("", "personal_data")?,
        false_alarm: row.try_get("", "false_alarm")?,
        contained_at: row.try_get("", "contained_at")?,
        opened_at: row.try_get("", "opened_at")?,
        opened_by: row.try_get("", "opened_by")?,
        closed_at: row.try_get("", "closed_at")?,
        updated_at: row.try_get("", "updated_at")?,
        version: row.try_get("", "version")?,
    })
}

/// What a new row is made of.
pub(super) struct NewRow<'a> {
    pub id: &'a str,
    pub code: &'a str,
    pub title: &'a str,
    pub agency_id: &'a str,
    pub system_id: Option<&'a str>,
    pub description: &'a str,
    pub opened_by: &'a str,
}

pub(super) async fn insert_incident(tx: &Tx<'_>, new: NewRow<'_>, now: Micros) -> Result<(), Error> {
    let none = || Value::from("");
    insert(
        tx,
        "incidents",
        &[
            ("id", new.id.into()),
            ("code", new.code.into()),
            ("title", new.title.into()),
            ("title_fold", fold(new.title).into()),
            ("agency_id", new.agency_id.into()),
            ("system_id", new.system_id.map(ToOwned::to_owned).into()),
            ("state", super::State::Detect.code().into()),
            ("severity_reason", none()),
            ("signs", "[]".into()),
            ("law_class", none()),
            ("technical_kind", none()),
            ("cause", none()),
            ("description", new.description.into()),
            ("scope", none()),
            ("measures", none()),
            ("already_notified", none()),
            ("personal_data", none()),
            ("false_alarm", false.into()),
            ("opened_at", now.into()),
            ("opened_by", new.opened_by.into()),
            ("updated_at", now.into()),
            ("version", 1_i64.into()),
        ],
    )
    .await
}

/// The times that hold now, in the order of their kinds. The incident must have been found in scope.
pub async fn times(connection: &impl Connection, incident_id: &str) -> Result<Vec<KnownTime>, Error> {
    let mut times = known_times(connection, incident_id, "AND replaced_at IS NULL").await?;
    times.sort_by_key(|time| time.kind);
    Ok(times)
}

/// Every value a time ever had, newest first, for the history.
pub async fn corrected_times(connection: &impl Connection, incident_id: &str) -> Result<Vec<KnownTime>, Error> {
    known_times(connection, incident_id, "AND replaced_at IS NOT NULL ORDER BY recorded_at DESC").await
}

async fn known_times(connection: &impl Connection, incident_id: &str, rest: &str) -> Result<Vec<KnownTime>, Error> {
    let sql = format!(
        "SELECT kind, at, known_by, reference, recorded_at, recorded_by FROM incident_times WHERE incident_id = $1 {rest}"
    );
    let rows = rows(connection, &sql, vec![incident_id.into()]).await?;
    let known = rows.iter().map(|row| -> Result<Option<KnownTime>, Error> {
        let kind = TimeKind::from_code(&row.try_get::<String>("", "kind")?);
        let known_by = Knowledge::from_code(&row.try_get::<String>("", "known_by")?);
        let (Some(kind), Some(known_by)) = (kind, known_by) else { return Ok(None) };
        Ok(Some(KnownTime {
            kind,
            at: row.try_get("", "at")?,
            known_by,
            reference: row.try_get("", "reference")?,
            recorded_at: row.try_get("", "recorded_at")?,
            recorded_by: row.try_get("", "recorded_by")?,
        }))
    });
    Ok(known.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Writes a time; the value it replaces stays with the time of its replacement.
pub(crate) async fn set_time(tx: &Tx<'_>, incident_id: &str, time: &KnownTime, reason: &str) -> Result<(), Error> {
    let sql = "UPDATE incident_times SET replaced_at = $1 WHERE incident_id = $2 AND kind = $3 AND replaced_at IS NULL";
    execute(tx, sql, vec![time.recorded_at.into(), incident_id.into(), time.kind.code().into()]).await?;
    insert(
        tx,
        "incident_times",
        &[
            ("id", new_id(time.recorded_at).into()),
            ("incident_id", incident_id.into()),
            ("kind", time.kind.code().into()),
            ("at", time.at.into()),
            ("known_by", time.known_by.code().into()),
            ("reference", time.reference.as_str().into()),
            ("reason", reason.into()),
            ("recorded_at", time.recorded_at.into()),
            ("recorded_by", time.recorded_by.as_str().into()),
        ],
    )
    .await
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When it happened.
    pub at: Micros,
    pub recorded_at: Micros,
    /// Texts are under `incident-entry-<kind>`.
    pub kind: String,
    pub detail: String,
    pub actor_name: String,
}

/// The timeline, newest first.
pub async fn entries(connection: &impl Connection, incident_id: &str, limit: u64) -> Result<Vec<Entry>, Error> {
    let sql = format!(
        "SELECT at, recorded_at, kind, detail, actor_name FROM incident_entries WHERE incident_id = $1 \
         ORDER BY at DESC, id DESC LIMIT {limit}"
    );
    let rows = rows(connection, &sql, vec![incident_id.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                at: row.try_get("", "at")?,
                recorded_at: row.try_get("", "recorded_at")?,
                kind: row.try_get("", "kind")?,
                detail: row.try_get("", "detail")?,
                actor_name: row.try_get("", "actor_name")?,
            })
        })
        .collect()
}

/// Adds a line to the timeline by the actor of the transaction.
pub(crate) async fn add_entry(
    tx: &Tx<'_>,
    incident_id: &str,
    at: Micros,
    now: Micros,
    kind: &str,
    detail: &str,
) -> Result<(), Error> {
    let actor = kit::Connection::scope(tx).actor();
    insert(
        tx,
        "incident_entries",
        &[
            ("id", new_id(now).into()),
            ("incident_id", incident_id.into()),
            ("at", at.into()),
            ("recorded_at", now.into()),
            ("kind", kind.into()),
            ("detail", detail.into()),
            ("actor_id", actor.id().into()),
            ("actor_name", actor.name().into()),
        ],
    )
    .await
}

/// An alert of an incident, as the register of alerts knows it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachedAlert {
    pub id: String,
    pub title: String,
    pub severity: String,
    pub entity_kind: String,
    pub entity: String,
    pub first_event_time: Micros,
    pub last_event_time: Micros,
    pub count: i64,
    pub techniques: String,
    pub attached_at: Micros,
}

pub async fn alerts(connection: &impl Connection, incident_id: &str) -> Result<Vec<AttachedAlert>, Error> {
    let sql = "SELECT a.id, COALESCE(a.rule_title_vi, a.rule_title) AS title, a.severity, a.entity_kind, a.entity_value, \
               a.first_event_time, a.last_event_time, a.count, a.techniques, l.attached_at FROM incident_alerts l \
               JOIN alerts a ON a.id = l.alert_id WHERE l.incident_id = $1 ORDER BY a.first_event_time, a.id";
    let rows = rows(connection, sql, vec![incident_id.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(AttachedAlert {
                id: row.try_get("", "id")?,
                title: row.try_get("", "title")?,
                severity: row.try_get("", "severity")?,
                entity_kind: row.try_get("", "entity_kind")?,
                entity: row.try_get("", "entity_value")?,
                first_event_time: row.try_get("", "first_event_time")?,
                last_event_time: row.try_get("", "last_event_time")?,
                count: row.try_get("", "count")?,
                techniques: row.try_get("", "techniques")?,
                attached_at: row.try_get("", "attached_at")?,
            })
        })
        .collect()
}

/// Joins an alert to the incident; again is no error.
pub(super) async fn attach_alert(
    tx: &Tx<'_>,
    incident_id: &str,
    alert_id: &str,
    now: Micros,
    by: &str,
) -> Result<bool, Error> {
    let sql = "INSERT INTO incident_alerts (incident_id, alert_id, attached_at, attached_by) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (incident_id, alert_id) DO NOTHING";
    Ok(execute(tx, sql, vec![incident_id.into(), alert_id.into(), now.into(), by.into()]).await? == 1)
}

/// An event of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachedEvent {
    pub sequence: i64,
    pub alert_id: String,
    pub event_time: Micros,
    pub excerpt: String,
}

pub async fn events(connection: &impl Connection, incident_id: &str) -> Result<Vec<AttachedEvent>, Error> {
    let sql = "SELECT sequence, alert_id, event_time, excerpt FROM incident_events WHERE incident_id = $1 \
               ORDER BY event_time, sequence";
    let rows = rows(connection, sql, vec![incident_id.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(AttachedEvent {
                sequence: row.try_get("", "sequence")?,
                alert_id: row.try_get("", "alert_id")?,
                event_time: row.try_get("", "event_time")?,
                excerpt: row.try_get("", "excerpt")?,
            })
        })
        .collect()
}

pub(super) async fn attach_event(
    tx: &Tx<'_>,
    incident_id: &str,
    event: &AttachedEvent,
    now: Micros,
) -> Result<(), Error> {
    let sql = "INSERT INTO incident_events (incident_id, sequence, alert_id, event_time, excerpt, attached_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (incident_id, sequence) DO NOTHING";
    let values: Vec<Value> = vec![
        incident_id.into(),
        event.sequence.into(),
        event.alert_id.as_str().into(),
        event.event_time.into(),
        event.excerpt.as_str().into(),
        now.into(),
    ];
    execute(tx, sql, values).await?;
    Ok(())
}
