//! The indicators that events are looked up in: everything that holds on lists that are in force, made anew when somebody
//! changes a list, here or in another process. Readers keep the set they took while the next one is made.

use super::settings::IndicatorSettings;
use super::{List, Listed, Sharing, number, store};
use crate::alerts::SampleField;
use crate::alerts::grouping::RuleFacts;
use detection::{Indicator, IndicatorFacts, IndicatorHit, IndicatorSet, IndicatorSetBuilder};
use event::Event;
use kit::clock::Micros;
use kit::locale::{Argument, texts};
use kit::{Connection, Error, Lang};
use std::collections::BTreeSet;

/// Rows read at once.
const STEP: u64 = 20_000;
/// Longest indicator and longest names of lists in a title, in characters.
const LONGEST: usize = 120;

/// One making.
#[derive(Debug, Default)]
pub struct InForce {
    pub set: IndicatorSet,
    /// By the number that the set knows them by.
    lists: Vec<List>,
    revision: u64,
}

impl InForce {
    /// Reads everything that holds at `now` on lists that are in use.
    pub async fn read(connection: &impl Connection, now: Micros) -> Result<Self, Error> {
        // Read first: what changes meanwhile is read again.
        let revision = store::revision(connection).await?;
        let lists = store::lists(connection, now).await?;
        let set = gather(connection, &lists, |list| list.enabled, Some(now)).await?;
        Ok(Self { set, lists, revision })
    }

    /// Everything on one list, whether it still holds or not.
    pub(crate) async fn of_list(connection: &impl Connection, list_id: &str, now: Micros) -> Result<Self, Error> {
        let lists = store::lists(connection, now).await?;
        let set = gather(connection, &lists, |list| list.id == list_id, None).await?;
        Ok(Self { set, lists, revision: 0 })
    }

    /// Of these alone, whether they still hold or not.
    pub(crate) async fn of(connection: &impl Connection, listed: &[Listed], now: Micros) -> Result<Self, Error> {
        let lists = store::lists(connection, now).await?;
        let mut builder = IndicatorSetBuilder::with_capacity(listed.len());
        for row in listed {
            let place = lists.iter().zip(0..).find(|(list, _)| list.id == row.list_id);
            if let Some((list, number)) = place {
                add(&mut builder, row, number, list.with_subdomains, None);
            }
        }
        Ok(Self { set: builder.build(), lists, revision: 0 })
    }

    /// The same again where something has changed since.
    pub async fn changed(&self, connection: &impl Connection, now: Micros) -> Result<Option<Self>, Error> {
        match store::revision(connection).await? == self.revision {
            true => Ok(None),
            false => Self::read(connection, now).await.map(Some),
        }
    }

    /// What an alert keeps of the event that it was found in.
    pub(crate) fn sample(&self, hit: &IndicatorHit) -> SampleField {
        SampleField {
            field: hit.field.clone(),
            value: hit.found.clone(),
            pattern: self.set.text(hit.indicator).unwrap_or_default(),
        }
    }

    /// What an alert keeps of an indicator that was found on these lists.
    pub(crate) fn facts(&self, settings: &IndicatorSettings, reference: u128, hits: &[&IndicatorHit]) -> RuleFacts {
        let said: Vec<IndicatorFacts> = hits.iter().filter_map(|hit| self.set.facts(hit.indicator)).collect();
        let confidence = said.iter().map(|facts| i64::from(facts.confidence)).max().unwrap_or(0);
        let lists = said.iter().filter_map(|facts| self.lists.get(usize::from(facts.list)));
        let named = lists.filter(|list| list.sharing == Sharing::Everyone).map(|list| list.name.as_str());
        let lists = cut(&named.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", "));
        let text = hits.first().and_then(|hit| self.set.text(hit.indicator)).unwrap_or_default();
        let key = if lists.is_empty() { "indicator-alert-unnamed" } else { "indicator-alert" };
        let arguments: [(&str, Argument<'_>); 3] = [
            ("indicator", cut(&text).into()),
            ("lists", lists.as_str().into()),
            ("confidence", confidence.to_string().into()),
        ];
        RuleFacts {
            id: super::alerts::rule_id(&format!("{reference:032x}")),
            title: texts().text_with(Lang::En, key, &arguments),
            title_vi: Some(texts().text_with(Lang::Vi, key, &arguments)),
            level: settings.severity(confidence),
            techniques: Vec::new(),
            tactics: Vec::new(),
        }
    }
}

/// The set of what stands on the lists that are wanted, and holds at a moment where one is given.
async fn gather(
    connection: &impl Connection,
    lists: &[List],
    wanted: impl Fn(&List) -> bool,
    holds_at: Option<Micros>,
) -> Result<IndicatorSet, Error> {
    let mut builder = IndicatorSetBuilder::default();
    for (list, number) in lists.iter().zip(0..).filter(|(list, _)| wanted(list)) {
        let mut behind = String::new();
        loop {
            let rows = store::step(connection, list, holds_at, &behind, STEP).await?;
            let Some(last) = rows.last() else { break };
            behind.clone_from(&last.indicator_id);
            for row in &rows {
                // Whoever hunts asks for what happened before anybody knew of it.
                let valid_from = holds_at.map(|_| row.valid_from);
                add(&mut builder, row, number, list.with_subdomains, valid_from);
            }
        }
    }
    tokio::task::spawn_blocking(move || builder.build()).await.map_err(Error::internal)
}

/// The moment at which an indicator has to hold to be found in an event: that at which it happened, by its own account,
/// and no later than it came, whatever its clock says.
pub(crate) fn held_at(event: &Event) -> Micros {
    event.time.min(event.arrival)
}

fn add(builder: &mut IndicatorSetBuilder, row: &Listed, list: u16, with_subdomains: bool, valid_from: Option<Micros>) {
    let facts = IndicatorFacts {
        list,
        confidence: u8::try_from(row.confidence).unwrap_or(100),
        valid_from,
        valid_until: Some(row.valid_until),
        with_subdomains,
        reference: number(&row.indicator_id),
    };
    let added = Indicator::read(&row.text, Some(row.kind)).and_then(|indicator| builder.add(&indicator, &facts));
    if let Err(refusal) = added {
        // Taken by an earlier version that refused less.
        tracing::warn!(indicator = row.text, %refusal, "an indicator is not looked for");
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Hits of one event by indicator: what several lists say of it is one finding.
pub(crate) fn by_indicator<'h>(
    set: &IndicatorSet,
    hits: impl Iterator<Item = &'h IndicatorHit>,
) -> Vec<(u128, Vec<&'h IndicatorHit>)> {
    let mut found: Vec<(u128, Vec<&IndicatorHit>)> = Vec::new();
    for hit in hits {
        let Some(facts) = set.facts(hit.indicator) else { continue };
        match found.iter_mut().find(|(reference, _)| *reference == facts.reference) {
            Some((_, hits)) => hits.push(hit),
            None => found.push((facts.reference, vec![hit])),
        }
    }
    found
}
