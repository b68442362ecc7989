//! Senders that nobody registered: each gets a source of its own, however many come at once, until there are too many.

use crate::centre::{Centre, NOW, in_a_centre, shelf};
use event::{Column, Event, Listener, Origin, Value};
use kit::Scope;
use kit::clock::FixedClock;
use monitoring::sources::{self, COLLECTIVE, MOST_AUTOMATIC, SourceResolver};
use std::collections::HashSet;
use std::sync::Arc;

fn from(host: &str) -> Event {
    let origin = Origin { listener: Listener::SyslogTcp, peer: Some("192.0.2.1".into()), ..Origin::default() };
    let mut event = Event { origin: Arc::new(origin), ..Event::default() };
    event.columns.set(Column::HostName, &Value::from(host.to_owned()));
    event
}

#[tokio::test]
async fn strangers_of_one_batch_get_a_source_each_and_the_rest_share_one() {
    in_a_centre(|centre: Centre| async move {
        let scope = Scope::service("test");
        let clock = Arc::new(FixedClock::at(NOW));
        let resolver = SourceResolver::open(centre.db.clone(), scope.clone(), clock, shelf()).await.unwrap();
        let mut events: Vec<Event> = (0..MOST_AUTOMATIC + 20).map(|number| from(&format!("may-{number}"))).collect();
        events.push(from("may-0"));
        let bound = resolver.bind(&mut events).await.unwrap();
        assert_eq!(bound.len(), events.len());
        let of = |number: usize| events[number].source_id.clone().unwrap();
        let single: HashSet<_> = (0..MOST_AUTOMATIC).map(of).collect();
        assert_eq!(single.len(), MOST_AUTOMATIC, "one each");
        let shared: HashSet<_> = (MOST_AUTOMATIC..MOST_AUTOMATIC + 20).map(of).collect();
        assert_eq!(shared.len(), 1, "one for all that are too many");
        assert_eq!(of(MOST_AUTOMATIC + 20), of(0), "the same sender, the same source");
        let id = shared.into_iter().next().unwrap();
        let view = centre.db.scoped(&scope).read();
        let collective = sources::store::get(&view, &id).await.unwrap();
        assert_eq!(collective.source.sender_key.as_deref(), Some(COLLECTIVE));

        let again = resolver.bind(&mut [from("may-7"), from("another")]).await.unwrap();
        assert_eq!(again[0].owner.source_id, of(7));
        assert_eq!(*again[1].owner.source_id, *id);
    })
    .await;
}
