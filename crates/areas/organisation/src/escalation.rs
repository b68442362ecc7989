//! Escalation: an urgent message to those on duty that nobody acknowledges is told to more people, step by step up the
//! duty list. Steps are data (`content/organisation/notices.toml`); the first acknowledgement ends it for everybody. Posts of
//! a step call those of the agency that the message is about before those of the centre.

use crate::inbox::{self, Draft};
use crate::policies::{NoticePolicy, Policies, Step};
use crate::{agencies, audit, people, roster};
use kit::clock::{MINUTE, Micros};
use kit::id::new_id;
use kit::live::Live;
use kit::{Db, Error, Scope, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde_json::json;
use std::collections::BTreeSet;

/// One under way.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
struct Escalation {
    id: String,
    agency_id: Option<String>,
    severity: String,
    title_key: String,
    title_arguments: String,
    body: String,
    link: String,
    /// Number of the step that comes next.
    step: i64,
    begun_at: Micros,
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}

/// Begins to watch over a message to those on duty: who of them takes it on is known to all. Where it is severe enough more
/// people hear of it as long as nobody does. Gives the identifier that its inbox rows carry.
pub(crate) async fn begin(tx: &Tx<'_>, policy: &NoticePolicy, now: Micros, draft: &Draft<'_>) -> Result<String, Error> {
    let first = policy.escalation.step.first().filter(|_| draft.severity >= policy.escalation.severity);
    let next_at = first.map(|step| now + step.minutes * MINUTE);
    let id = new_id(now);
    let sql = "INSERT INTO notice_escalations (id, agency_id, severity, title_key, title_arguments, body, link, step, \
               begun_at, next_at, acknowledged_at, acknowledged_by) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,0,$8,$9,NULL,NULL)";
    let values = vec![
        id.as_str().into(),
        draft.agency_id.map(ToOwned::to_owned).into(),
        draft.severity.code().into(),
        draft.title_key.into(),
        draft.title_arguments.into(),
        draft.body.into(),
        draft.link.into(),
        now.into(),
        next_at.into(),
    ];
    execute(tx, sql, values).await?;
    Ok(id)
}

/// Somebody has seen it: nobody else is told.
pub(crate) async fn acknowledge(tx: &Tx<'_>, now: Micros, message_id: &str, person_id: &str) -> Result<(), Error> {
    let sql = "UPDATE notice_escalations SET acknowledged_at = $1, acknowledged_by = $2, next_at = NULL \
               WHERE acknowledged_at IS NULL \
               AND id IN (SELECT escalation_id FROM inbox_messages WHERE id = $3 AND escalation_id IS NOT NULL)";
    execute(tx, sql, vec![now.into(), person_id.into(), message_id.into()]).await.map(|_| ())
}

/// Somebody took on what the link leads to: nobody else is told of it. Gives how many were under way.
pub(crate) async fn acknowledge_about(tx: &Tx<'_>, now: Micros, link: &str, by: &str) -> Result<u64, Error> {
    let sql = "UPDATE notice_escalations SET acknowledged_at = $1, acknowledged_by = $2, next_at = NULL \
               WHERE acknowledged_at IS NULL AND link = $3";
    execute(tx, sql, vec![now.into(), by.into(), link.into()]).await
}

/// Takes the steps that are due. Gives how many people were told.
pub(crate) async fn run_due(
    db: &Db,
    scope: &Scope,
    live: &Live,
    policies: &Policies,
    now: Micros,
) -> Result<usize, Error> {
    let scoped = db.scoped(scope);
    let view = scoped.read();
    let sql = "SELECT id, agency_id, severity, title_key, title_arguments, body, link, step, begun_at \
               FROM notice_escalations WHERE next_at <= $1 ORDER BY next_at, id LIMIT 100";
    let statement = Statement::from_sql_and_values(view.get_database_backend(), sql, [now.into()]);
    let due = Escalation::find_by_statement(statement).all(&view).await?;
    let mut told = 0;
    for one in due {
        let tx = scoped.begin().await?;
        told += take_step(&tx, live, policies, now, &one).await?;
        tx.commit().await?;
    }
    Ok(told)
}

async fn take_step(
    tx: &Tx<'_>,
    live: &Live,
    policies: &Policies,
    now: Micros,
    one: &Escalation,
) -> Result<usize, Error> {
    let steps = &policies.notice.escalation.step;
    let number = usize::try_from(one.step).unwrap_or(usize::MAX);
    let next_at = steps.get(number.saturating_add(1)).map(|step| one.begun_at + step.minutes * MINUTE);
    let sql = "UPDATE notice_escalations SET step = $1, next_at = $2 WHERE id = $3 AND step = $4 AND next_at <= $5";
    let values = vec![(one.step + 1).into(), next_at.into(), one.id.as_str().into(), one.step.into(), now.into()];
    // Acknowledged in the meantime, or taken by another sender.
    if execute(tx, sql, values).await? == 0 {
        return Ok(0);
    }
    let people = whom(tx, steps, number, one, now).await?;
    if people.is_empty() {
        return Ok(0);
    }
    let draft = Draft {
        severity: one.severity.parse().unwrap_or_default(),
        title_key: &one.title_key,
        title_arguments: &one.title_arguments,
        body: &one.body,
        link: &one.link,
        agency_id: one.agency_id.as_deref(),
        escalation_id: Some(&one.id),
        on_duty: &people,
        posted: false,
    };
    inbox::deliver(tx, live, &policies.notice, now, &people, &draft).await?;
    let details = json!({ "step": one.step + 1, "people": people, "title": one.title_key, "link": one.link });
    audit::record(tx, now, "escalation.step", "escalation", &one.id, one.agency_id.as_deref(), details).await?;
    Ok(people.len())
}

/// Whom posts call for an event, level by level: those who stand there at the nearest agency, from its own upwards, that has
/// somebody there now; then those of the centre, the last of `above`. `standing`: agencies and people.
fn levels(standing: &[(String, String)], above: &[String]) -> Vec<Vec<String>> {
    let nearest = above.iter().find(|agency| standing.iter().any(|(place, _)| place == *agency));
    let mut agencies: Vec<&String> = nearest.into_iter().chain(above.last()).collect();
    agencies.dedup();
    let people = |agency: &String| -> Vec<String> {
        standing.iter().filter(|(place, _)| place == agency).map(|(_, person)| person.clone()).collect()
    };
    agencies.into_iter().map(people).collect()
}

/// Those of them who hear so many steps after that of the posts: one level at each step, at the last one all that are left.
fn called(levels: Vec<Vec<String>>, since: usize, is_last: bool) -> Vec<String> {
    let most = if is_last { usize::MAX } else { 1 };
    levels.into_iter().skip(since).take(most).flatten().collect()
}

/// From the agency of an event up to the centre; the centre alone where it is of none.
async fn above(tx: &Tx<'_>, agency_id: Option<&str>) -> Result<Vec<String>, Error> {
    let found = match agency_id {
        Some(id) => agencies::above_each(tx, &BTreeSet::from([id])).await?.remove(id).unwrap_or_default(),
        None => Vec::new(),
    };
    Ok(if found.is_empty() { inbox::head_agency(tx).await?.into_iter().collect() } else { found })
}

/// Who hears at a step and has not heard yet.
async fn whom(tx: &Tx<'_>, steps: &[Step], number: usize, one: &Escalation, now: Micros) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let above = above(tx, one.agency_id.as_deref()).await?;
    let is_last = number.saturating_add(1) >= steps.len();
    for (place, step) in steps.iter().enumerate().take(number.saturating_add(1)) {
        let standing = roster::standing_at_posts(tx, &step.posts, now).await?;
        found.extend(called(levels(&standing, &above), number.saturating_sub(place), is_last));
    }
    if let Some(step) = steps.get(number).filter(|step| !step.roles.is_empty()) {
        // Who holds the role at one agency must not read of another: those of the centre.
        let head = inbox::head_agency(tx).await?;
        for role in &step.roles {
            found.extend(people::with_role(tx, role, head.as_deref(), now).await?);
        }
    }
    found.sort();
    found.dedup();
    let sql = "SELECT DISTINCT person_id FROM inbox_messages WHERE escalation_id = $1";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [one.id.as_str().into()]);
    let rows = tx.query_all_raw(statement).await?;
    let told: Vec<String> = rows.iter().map(|row| row.try_get("", "person_id")).collect::<Result<_, _>>()?;
    found.retain(|person| !told.contains(person));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn standing(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(agency, person)| ((*agency).to_owned(), (*person).to_owned())).collect()
    }

    #[test]
    fn the_nearest_agency_with_somebody_there_is_called_and_then_the_centre() {
        let above = texts(&["office", "department", "centre"]);
        let everywhere = standing(&[("centre", "c"), ("department", "d"), ("elsewhere", "e"), ("department", "f")]);
        assert_eq!(levels(&everywhere, &above), [texts(&["d", "f"]), texts(&["c"])]);
        let own = standing(&[("office", "o"), ("department", "d"), ("centre", "c")]);
        assert_eq!(levels(&own, &above), [texts(&["o"]), texts(&["c"])], "what lies between is not called");
        assert_eq!(levels(&everywhere, &texts(&["centre"])), [texts(&["c"])], "of the centre itself");
        let elsewhere = standing(&[("elsewhere", "e")]);
        assert_eq!(levels(&elsewhere, &above), [texts(&[])], "nobody of another agency");
        assert_eq!(levels(&standing(&[("department", "d")]), &above), [texts(&["d"]), texts(&[])]);
    }

    #[test]
    fn each_step_calls_one_level_and_the_last_all_that_are_left() {
        let both = || vec![texts(&["d"]), texts(&["c"])];
        assert_eq!(called(both(), 0, false), ["d"]);
        assert_eq!(called(both(), 1, false), ["c"]);
        assert_eq!(called(both(), 2, false), Vec::<String>::new());
        assert_eq!(called(both(), 0, true), ["d", "c"], "no step comes after");
        assert_eq!(called(both(), 1, true), ["c"]);
    }
}
