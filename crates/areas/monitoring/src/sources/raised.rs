//! Alerts about a source itself: raised once, closed by the program when what they tell of is over.

use crate::alerts::grouping::{Bundle, Owner, RuleFacts, hash};
use crate::alerts::notices::alert_link;
use crate::alerts::record::{Damping, write_bundles};
use crate::alerts::service::news_agency;
use crate::alerts::{CloseReason, Entity, Sample, news};
use crate::settings::Settings;
use crate::suppressions;
use kit::clock::Micros;
use kit::live::Live;
use kit::locale::texts;
use kit::page::Severity;
use kit::{Connection, Error, Lang, Tx};
use organisation::{audit, inbox};
use sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::json;
use std::sync::Arc;

/// What an alert is raised for.
pub(super) struct About {
    pub(super) rule_id: &'static str,
    /// Key of the title.
    pub(super) title: &'static str,
    pub(super) level: Severity,
    pub(super) owner: Owner,
    /// Name of the source: what the alert is about.
    pub(super) name: String,
    pub(super) since: Micros,
    /// The last record that was heard, the evidence; 0 for none.
    pub(super) sequence: u64,
}

impl About {
    fn bundle(&self, now: Micros) -> (String, Bundle) {
        let rule = RuleFacts {
            id: self.rule_id.to_owned(),
            title: texts().text(Lang::En, self.title),
            title_vi: Some(texts().text(Lang::Vi, self.title)),
            level: self.level,
            techniques: Vec::new(),
            tactics: Vec::new(),
        };
        let sample = Sample { seq: self.sequence, time: self.since, fields: Vec::new() };
        let bundle = Bundle {
            rule: Arc::new(rule),
            entity: Entity { kind: "source".to_owned(), value: self.name.clone() },
            owner: self.owner.clone(),
            first_sequence: self.sequence,
            match_sequence: self.sequence,
            last_sequence: self.sequence,
            first_time: self.since,
            last_time: now,
            first_recorded: now,
            count: 1,
            samples: if self.sequence > 0 { vec![sample] } else { Vec::new() },
            links: Vec::new(),
            suppression: None,
            imported: false,
        };
        // Each silence is an alert of its own.
        (hash(&[self.rule_id, &self.owner.source_id, &now.to_string()]), bundle)
    }
}

/// Raises one alert for each. Returns its identifier where it is one of its own and not one of a flood of them.
pub(super) async fn raise(
    tx: &Tx<'_>,
    live: &Live,
    settings: &Settings,
    abouts: &[About],
    now: Micros,
) -> Result<Vec<Option<String>>, Error> {
    let bundles = abouts.iter().map(|about| about.bundle(now)).collect();
    let bundles = suppressions::hold_back(bundles, &suppressions::store::windows(tx, now).await?, now);
    let keys: Vec<String> = bundles.iter().map(|(key, _)| key.clone()).collect();
    let (scoring, risk) = (&settings.scoring, &settings.entity_risk);
    let changes = write_bundles(tx, bundles, scoring, risk, &mut Damping::default(), now).await?;
    let live = live.clone();
    tx.after_commit(move || news::tell(&live, &changes));
    let mut ids = Vec::with_capacity(keys.len());
    for key in keys {
        let sql = "SELECT id FROM alerts WHERE group_key = $1";
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [key.into()]);
        let row = tx.query_one_raw(statement).await?;
        ids.push(row.map(|row| row.try_get("", "id")).transpose()?);
    }
    Ok(ids)
}

/// Closes the alert where nobody has escalated or closed it; `note` says why in the language of the centre.
pub(super) async fn close(
    tx: &Tx<'_>,
    live: &Live,
    id: &str,
    agency_id: Option<&str>,
    note: &str,
    now: Micros,
) -> Result<(), Error> {
    let sql = "UPDATE alerts SET state = 'closed', closed_at = $2, closed_by = $3, close_reason = $4, close_note = $5, \
        updated_at = $2 WHERE id = $1 AND state IN ('new', 'acknowledged', 'assigned', 'suppressed')";
    let by = tx.scope().actor().id();
    let reason = CloseReason::Handled.code();
    let values: [Value; 5] = [id.into(), now.into(), by.into(), reason.into(), note.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let details = json!({ "reason": reason, "note": note });
    audit::record(tx, now, "alert.close", "alert", id, agency_id, details).await?;
    inbox::acknowledge_about(tx, live, now, &[alert_link(id)]).await?;
    let (live, agency) = (live.clone(), news_agency(agency_id));
    let data = json!({ "id": id, "state": "closed" });
    tx.after_commit(move || live.send("alert", Some(agency), data));
    Ok(())
}
