//! Tells open pages of alerts that came or grew, after they were committed.

use super::record::Change;
use super::service::news_agency;
use kit::live::Live;
use serde_json::json;

/// More changes than this in one write are told as one piece of news.
const MOST_NEWS: usize = 20;

pub fn tell(live: &Live, changes: &[Change]) {
    if changes.len() > MOST_NEWS {
        // Every page asks anew; whose alerts they are it learns from its own scope.
        let new = changes.iter().filter(|change| change.is_new).count();
        live.send("alert", None, json!({ "many": true, "new": new > 0 }));
        return;
    }
    for change in changes {
        let agency = news_agency(change.agency_id.as_deref());
        let data = json!({ "id": change.id, "new": change.is_new, "severity": change.severity.code() });
        live.send("alert", Some(agency), data);
    }
}
