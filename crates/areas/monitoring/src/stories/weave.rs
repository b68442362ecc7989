//! Weaving: a new alert looks for those that share something with it, in the transaction that writes it. It joins their
//! story, begins one with them, or stays alone until the next comes.

use super::policy::StoryPolicy;
use super::{Link, Piece};
use crate::alerts::notices;
use kit::clock::Micros;
use kit::{Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::BTreeMap;

/// Alerts and links that one look may take in.
const MOST_PIECES: usize = 500;
const MOST_LINKS: usize = 60;
const MOST_ROWS: usize = 5_000;
/// From the alert to those that share something with it, and on to those that share something with them.
const HOPS: usize = 2;

/// A new alert as it is woven in.
#[derive(Debug)]
pub struct Thread<'alert> {
    pub piece: Piece,
    pub agency_id: Option<&'alert str>,
    pub links: &'alert [Link],
}

/// Keeps what an alert may share, and weaves it in.
pub async fn weave(tx: &Tx<'_>, thread: Thread<'_>, policy: &StoryPolicy, now: Micros) -> Result<(), Error> {
    if thread.links.is_empty() {
        return Ok(());
    }
    keep_links(tx, &thread).await?;
    let Some(outcome) = judge(tx, &thread, policy).await? else { return Ok(()) };
    let story = outcome.story.unwrap_or_else(|| kit::id::new_id(now));
    for part in outcome.alerts.chunks(200) {
        set_story(tx, &story, "id", part).await?;
    }
    for part in outcome.merged.chunks(200) {
        set_story(tx, &story, "story_id", part).await?;
    }
    for merged in &outcome.merged {
        notices::merge_stories(tx, merged, &story).await?;
    }
    Ok(())
}

/// What is to be written.
struct Outcome {
    /// The story that goes on; none where one begins.
    story: Option<String>,
    /// Alerts that had no story.
    alerts: Vec<String>,
    /// Stories that turn out to be this one.
    merged: Vec<String>,
}

async fn judge(tx: &Tx<'_>, thread: &Thread<'_>, policy: &StoryPolicy) -> Result<Option<Outcome>, Error> {
    let mut pieces: BTreeMap<String, Piece> = BTreeMap::new();
    let mut links = thread.links.to_vec();
    let mut asked = 0;
    for _ in 0..HOPS {
        let fresh: Vec<Link> = links.iter().skip(asked).take(MOST_LINKS).cloned().collect();
        asked += fresh.len();
        let found = neighbours(tx, thread, &fresh, policy).await?;
        let unknown: Vec<Piece> = found.into_iter().filter(|piece| !pieces.contains_key(&piece.id)).collect();
        if unknown.is_empty() || pieces.len() + unknown.len() > MOST_PIECES {
            break;
        }
        let ids: Vec<&str> = unknown.iter().map(|piece| piece.id.as_str()).collect();
        for link in links_of(tx, &ids).await? {
            if !links.contains(&link) {
                links.push(link);
            }
        }
        pieces.extend(unknown.into_iter().map(|piece| (piece.id.clone(), piece)));
    }
    let mut stories: Vec<String> = pieces.values().filter_map(|piece| piece.story_id.clone()).collect();
    stories.sort();
    stories.dedup();
    stories.retain(|story| {
        let of_story = pieces.values().filter(|piece| piece.story_id.as_ref() == Some(story));
        let first = of_story.map(|piece| piece.first).min().unwrap_or(thread.piece.first);
        thread.piece.first.abs_diff(first) <= policy.longest.unsigned_abs()
    });
    let loose: Vec<Piece> =
        pieces.into_values().filter(|piece| piece.story_id.is_none()).chain([thread.piece.clone()]).collect();
    let alerts: Vec<String> = loose.iter().map(|piece| piece.id.clone()).collect();
    if stories.is_empty() {
        return Ok(policy.is_story(&loose).then_some(Outcome { story: None, alerts, merged: Vec::new() }));
    }
    let merged = stories.split_off(1);
    Ok(Some(Outcome { story: stories.pop(), alerts, merged }))
}

