//! What can be done with hunts: begin one, cancel it.

use super::{Hunt, State, SubjectKind, store};
use crate::indicators;
use crate::rules::{Book, title};
use crate::timespan::Timespan;
use kit::clock::{DAY, Micros};
use kit::page::Address;
use kit::scope::Agencies;
use kit::{Capability, Connection, Error, Lang, Tx};
use organisation::audit::{self, Touched};
use serde::Deserialize;
use serde_json::json;

/// Its owner reads events, and raises alerts of rules and indicators.
pub const NEEDED: &[Capability] = &[Capability::ViewEvents, Capability::ViewRules, Capability::HandleAlerts];

/// What a form or a command gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HuntInput {
    /// `rule`, `indicator` or `list`.
    pub kind: String,
    /// Id of the rule or list; an indicator in any spelling, or its identity.
    pub subject: String,
    pub range: String,
    pub from: String,
    pub to: String,
}

/// Hunts of one person that may wait.
const MOST_OPEN: u64 = 10;

impl HuntInput {
    /// The time as pages read it from their address.
    fn address(&self) -> Address {
        let given = [("range", &self.range), ("from", &self.from), ("to", &self.to)];
        let filled = given.into_iter().filter(|(_, value)| !value.is_empty());
        filled.fold(Address::parse("/hunts"), |address, (name, value)| address.with(name, value))
    }

    fn window(&self, now: Micros) -> Result<(Micros, Micros), Error> {
        let problems = Timespan::problems(&self.address());
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let span = Timespan::of(&self.address(), now, "7d");
        let (from, to) = (span.from.unwrap_or(0), span.to.unwrap_or(now.saturating_add(DAY)));
        if from >= to {
            return Err(Error::invalid("to", "timespan-backwards"));
        }
        Ok((from, to))
    }
}

/// Id and name of what is looked for, as far as the asker may see it.
async fn subject(
    connection: &impl Connection,
    book: &Book,
    kind: SubjectKind,
    text: &str,
    now: Micros,
) -> Result<(String, String), Error> {
    let unknown = || Error::invalid("subject", "hunt-subject-unknown");
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("subject", "field-required"));
    }
    match kind {
        SubjectKind::Rule => {
            let rule = book.rule(text).ok_or_else(unknown)?;
            if !rule.needs_placeholders.is_empty() {
                return Err(Error::invalid("subject", "hunt-rule-waits"));
            }
            Ok((rule.id.clone(), title(rule, Lang::Vi).to_owned()))
        }
        SubjectKind::List => {
            let by_id = match indicators::store::find(connection, text, now).await {
                Err(Error::NotFound) => indicators::store::by_name(connection, text, now).await?,
                found => Some(found?),
            };
            let list = by_id.ok_or_else(unknown)?;
            match list.indicators {
                0 => Err(Error::invalid("subject", "hunt-list-empty")),
                _ => Ok((list.id, list.name)),
            }
        }
        SubjectKind::Indicator => {
            let read = detection::Indicator::read(text, None);
            let ids = [Some(text.to_owned()), read.ok().map(|indicator| indicators::identity(&indicator))];
            for id in ids.into_iter().flatten() {
                let filter =
                    indicators::store::Filter { indicator_id: Some(id), ..indicators::store::Filter::default() };
                if let Some(one) = indicators::store::rows(connection, &filter, 1, 0).await?.pop() {
                    return Ok((one.indicator_id, one.text));
                }
            }
            Err(unknown())
        }
    }
}

/// Enqueues a hunt; returns its id.
pub async fn create(tx: &Tx<'_>, book: &Book, input: &HuntInput, now: Micros) -> Result<String, Error> {
    NEEDED.iter().try_for_each(|needed| tx.scope().require(*needed))?;
    let owner_id = tx.scope().actor().id();
    if tx.scope().person_id().is_none() && !owner_id.starts_with("service:") {
        return Err(Error::Forbidden("person"));
    }
    let reach_agency_id = match tx.scope().agencies() {
        Agencies::All => None,
        Agencies::Under(roots) => {
            Some(roots.first().filter(|_| roots.len() == 1).ok_or(Error::Forbidden("person"))?.clone())
        }
    };
    let kind = SubjectKind::from_code(&input.kind).ok_or_else(|| Error::unfit("kind", &input.kind))?;
    let (from, to) = input.window(now)?;
    let (subject_id, subject_name) = subject(tx, book, kind, &input.subject, now).await?;
    if store::open(tx, &owner_id).await? >= MOST_OPEN {
        return Err(Error::Conflict("hunt-too-many"));
    }
    let hunt = Hunt {
        id: kit::id::new_id(now),
        subject_kind: kind,
        subject_id,
        subject_name,
        from,
        to,
        state: State::Waiting,
        owner_id,
        owner_name: String::new(),
        reach_agency_id,
        sequences: None,
        next_sequence: 0,
        events: 0,
        matches: 0,
        alerts: 0,
        unread_days: Vec::new(),
        touched: Touched::new(),
        error_key: None,
        error_words: None,
        created_at: now,
        started_at: None,
        ended_at: None,
    };
    store::insert(tx, &hunt).await?;
    let details = json!({
        "kind": kind, "subject": hunt.subject_name, "subject_id": hunt.subject_id, "from": from, "to": to,
    });
    audit::record(tx, now, "hunt.start", "hunt", &hunt.id, hunt.reach_agency_id.as_deref(), details).await?;
    Ok(hunt.id)
}

/// Cancels a hunt that is not over. What it found so far stays; what its owner read is told to the trail by `keeper`.
pub async fn cancel(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    NEEDED.iter().try_for_each(|needed| tx.scope().require(*needed))?;
    let hunt = store::find(tx, id).await?;
    if !store::end(tx, id, State::Cancelled, None, now).await? {
        return Err(Error::Conflict("hunt-over"));
    }
    let details = json!({ "subject": hunt.subject_name, "events": hunt.events, "alerts": hunt.alerts });
    audit::record(tx, now, "hunt.cancel", "hunt", id, hunt.reach_agency_id.as_deref(), details).await
}
