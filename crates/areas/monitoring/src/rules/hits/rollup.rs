//! Hours that are some days old become days of Vietnamese time, so that what is kept of a rule does not grow with the
//! hours: one rule and one day at a time, each in a transaction of its own, so that nobody waits for the whole.

use super::{Hit, Span, store};
use crate::rules::settings::HitSettings;
use kit::Error;
use kit::calendar::{end_of_day, start_of_day, vietnam_date};
use kit::clock::{DAY, Micros};
use kit::db::ScopedDb;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Rules and days that one round rolls up.
const MOST_AT_ONCE: usize = 200;

/// Rolls up what is due, as much as one round may, and lets go of what is too old. True once nothing is left to do; then, done
/// again, it changes nothing.
pub async fn keep_house(db: &ScopedDb<'_>, settings: &HitSettings, now: Micros) -> Result<bool, Error> {
    let tx = db.begin().await?;
    store::forget(&tx, start_of_day(vietnam_date(now - settings.keep_days * DAY))).await?;
    tx.commit().await?;
    // Whole days alone: nothing that arrives now falls into them any more.
    let due = start_of_day(vietnam_date(now - settings.hourly_days * DAY));
    let (mut done_to, mut done) = (0, 0);
    while let Some(first) = store::first_hour(&db.read(), done_to, due).await? {
        let date = vietnam_date(first);
        let (from, to) = (start_of_day(date), end_of_day(date));
        done_to = to;
        for rule_id in store::rules_by_the_hour(&db.read(), from, to).await? {
            if done == MOST_AT_ONCE {
                return Ok(false);
            }
            done += 1;
            let tx = db.begin().await?;
            let taken = store::take(&tx, &rule_id, from, to).await?;
            store::add(&tx, &day(taken, from, settings.groups_per_day)).await?;
            tx.commit().await?;
        }
    }
    Ok(true)
}

/// What was counted of one rule in a day as one count per group. The groups with most matches stay apart, what is beyond
/// the limit is counted by agency alone, as within an hour.
fn day(hits: Vec<Hit>, start: Micros, groups: usize) -> Vec<Hit> {
    let mut apart = merge(hits, start);
    apart.sort_by_key(|hit| (Reverse(hit.detailed), Reverse(hit.matched().saturating_add(hit.excepted))));
    let told_apart = apart.iter().filter(|hit| hit.detailed).count().min(groups);
    let rest = apart.split_off(told_apart);
    let bare = |hit: Hit| Hit { source_id: None, system_id: None, entities: BTreeMap::new(), detailed: false, ..hit };
    apart.extend(merge(rest.into_iter().map(bare).collect(), start));
    apart
}

fn merge(hits: Vec<Hit>, start: Micros) -> Vec<Hit> {
    type Group = (Option<String>, Option<String>, Option<String>, BTreeMap<String, String>, bool);
    let mut days: BTreeMap<Group, Hit> = BTreeMap::new();
    for hit in hits {
        let hit = Hit { hour_start: start, span: Span::Day, ..hit };
        let key =
            (hit.source_id.clone(), hit.system_id.clone(), hit.agency_id.clone(), hit.entities.clone(), hit.detailed);
        let (alerted, shadowed, excepted) = (hit.alerted, hit.shadowed, hit.excepted);
        let day = days.entry(key).or_insert(Hit { alerted: 0, shadowed: 0, excepted: 0, ..hit });
        day.alerted = day.alerted.saturating_add(alerted);
        day.shadowed = day.shadowed.saturating_add(shadowed);
        day.excepted = day.excepted.saturating_add(excepted);
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::HOUR;

    fn hit(hour: i64, address: &str, alerted: i64) -> Hit {
        Hit {
            rule_id: "r".into(),
            hour_start: hour * HOUR,
            source_id: Some("s".into()),
            agency_id: Some("a".into()),
            entities: [("source_ip".to_owned(), address.to_owned())].into(),
            detailed: true,
            alerted,
            ..Hit::default()
        }
    }

    #[test]
    fn alike_matches_of_a_day_are_one_count_and_no_match_is_lost() {
        let hits = vec![hit(1, "x", 3), hit(2, "x", 4), hit(2, "y", 1), Hit { excepted: 5, ..hit(3, "y", 0) }];
        let day = day(hits, 0, 10);
        let counts: Vec<_> = day.iter().map(|hit| (hit.span, hit.hour_start, hit.alerted, hit.excepted)).collect();
        assert_eq!(counts, vec![(Span::Day, 0, 7, 0), (Span::Day, 0, 1, 5)]);
    }

    #[test]
    fn beyond_the_limit_only_the_busiest_are_told_apart() {
        let mut hits: Vec<_> = (0..50).map(|number| hit(number % 24, &format!("10.0.0.{number}"), 1)).collect();
        hits.push(hit(0, "busy", 9));
        hits.push(Hit { entities: BTreeMap::new(), detailed: false, ..hit(0, "", 100) });
        let day = day(hits, 0, 3);
        assert_eq!(day.iter().filter(|hit| hit.detailed).count(), 3);
        assert_eq!(day[0].entities.get("source_ip").map(String::as_str), Some("busy"));
        assert_eq!(day.iter().map(|hit| hit.alerted).sum::<i64>(), 159);
        assert_eq!(day.len(), 4, "the rest of the agency is one count");
        assert_eq!(super::day(day.clone(), 0, 3), day, "once more changes nothing");
    }
}
