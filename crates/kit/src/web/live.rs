//! `GET /live`: news as server-sent events, kept to what the visitor's scope reaches.

use crate::live::News;
use crate::scope::Agencies;
use crate::web::{Renewal, Visit};
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::HashSet;
use std::convert::Infallible;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

#[derive(serde::Deserialize)]
pub struct Resume {
    after: Option<u64>,
}

/// The stream; resumes after the header `Last-Event-ID` (the same connection again) or the parameter `after` (another
/// tab of the browser took over).
pub async fn live_news(
    visit: Visit,
    renewal: Renewal,
    Query(resume): Query<Resume>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, super::Fail> {
    let last = headers.get("last-event-id").and_then(|header| header.to_str().ok()?.parse().ok()).or(resume.after);
    let reach = reachable_agencies(&visit).await.map_err(super::Fail::plain)?;
    let (missed, receiver) = visit.app.live.since(last);
    let stream = tokio_stream::iter(missed)
        .chain(BroadcastStream::new(receiver).filter_map(Result::ok))
        .filter(move |news| match (&reach, &news.agency_id) {
            (None, _) | (_, None) => true,
            (Some(reach), Some(agency)) => reach.contains(agency),
        })
        .map(|news| Ok(event(&news)));
    let stream = futures::StreamExt::take_until(stream, renewal.over(visit.scope().clone()));
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

fn event(news: &News) -> Event {
    Event::default().id(news.id.to_string()).event(news.topic).data(news.data.to_string())
}

/// Agencies of the scope, `None` for all.
async fn reachable_agencies(visit: &Visit) -> Result<Option<HashSet<String>>, crate::error::Error> {
    if matches!(visit.scope().agencies(), Agencies::All) {
        return Ok(None);
    }
    let connection = visit.read();
    let sql = format!(
        "SELECT DISTINCT descendant_id FROM agency_closure WHERE {}",
        visit.scope().agency_condition("descendant_id")
    );
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let ids = rows.iter().map(|row| row.try_get("", "descendant_id")).collect::<Result<_, _>>()?;
    Ok(Some(ids))
}
