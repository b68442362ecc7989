//! Measuring: one rule, or all while there is time.

use super::{Cost, due, store};
use crate::rules::Book;
use crate::rules::explain::event_of;
use crate::rules::settings::CostSettings;
use crate::search::run::{context, monitoring, refusal};
use crate::settings::Settings;
use event::Event;
use kit::clock::Micros;
use kit::scope::Agencies;
use kit::web::Visit;
use kit::{Capability, Error};
use organisation::audit;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whether whoever asks may measure: it looks at the newest events of everybody.
pub fn may_measure(visit: &Visit) -> bool {
    let scope = visit.scope();
    let whole = [scope.agencies(), scope.event_agencies()].into_iter().all(|reach| matches!(reach, Agencies::All));
    whole && scope.may(Capability::TuneRules) && scope.may(Capability::ViewEvents)
}

/// Measures the rule with this id, or as many of all as there is time for, those first that were never measured; returns how
/// many. Nobody sees the events; that they were looked at is in the trail.
pub async fn measure(visit: &Visit, rule_id: Option<&str>) -> Result<usize, Error> {
    if !may_measure(visit) {
        return Err(Error::Forbidden(Capability::TuneRules.name()));
    }
    let book = monitoring(&visit.app)?.rules.current();
    let positions = match rule_id {
        Some(id) => vec![book.set.position(id).ok_or(Error::NotFound)?],
        None => {
            let known = store::all(&visit.read()).await?;
            let rules = book.set.rules().iter().enumerate();
            due(rules.map(|(position, rule)| (position, known.get(&rule.id).map(|cost| cost.measured_at))))
        }
    };
    let settings = Settings::of(&visit.app)?.tuning.costs;
    let events = newest(visit, settings.events).await?;
    let (sample, now) = (events.len(), visit.now());
    let work = move || measured(&book, settings, &positions, &events, now);
    let costs = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    let tx = visit.begin().await?;
    store::save(&tx, &costs).await?;
    let details = json!({ "rules": costs.len(), "events": sample });
    audit::record(&tx, now, "rule.measure", "rule", rule_id.unwrap_or_default(), None, details).await?;
    tx.commit().await?;
    Ok(costs.len())
}

/// The newest events, as rules ask about them.
async fn newest(visit: &Visit, wanted: usize) -> Result<Vec<Event>, Error> {
    let store = &monitoring(&visit.app)?.store;
    let after = store.inserted().saturating_sub(wanted as u64);
    let sql = format!("SELECT * FROM events WHERE seq > {after} LIMIT {wanted}");
    let result = store.query(&sql, &context(visit, wanted).await?).await.map_err(refusal)?;
    Ok(result.to_json_rows().map_err(refusal)?.iter().map(event_of).collect())
}

fn measured(
    book: &Arc<Book>,
    settings: CostSettings,
    positions: &[usize],
    events: &[Event],
    now: Micros,
) -> Vec<(String, Cost)> {
    let started = Instant::now();
    let mut costs = Vec::new();
    for position in positions {
        if started.elapsed() > Duration::from_secs(settings.most_seconds) {
            break;
        }
        let Some(rule) = book.set.rules().get(*position) else { continue };
        let Some(cost) = book.set.cost(*position, events, settings.runs) else { continue };
        let cost = Cost {
            nanoseconds: cost.nanoseconds,
            events: cost.records as i64,
            sample: events.len() as i64,
            measured_at: now,
        };
        costs.push((rule.id.clone(), cost));
    }
    costs
}
