//! Writing what the pipeline gathered: bundles of matches become alerts or join those that are there. Runs in the
//! transaction that moves the detection cursor, so a match is counted once whatever happens.

use super::grouping::{Bundle, add_samples, damped_key};
use super::scoring::Scoring;
use super::store::{row, severity_rank};
use super::{AlertState, Entity, Sample};
use crate::entities::Policy;
use crate::indicators::alerts::flood_of;
use crate::stories::weave::{Thread, weave};
use crate::stories::{Link, Piece};
use kit::clock::{DAY, MINUTE, Micros};
use kit::text::without_nul;
use kit::{Error, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, Set, Statement};
use std::collections::HashMap;

/// Bundles looked up in one statement.
const CHUNK: usize = 200;

/// An alert that came or grew, and is not held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: String,
    pub agency_id: Option<String>,
    pub severity: kit::page::Severity,
    pub is_new: bool,
    /// Nothing but files that were read in made it come or grow.
    pub imported: bool,
}

/// New groups per rule and minute of arrival, to damp a rule that opens too many.
#[derive(Debug, Default)]
pub struct Damping {
    minute: Micros,
    opened: HashMap<String, u32>,
    /// Matches that went into damped rows since the start.
    pub damped_matches: u64,
}

impl Damping {
    /// Counts a new group; false where the rule is over its limit.
    fn admit(&mut self, rule_id: &str, recorded: Micros, limit: u32) -> bool {
        let minute = recorded.div_euclid(MINUTE);
        if minute != self.minute {
            self.minute = minute;
            self.opened.clear();
        }
        let opened = self.opened.entry(rule_id.to_owned()).or_default();
        *opened = opened.saturating_add(1);
        *opened <= limit
    }
}

/// Positions in the log that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// Rules and correlations were evaluated and their alerts written.
    Detection,
    /// What correlations remember is written.
    Correlations,
    /// What is normal is written.
    Baselines,
}

impl Cursor {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detection => "detection",
            Self::Correlations => "correlations",
            Self::Baselines => "baselines",
        }
    }
}

/// Last sequence of which that is true; 0 before the first.
pub async fn cursor(connection: &impl kit::Connection, cursor: Cursor) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT sequence FROM detection_cursor WHERE name = $1",
        [cursor.name().into()],
    );
    let row = connection.query_one_raw(statement).await?;
    let sequence: i64 = row.map(|row| row.try_get("", "sequence")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(sequence).unwrap_or_default())
}