/// Alerts of the same agency within the window that have one of these values and are not closed. A value that too many
/// have leads to none.
async fn neighbours(
    tx: &Tx<'_>,
    thread: &Thread<'_>,
    links: &[Link],
    policy: &StoryPolicy,
) -> Result<Vec<Piece>, Error> {
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = vec![
        thread.piece.first.saturating_sub(policy.longest).into(),
        thread.piece.last.saturating_add(policy.window).into(),
        thread.piece.first.saturating_sub(policy.window).into(),
        thread.piece.id.as_str().into(),
        crate::alerts::store::severity_rank(policy.least_severity).into(),
    ];
    let owner = match thread.agency_id {
        Some(agency) => {
            values.push(agency.into());
            "a.agency_id = $6"
        }
        None => "a.agency_id IS NULL",
    };
    let mut shared = Vec::with_capacity(links.len());
    for link in links {
        values.push(link.kind.as_str().into());
        values.push(link.value.as_str().into());
        shared.push(format!("(l.kind = ${} AND l.value = ${})", values.len() - 1, values.len()));
    }
    let sql = format!(
        "SELECT l.kind, l.value, a.id, a.rule_id, a.story_id, a.first_event_time, a.last_event_time, a.tactics \
         FROM alert_links l JOIN alerts a ON a.id = l.alert_id \
         WHERE ({}) AND l.first_event_time >= $1 AND l.first_event_time <= $2 \
         AND a.last_event_time >= $3 AND a.id <> $4 AND a.severity_rank >= $5 AND a.state <> 'closed' \
         AND NOT a.damped AND {owner} ORDER BY a.first_event_time DESC, a.id LIMIT {MOST_ROWS}",
        shared.join(" OR ")
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let mut by_link: BTreeMap<Link, Vec<Piece>> = BTreeMap::new();
    for row in &tx.query_all_raw(statement).await? {
        let link = Link { kind: row.try_get("", "kind")?, value: row.try_get("", "value")? };
        by_link.entry(link).or_default().push(piece(row)?);
    }
    by_link.retain(|_, pieces| pieces.len() <= policy.most_alerts_of_a_link);
    let mut pieces: Vec<Piece> = by_link.into_values().flatten().collect();
    pieces.sort_by(|left, right| left.id.cmp(&right.id));
    pieces.dedup_by(|left, right| left.id == right.id);
    Ok(pieces)
}

fn piece(row: &QueryResult) -> Result<Piece, Error> {
    let tactics: String = row.try_get("", "tactics")?;
    Ok(Piece {
        id: row.try_get("", "id")?,
        rule_id: row.try_get("", "rule_id")?,
        story_id: row.try_get("", "story_id")?,
        first: row.try_get("", "first_event_time")?,
        last: row.try_get("", "last_event_time")?,
        tactics: serde_json::from_str(&tactics).unwrap_or_default(),
    })
}

async fn links_of(tx: &Tx<'_>, alerts: &[&str]) -> Result<Vec<Link>, Error> {
    let mut links = Vec::new();
    for part in alerts.chunks(200) {
        let places: Vec<String> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let sql = format!("SELECT DISTINCT kind, value FROM alert_links WHERE alert_id IN ({})", places.join(", "));
        let values = part.iter().map(|id| Value::from(*id));
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        for row in tx.query_all_raw(statement).await? {
            links.push(Link { kind: row.try_get("", "kind")?, value: row.try_get("", "value")? });
        }
    }
    links.sort();
    Ok(links)
}

async fn keep_links(tx: &Tx<'_>, thread: &Thread<'_>) -> Result<(), Error> {
    let mut values: Vec<Value> = vec![thread.piece.id.as_str().into(), thread.piece.first.into()];
    let mut rows = Vec::with_capacity(thread.links.len());
    for link in thread.links {
        values.push(link.kind.as_str().into());
        values.push(link.value.as_str().into());
        rows.push(format!("($1, ${}, ${}, $2)", values.len() - 1, values.len()));
    }
    let sql = format!(
        "INSERT INTO alert_links (alert_id, kind, value, first_event_time) VALUES {} \
         ON CONFLICT (alert_id, kind, value) DO NOTHING",
        rows.join(", ")
    );
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// `column` is a word of ours: `id` or `story_id`.
async fn set_story(tx: &Tx<'_>, story: &str, column: &str, keys: &[String]) -> Result<(), Error> {
    let places: Vec<String> = (2..keys.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!("UPDATE alerts SET story_id = $1 WHERE {column} IN ({})", places.join(", "));
    let values = std::iter::once(Value::from(story)).chain(keys.iter().map(|key| Value::from(key.as_str())));
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}
