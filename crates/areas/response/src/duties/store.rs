//! The clocks as last reckoned, one row per incident and duty. What depends on now (running or late) is told when read.

use super::{Clock, ClockState, Duty, Kept, Sending};
use crate::statements::{execute, insert, row, rows};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{QueryResult, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockRow {
    pub incident_id: String,
    pub duty_id: String,
    pub applies: bool,
    pub provisional: bool,
    pub assumed: bool,
    pub started_at: Option<Micros>,
    pub due_at: Option<Micros>,
    pub sent_at: Option<Micros>,
    pub receipt_at: Option<Micros>,
}

impl ClockRow {
    pub fn state(&self, now: Micros) -> ClockState {
        let late = |at: Micros| self.due_at.is_some_and(|due| at > due);
        match (self.sent_at, self.receipt_at) {
            _ if !self.applies => ClockState::NotApplicable,
            (Some(sent_at), Some(at)) => ClockState::Receipt { sent_at, at, late: late(sent_at) },
            (Some(at), None) => ClockState::Sent { at, late: late(at) },
            _ if self.due_at.is_none() => ClockState::NotDue,
            _ if late(now) => ClockState::Late,
            _ => ClockState::Running,
        }
    }
}

/// Replaces the clocks of an incident.
pub(super) async fn replace(
    tx: &Tx<'_>,
    incident_id: &str,
    agency_id: &str,
    clocks: &[(Arc<Duty>, Clock)],
    now: Micros,
) -> Result<(), Error> {
    execute(tx, "DELETE FROM duty_clocks WHERE incident_id = $1", vec![incident_id.into()]).await?;
    for (duty, clock) in clocks {
        let (sent_at, receipt_at) = match clock.state {
            ClockState::Sent { at, .. } => (Some(at), None),
            ClockState::Receipt { sent_at, at, .. } => (Some(sent_at), Some(at)),
            _ => (None, None),
        };
        let terms = clock.begun.then(|| serde_json::to_string(&**duty)).transpose().map_err(Error::internal)?;
        let columns: [(&str, Value); 14] = [
            ("incident_id", incident_id.into()),
            ("duty_id", duty.id.as_str().into()),
            ("agency_id", agency_id.into()),
            ("form", duty.form.as_str().into()),
            ("recipient_id", duty.recipient.id.as_str().into()),
            ("applies", (clock.state != ClockState::NotApplicable).into()),
            ("provisional", clock.provisional.into()),
            ("assumed", clock.assumed.into()),
            ("started_at", clock.started_at.into()),
            ("due_at", clock.due_at.into()),
            ("sent_at", sent_at.into()),
            ("receipt_at", receipt_at.into()),
            ("terms", terms.into()),
            ("updated_at", now.into()),
        ];
        insert(tx, "duty_clocks", &columns).await?;
    }
    Ok(())
}

const COLUMNS: &str = "c.incident_id, c.duty_id, c.applies, c.provisional, c.assumed, c.started_at, c.due_at, \
                       c.sent_at, c.receipt_at";

/// Clocks of these incidents, by incident. The incidents must have been found in scope; the scope is applied again.
pub async fn of_incidents(
    connection: &impl Connection,
    incident_ids: &[String],
) -> Result<BTreeMap<String, Vec<ClockRow>>, Error> {
    let mut clocks: BTreeMap<String, Vec<ClockRow>> = BTreeMap::new();
    if incident_ids.is_empty() {
        return Ok(clocks);
    }
    let places: Vec<_> = (1..=incident_ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM duty_clocks c WHERE c.incident_id IN ({}) AND {}",
        places.join(", "),
        connection.scope().agency_condition("c.agency_id")
    );
    let values = incident_ids.iter().map(|id| id.as_str().into()).collect();
    for row in rows(connection, &sql, values).await? {
        let clock = clock_row(&row)?;
        clocks.entry(clock.incident_id.clone()).or_default().push(clock);
    }
    Ok(clocks)
}

/// A clock that runs, with its incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunningClock {
    #[serde(flatten)]
    pub clock: ClockRow,
    /// The duty as it was when the clock began to run; none where it has not.
    #[serde(skip)]
    pub terms: Option<Arc<Duty>>,
    pub incident_code: String,
    pub incident_title: String,
    pub agency_name: String,
}

/// Clocks in scope that run or are late, the most urgent first.
pub async fn running(connection: &impl Connection, limit: u64) -> Result<Vec<RunningClock>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, c.terms, i.code, i.title, a.name AS agency_name FROM duty_clocks c \
         JOIN incidents i ON i.id = c.incident_id JOIN agencies a ON a.id = c.agency_id \
         WHERE {OPEN} AND {} ORDER BY c.due_at, c.incident_id, c.duty_id LIMIT {limit}",
        connection.scope().agency_condition("c.agency_id")
    );
    let mut duties = KeptDuties::default();
    rows(connection, &sql, vec![true.into()])
        .await?
        .iter()
        .map(|row| {
            Ok(RunningClock {
                clock: clock_row(row)?,
                terms: duties.of(row)?,
                incident_code: row.try_get("", "code")?,
                incident_title: row.try_get("", "title")?,
                agency_name: row.try_get("", "agency_name")?,
            })
        })
        .collect()
}

