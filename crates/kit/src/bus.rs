//! Domain events: news that travels from an area to areas on its right, which it must not import. Handlers
//! run in the publisher's transaction; whatever must leave the database becomes a job in the same transaction.

use crate::db::Tx;
use crate::error::Error;
use futures::future::BoxFuture;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

type Handler =
    Arc<dyn for<'a> Fn(&'a Tx<'a>, &'a (dyn Any + Send + Sync)) -> BoxFuture<'a, Result<(), Error>> + Send + Sync>;

/// Who listens to what. Filled by `luytre` at start, immutable afterwards.
#[derive(Clone, Default)]
pub struct Bus {
    handlers: HashMap<TypeId, Vec<Handler>>,
}

impl Bus {
    /// Registers a handler for events of type `E`:
    /// `bus.subscribe::<AlertEscalated>(|tx, event| Box::pin(open_incident(tx, event)))`.
    pub fn subscribe<E: Send + Sync + 'static>(
        &mut self,
        handler: impl for<'a> Fn(&'a Tx<'a>, &'a E) -> BoxFuture<'a, Result<(), Error>> + Send + Sync + 'static,
    ) {
        let handler: Handler = Arc::new(move |tx, event| match event.downcast_ref::<E>() {
            Some(event) => handler(tx, event),
            None => Box::pin(async { Err(Error::internal("domain event of another type")) }),
        });
        self.handlers.entry(TypeId::of::<E>()).or_default().push(handler);
    }

    pub(crate) async fn deliver<E: Send + Sync + 'static>(&self, tx: &Tx<'_>, event: &E) -> Result<(), Error> {
        for handler in self.handlers.get(&TypeId::of::<E>()).into_iter().flatten() {
            handler(tx, event).await?;
        }
        Ok(())
    }
}