/// Moves a cursor, in the transaction that writes what was found up to there.
pub async fn set_cursor(tx: &Tx<'_>, cursor: Cursor, sequence: u64, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO detection_cursor (name, sequence, updated_at) VALUES ($1, $2, $3) \
               ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, updated_at = excluded.updated_at";
    let values = [cursor.name().into(), i64::try_from(sequence).unwrap_or(i64::MAX).into(), now.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Writes bundles (as [`super::grouping::Grouping::take`] gives them). A bundle joins the newest alert of its group
/// within the window that was not closed before the match arrived; a row that has seen the bundle's last sequence
/// already is left as it is.
pub async fn write_bundles(
    tx: &Tx<'_>,
    bundles: Vec<(String, Bundle)>,
    scoring: &Scoring,
    risk: &Policy,
    damping: &mut Damping,
    now: Micros,
) -> Result<Vec<Change>, Error> {
    let mut open = load_groups(tx, &bundles).await?;
    let mut changes: Vec<Change> = Vec::new();
    // Rows that grew, and whether by imports alone.
    let mut touched: HashMap<String, bool> = HashMap::new();
    for (key, bundle) in bundles {
        let joined = open.entry(key.clone()).or_default().iter_mut().find(|row| joins(row, &bundle, scoring.window));
        if let Some(row) = joined {
            if merge(row, &bundle, scoring, now) {
                *touched.entry(row.id.clone()).or_insert(true) &= bundle.imported;
            }
            continue;
        }
        let flood = flood_of(&bundle.rule);
        let admitted = damping.admit(&flood.id, bundle.first_recorded, scoring.groups_per_rule_per_minute);
        let key = if admitted { key } else { damped_key(&flood.id, bundle.suppression.as_deref()) };
        let bundle = if admitted { bundle } else { Bundle { rule: flood, ..bundle } };
        if !admitted {
            damping.damped_matches += u64::try_from(bundle.count).unwrap_or_default();
            let rows = open.entry(key.clone()).or_default();
            if rows.is_empty() {
                rows.extend(find_damped(tx, &key).await?);
            }
            if let Some(row) = rows.iter_mut().find(|row| joins_damped(row, &bundle, scoring.window)) {
                if merge(row, &bundle, scoring, now) {
                    *touched.entry(row.id.clone()).or_insert(true) &= bundle.imported;
                }
                continue;
            }
        }
        let match_sequence = bundle.match_sequence;
        let links = bundle.links.clone();
        let imported = bundle.imported;
        let mut row = new_row(&key, bundle, scoring, !admitted, now);
        row.first_sequence = free_sequence(tx, &row, match_sequence).await?;
        row.risk = risk.weigh(row.score, &row.entity_kind, is_first(tx, &row, risk).await?);
        changes.extend(change(&row, true, imported));
        row::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
        if admitted && row.suppression_id.is_none() && severity_rank(scoring.story.least_severity) <= row.severity_rank
        {
            weave(tx, thread(&row, &links), &scoring.story, now).await?;
        }
        open.entry(key).or_default().insert(0, row);
    }
    for row in open.into_values().flatten() {
        let Some(imported) = touched.get(&row.id).copied() else { continue };
        match changes.iter_mut().find(|one| one.id == row.id) {
            Some(one) => one.imported &= imported,
            None => changes.extend(change(&row, false, imported)),
        }
        update(tx, row).await?;
    }
    Ok(changes)
}

/// Of bundles of groups that are to be quiet after an alert: those that may be written, and the matches of the others. A
/// group that raised an alert since `since` raises no other; what joins an alert that is there is written all the same.
pub async fn outside_quiet(
    tx: &Tx<'_>,
    bundles: Vec<(String, Bundle)>,
    window: Micros,
    since: Micros,
) -> Result<(Vec<(String, Bundle)>, i64), Error> {
    let groups = load_groups(tx, &bundles).await?;
    let mut quiet = 0_i64;
    let mut kept = Vec::with_capacity(bundles.len());
    for (key, bundle) in bundles {
        let rows = groups.get(&key).map(Vec::as_slice).unwrap_or_default();
        let told = rows.iter().any(|row| row.detected_at > since);
        if told && !rows.iter().any(|row| joins(row, &bundle, window)) {
            quiet = quiet.saturating_add(bundle.count);
        } else {
            kept.push((key, bundle));
        }
    }
    Ok((kept, quiet))
}

/// The first sequence that identifies a new row. A correlation that goes on after its alert was closed, or in another
/// time, begins with an event that another row of the group has; then its own match identifies it.
async fn free_sequence(tx: &Tx<'_>, row: &row::Model, match_sequence: u64) -> Result<i64, Error> {
    use sea_orm::QueryFilter;
    let same = row::Entity::find()
        .filter(row::Column::RuleId.eq(&row.rule_id))
        .filter(row::Column::GroupKey.eq(&row.group_key))
        .filter(row::Column::FirstSequence.eq(row.first_sequence));
    let taken = same.one(tx).await?.is_some();
    Ok(if taken { i64::try_from(match_sequence).unwrap_or(i64::MAX) } else { row.first_sequence })
}

/// Whether the rule has not alerted on this entity lately.
async fn is_first(tx: &Tx<'_>, row: &row::Model, risk: &Policy) -> Result<bool, Error> {
    use sea_orm::QueryFilter;
    let since = row.first_event_time.saturating_sub(risk.novelty.within_days * DAY);
    let agency = match &row.agency_id {
        Some(id) => row::Column::AgencyId.eq(id),
        None => row::Column::AgencyId.is_null(),
    };
    let before = row::Entity::find()
        .filter(row::Column::EntityKind.eq(&row.entity_kind))
        .filter(row::Column::EntityValue.eq(&row.entity_value))
        .filter(row::Column::RuleId.eq(&row.rule_id))
        .filter(row::Column::LastEventTime.gte(since))
        .filter(agency);
    Ok(before.one(tx).await?.is_none())
}

fn thread<'alert>(row: &'alert row::Model, links: &'alert [Link]) -> Thread<'alert> {
    let piece = Piece {
        id: row.id.clone(),
        rule_id: row.rule_id.clone(),
        story_id: None,
        first: row.first_event_time,
        last: row.last_event_time,
        tactics: serde_json::from_str(&row.tactics).unwrap_or_default(),
    };
    Thread { piece, agency_id: row.agency_id.as_deref(), links }
}

/// What is to be told of a row; nothing while it is held back.
fn change(row: &row::Model, is_new: bool, imported: bool) -> Option<Change> {
    (row.state != AlertState::Suppressed.code()).then(|| Change {
        id: row.id.clone(),
        agency_id: row.agency_id.clone(),
        severity: row.severity.parse().unwrap_or_default(),
        is_new,
        imported,
    })
}

/// Candidates by group key, newest first.
async fn load_groups(tx: &Tx<'_>, bundles: &[(String, Bundle)]) -> Result<HashMap<String, Vec<row::Model>>, Error> {
    let mut keys: Vec<&str> = bundles.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut groups: HashMap<String, Vec<row::Model>> = HashMap::new();
    for chunk in keys.chunks(CHUNK) {
        use sea_orm::{QueryFilter, QueryOrder};
        let rows = row::Entity::find()
            .filter(row::Column::GroupKey.is_in(chunk.iter().copied()))
            .order_by_desc(row::Column::LastEventTime)
            .all(tx)
            .await?;
        for row in rows {
            groups.entry(row.group_key.clone()).or_default().push(row);
        }
    }
    Ok(groups)
}

async fn find_damped(tx: &Tx<'_>, key: &str) -> Result<Option<row::Model>, Error> {
    use sea_orm::{QueryFilter, QueryOrder};
    let select = row::Entity::find().filter(row::Column::GroupKey.eq(key));
    Ok(select.order_by_desc(row::Column::UpdatedAt).one(tx).await?)
}

fn is_closed_before(row: &row::Model, recorded: Micros) -> bool {
    row.state == AlertState::Closed.code() && row.closed_at.is_none_or(|at| at <= recorded)
}

fn joins(row: &row::Model, bundle: &Bundle, window: Micros) -> bool {
    bundle.first_time <= row.last_event_time.saturating_add(window)
        && bundle.last_time >= row.first_event_time.saturating_sub(window)
        && !is_closed_before(row, bundle.first_recorded)
}

/// Damped rows gather by arrival: the flood is now, whatever its events say of their time.
fn joins_damped(row: &row::Model, bundle: &Bundle, window: Micros) -> bool {
    bundle.first_recorded.saturating_sub(row.detected_at) <= window && !is_closed_before(row, bundle.first_recorded)
}

/// Adds a bundle to a row; false where the row has it already.
fn merge(row: &mut row::Model, bundle: &Bundle, scoring: &Scoring, now: Micros) -> bool {
    let last = i64::try_from(bundle.last_sequence).unwrap_or(i64::MAX);
    if row.last_sequence >= last {
        return false;
    }
    row.last_sequence = last;
    row.count = row.count.saturating_add(bundle.count);
    if bundle.first_time < row.first_event_time {
        row.first_event_time = bundle.first_time;
        row.first_event_recorded = bundle.first_recorded;
    }
    row.last_event_time = row.last_event_time.max(bundle.last_time);
    row.updated_at = now;
    let (score, severity) = scoring.weigh(bundle.rule.level, bundle.owner.system_level);
    if score > row.score {
        row.score = score;
        row.severity = severity.code().to_owned();
        row.severity_rank = severity_rank(severity);
    }
    let mut samples: Vec<Sample> = serde_json::from_str(&row.samples).unwrap_or_default();
    let had = samples.len();
    add_samples(&mut samples, &bundle.samples, scoring.samples);
    if samples.len() > had {
        row.samples = serde_json::to_string(&samples).unwrap_or_default();
    }
    true
}

fn new_row(key: &str, bundle: Bundle, scoring: &Scoring, damped: bool, now: Micros) -> row::Model {
    let (score, severity) = scoring.weigh(bundle.rule.level, bundle.owner.system_level);
    // A damped row stands for many entities and systems: it names none, and only the centre sees it.
    let entity = if damped { Entity { kind: "damped".to_owned(), value: String::new() } } else { bundle.entity };
    let entity = Entity { kind: without_nul(&entity.kind), value: without_nul(&entity.value) };
    let owner = |id: Option<std::sync::Arc<str>>| id.filter(|_| !damped).map(|id| id.to_string());
    let title =
        format!("{} {} {}", bundle.rule.title_vi.as_deref().unwrap_or_default(), bundle.rule.title, entity.value);
    let state = if bundle.suppression.is_some() { AlertState::Suppressed } else { AlertState::New };
    row::Model {
        id: kit::id::new_id(now),
        rule_id: bundle.rule.id.clone(),
        rule_title: bundle.rule.title.clone(),
        rule_title_vi: bundle.rule.title_vi.clone(),
        title_fold: kit::fold::fold(&title),
        rule_level: bundle.rule.level.code().to_owned(),
        group_key: key.to_owned(),
        first_sequence: i64::try_from(bundle.first_sequence).unwrap_or(i64::MAX),
        last_sequence: i64::try_from(bundle.last_sequence).unwrap_or(i64::MAX),
        source_id: bundle.owner.source_id.to_string(),
        system_id: owner(bundle.owner.system_id),
        system_level: bundle.owner.system_level.filter(|_| !damped),
        agency_id: owner(bundle.owner.agency_id),
        entity_kind: entity.kind,
        entity_value: entity.value,
        severity: severity.code().to_owned(),
        severity_rank: severity_rank(severity),
        score,
        state: state.code().to_owned(),
        count: bundle.count,
        first_event_time: bundle.first_time,
        last_event_time: bundle.last_time,
        first_event_recorded: bundle.first_recorded,
        detected_at: now,
        updated_at: now,
        techniques: serde_json::to_string(&bundle.rule.techniques).unwrap_or_default(),
        samples: serde_json::to_string(&bundle.samples).unwrap_or_default(),
        damped,
        seen_at: None,
        seen_by: None,
        acknowledged_at: None,
        acknowledged_by: None,
        assigned_to: None,
        assigned_at: None,
        escalated_at: None,
        escalated_by: None,
        closed_at: None,
        closed_by: None,
        close_reason: None,
        close_note: None,
        story_id: None,
        suppression_id: bundle.suppression.map(|id| id.to_string()),
        risk: 0.0,
        tactics: serde_json::to_string(&bundle.rule.tactics).unwrap_or_default(),
    }
}

/// Writes the columns that a merge changes and no others: people act on the rest at the same time.
async fn update(tx: &Tx<'_>, row: row::Model) -> Result<(), Error> {
    row::ActiveModel {
        id: sea_orm::Unchanged(row.id),
        last_sequence: Set(row.last_sequence),
        count: Set(row.count),
        first_event_time: Set(row.first_event_time),
        first_event_recorded: Set(row.first_event_recorded),
        last_event_time: Set(row.last_event_time),
        updated_at: Set(row.updated_at),
        score: Set(row.score),
        severity: Set(row.severity),
        severity_rank: Set(row.severity_rank),
        samples: Set(row.samples),
        ..Default::default()
    }
    .update_without_returning(tx)
    .await?;
    Ok(())
}
