//! Rows of alerts: reading them in a scope, one by one and by entity (lists are in `listing`).
//! Nobody outside this folder sees the entity. Alerts of sources that belong to no agency yet are seen by those who see the whole centre only.

use super::{Alert, AlertState, CloseReason, Entity};
use kit::page::Severity;
use kit::{Connection, Error};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "alerts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub rule_id: String,
        pub rule_title: String,
        pub rule_title_vi: Option<String>,
        pub title_fold: String,
        pub rule_level: String,
        pub group_key: String,
        pub first_sequence: i64,
        pub last_sequence: i64,
        pub source_id: String,
        pub system_id: Option<String>,
        pub system_level: Option<i64>,
        pub agency_id: Option<String>,
        pub entity_kind: String,
        pub entity_value: String,
        pub severity: String,
        pub severity_rank: i64,
        pub score: i64,
        pub state: String,
        pub count: i64,
        pub first_event_time: i64,
        pub last_event_time: i64,
        pub first_event_recorded: i64,
        pub detected_at: i64,
        pub updated_at: i64,
        pub techniques: String,
        pub samples: String,
        pub damped: bool,
        pub seen_at: Option<i64>,
        pub seen_by: Option<String>,
        pub acknowledged_at: Option<i64>,
        pub acknowledged_by: Option<String>,
        pub assigned_to: Option<String>,
        pub assigned_at: Option<i64>,
        pub escalated_at: Option<i64>,
        pub escalated_by: Option<String>,
        pub closed_at: Option<i64>,
        pub closed_by: Option<String>,
        pub close_reason: Option<String>,
        pub close_note: Option<String>,
        pub story_id: Option<String>,
        pub suppression_id: Option<String>,
        pub risk: f64,
        pub tactics: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl From<row::Model> for Alert {
    fn from(row: row::Model) -> Self {
        Self {
            id: row.id,
            rule_id: row.rule_id,
            rule_title: row.rule_title,
            rule_title_vi: row.rule_title_vi,
            rule_level: row.rule_level.parse().unwrap_or_default(),
            source_id: row.source_id,
            system_id: row.system_id,
            system_level: row.system_level,
            agency_id: row.agency_id,
            entity: Entity { kind: row.entity_kind, value: row.entity_value },
            severity: row.severity.parse().unwrap_or_default(),
            score: row.score,
            state: AlertState::from_code(&row.state).unwrap_or(AlertState::New),
            count: row.count,
            first_sequence: u64::try_from(row.first_sequence).unwrap_or_default(),
            last_sequence: u64::try_from(row.last_sequence).unwrap_or_default(),
            first_event_time: row.first_event_time,
            last_event_time: row.last_event_time,
            first_event_recorded: row.first_event_recorded,
            detected_at: row.detected_at,
            updated_at: row.updated_at,
            techniques: serde_json::from_str(&row.techniques).unwrap_or_default(),
            samples: serde_json::from_str(&row.samples).unwrap_or_default(),
            damped: row.damped,
            seen_at: row.seen_at,
            seen_by: row.seen_by,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by: row.acknowledged_by,
            assigned_to: row.assigned_to,
            assigned_at: row.assigned_at,
            escalated_at: row.escalated_at,
            escalated_by: row.escalated_by,
            closed_at: row.closed_at,
            closed_by: row.closed_by,
            close_reason: row.close_reason.as_deref().and_then(CloseReason::from_code),
            close_note: row.close_note,
            story_id: row.story_id,
            suppression_id: row.suppression_id,
            tactics: serde_json::from_str(&row.tactics).unwrap_or_default(),
        }
    }
}

/// Row rule of this table.
fn visible(connection: &impl Connection) -> SimpleExpr {
    connection.scope().agency_filter("alerts.agency_id")
}

/// One alert, [`Error::NotFound`] where the scope does not reach it.
pub async fn get(connection: &impl Connection, id: &str) -> Result<Alert, Error> {
    let row = row::Entity::find_by_id(id).filter(visible(connection)).one(connection).await?;
    row.map(Alert::from).ok_or(Error::NotFound)
}

/// Other alerts of the same entity, newest first.
pub async fn of_same_entity(connection: &impl Connection, alert: &Alert, limit: u64) -> Result<Vec<Alert>, Error> {
    let rows = row::Entity::find()
        .filter(visible(connection))
        .filter(row::Column::EntityKind.eq(&alert.entity.kind))
        .filter(row::Column::EntityValue.eq(&alert.entity.value))
        .filter(row::Column::Id.ne(&alert.id))
        .order_by_desc(row::Column::LastEventTime)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(Alert::from).collect())
}

/// Alerts of stories in the order of their first events.
pub async fn of_stories(connection: &impl Connection, stories: &[String], limit: u64) -> Result<Vec<Alert>, Error> {
    let rows = row::Entity::find()
        .filter(visible(connection))
        .filter(row::Column::StoryId.is_in(stories))
        .order_by_asc(row::Column::FirstEventTime)
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(Alert::from).collect())
}

/// Place of a severity in the order of urgency, 0 (informational) to 4 (critical).
pub fn severity_rank(severity: Severity) -> i64 {
    Severity::ALL.into_iter().rev().position(|one| one == severity).map_or(0, |rank| rank as i64)
}
