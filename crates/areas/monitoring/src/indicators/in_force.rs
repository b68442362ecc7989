//! The indicators that events are looked up in: everything that holds on lists that are in force, made anew when somebody
//! changes a list, here or in another process. Readers keep the set they took while the next one is made.

use super::settings::SETTINGS;
use super::{List, Listed, Sharing, store};
use crate::alerts::SampleField;
use crate::alerts::grouping::RuleFacts;
use detection::{Indicator, IndicatorFacts, IndicatorHit, IndicatorSet, IndicatorSetBuilder};
use kit::clock::Micros;
use kit::locale::{Argument, texts};
use kit::{Connection, Error, Lang};
use std::collections::{BTreeSet, HashMap};

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
    /// Reads everything that holds at `now`.
    pub async fn read(connection: &impl Connection, now: Micros) -> Result<Self, Error> {
        // Read first: what changes meanwhile is read again.
        let revision = store::revision(connection).await?;
        let lists = store::lists(connection, now).await?;
        let numbers: HashMap<&str, u16> = lists.iter().map(|list| list.id.as_str()).zip(0..).collect();
        let mut builder = IndicatorSetBuilder::default();
        let mut behind = (String::new(), String::new());
        loop {
            let rows = store::step(connection, now, (&behind.0, &behind.1), STEP).await?;
            let Some(last) = rows.last() else { break };
            behind = (last.list_id.clone(), last.indicator_id.clone());
            for row in &rows {
                if let Some(number) = numbers.get(row.list_id.as_str()) {
                    let subdomains = lists.get(usize::from(*number)).is_some_and(|list| list.with_subdomains);
                    add(&mut builder, row, *number, subdomains);
                }
            }
        }
        Ok(Self { set: builder.build(), lists, revision })
    }

    /// Of these alone, whether they still hold or not.
    pub(crate) async fn of(connection: &impl Connection, listed: &[Listed], now: Micros) -> Result<Self, Error> {
        let lists = store::lists(connection, now).await?;
        let mut builder = IndicatorSetBuilder::with_capacity(listed.len());
        for row in listed {
            let place = lists.iter().zip(0..).find(|(list, _)| list.id == row.list_id);
            if let Some((list, number)) = place {
                add(&mut builder, row, number, list.with_subdomains);
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
    pub(crate) fn facts(&self, reference: u128, hits: &[&IndicatorHit]) -> RuleFacts {
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
            level: SETTINGS.severity(confidence),
            techniques: Vec::new(),
            tactics: Vec::new(),
        }
    }
}

fn add(builder: &mut IndicatorSetBuilder, row: &Listed, list: u16, with_subdomains: bool) {
    let facts = IndicatorFacts {
        list,
        confidence: u8::try_from(row.confidence).unwrap_or(100),
        valid_until: Some(row.valid_until),
        with_subdomains,
        reference: u128::from_str_radix(&row.indicator_id, 16).unwrap_or_default(),
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