const OPEN: &str = "c.applies = $1 AND c.sent_at IS NULL AND c.due_at IS NOT NULL";

/// How many clocks in scope run, and how many of them are late at `now`.
pub async fn count_running(connection: &impl Connection, now: Micros) -> Result<(u64, u64), Error> {
    let sql = format!(
        "SELECT COUNT(*) AS open, COALESCE(SUM(CASE WHEN c.due_at < $2 THEN 1 ELSE 0 END), 0) AS late \
         FROM duty_clocks c WHERE {OPEN} AND {}",
        connection.scope().agency_condition("c.agency_id")
    );
    let Some(row) = row(connection, &sql, vec![true.into(), now.into()]).await? else { return Ok((0, 0)) };
    let number =
        |name: &str| -> Result<u64, Error> { Ok(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or_default()) };
    Ok((number("open")?, number("late")?))
}

fn clock_row(row: &QueryResult) -> Result<ClockRow, Error> {
    Ok(ClockRow {
        incident_id: row.try_get("", "incident_id")?,
        duty_id: row.try_get("", "duty_id")?,
        applies: row.try_get("", "applies")?,
        provisional: row.try_get("", "provisional")?,
        assumed: row.try_get("", "assumed")?,
        started_at: row.try_get("", "started_at")?,
        due_at: row.try_get("", "due_at")?,
        sent_at: row.try_get("", "sent_at")?,
        receipt_at: row.try_get("", "receipt_at")?,
    })
}

/// Duties that clocks keep, each text read once however many clocks keep it.
#[derive(Default)]
struct KeptDuties(HashMap<String, Option<Arc<Duty>>>);

impl KeptDuties {
    /// That of a row. One that an older or newer program kept and this one does not read counts as not kept.
    fn of(&mut self, row: &QueryResult) -> Result<Option<Arc<Duty>>, Error> {
        let Some(text) = row.try_get::<Option<String>>("", "terms")? else { return Ok(None) };
        if let Some(known) = self.0.get(&text) {
            return Ok(known.clone());
        }
        let read = serde_json::from_str(&text).inspect_err(|error| tracing::warn!(%error, "a kept duty does not read"));
        let duty = read.ok().map(Arc::new);
        self.0.insert(text, duty.clone());
        Ok(duty)
    }
}

/// What clocks of an incident keep that have begun to run.
pub(super) async fn kept(connection: &impl Connection, incident_id: &str) -> Result<Vec<Kept>, Error> {
    let sql = "SELECT started_at, due_at, terms FROM duty_clocks WHERE incident_id = $1 AND terms IS NOT NULL \
               ORDER BY duty_id";
    let rows = rows(connection, sql, vec![incident_id.into()]).await?;
    let mut duties = KeptDuties::default();
    let kept = rows.iter().map(|row| {
        let (started_at, due_at) = (row.try_get("", "started_at")?, row.try_get("", "due_at")?);
        Ok(duties.of(row)?.map(|duty| Kept { duty, started_at, due_at }))
    });
    kept.filter_map(Result::transpose).collect()
}

/// Forms that somebody still needs: of clocks that run, and of every notice that was ever drafted.
pub(crate) async fn needed_forms(connection: &impl Connection) -> Result<BTreeSet<String>, Error> {
    let scope = connection.scope();
    let sql = format!(
        "SELECT c.form FROM duty_clocks c WHERE {OPEN} AND {} UNION SELECT n.form FROM notices n WHERE {}",
        scope.agency_condition("c.agency_id"),
        scope.agency_condition("n.agency_id")
    );
    rows(connection, &sql, vec![true.into()]).await?.iter().map(|row| Ok(row.try_get("", "form")?)).collect()
}

/// What was sent in an incident.
pub(super) async fn sendings(connection: &impl Connection, incident_id: &str) -> Result<Vec<Sending>, Error> {
    let sql =
        "SELECT form, recipients, sent_at, receipt_at FROM notices WHERE incident_id = $1 AND sent_at IS NOT NULL";
    let rows = rows(connection, sql, vec![incident_id.into()]).await?;
    rows.iter()
        .map(|row| {
            let recipients: String = row.try_get("", "recipients")?;
            let recipients: BTreeSet<String> = serde_json::from_str(&recipients).map_err(Error::internal)?;
            Ok(Sending {
                form: row.try_get("", "form")?,
                recipients,
                sent_at: row.try_get("", "sent_at")?,
                receipt_at: row.try_get("", "receipt_at")?,
            })
        })
        .collect()
}

/// Incidents whose clocks the law may have changed: all that are not closed.
pub(super) async fn open_incident_ids(connection: &impl Connection) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT i.id FROM incidents i WHERE i.state <> 'closed' AND {}",
        connection.scope().agency_condition("i.agency_id")
    );
    rows(connection, &sql, Vec::new()).await?.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}
