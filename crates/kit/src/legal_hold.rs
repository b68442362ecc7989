//! The port of legal hold: events that are needed are kept, whatever the time of retention says. Whoever owns the event store
//! implements it; areas ask for it.

use crate::{App, Error, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What it is called, such as the code of an incident.
    pub id: String,
    pub reason: String,
    /// Events of these sources; of all where there are none.
    pub sources: Option<BTreeSet<String>>,
    /// First event time that is held, and the first that no longer is, microseconds; open where absent.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// Who can keep events. Whether the asker may is for the caller to say; that they did is in the audit trail.
#[async_trait::async_trait]
pub trait HoldEvents: Send + Sync + 'static {
    /// # Errors
    /// A mistake where the hold has no name or reason, or its name is taken.
    async fn hold(&self, scope: &Scope, hold: &Hold) -> Result<(), Error>;

    /// # Errors
    /// A mistake where there is no such hold.
    async fn release(&self, scope: &Scope, id: &str) -> Result<(), Error>;

    /// What is held.
    async fn holds(&self) -> Result<Vec<Hold>, Error>;
}

/// The port.
#[derive(Clone)]
pub struct LegalHold(Arc<dyn HoldEvents>);

impl LegalHold {
    pub fn new(keeper: impl HoldEvents) -> Self {
        Self(Arc::new(keeper))
    }

    pub fn of(app: &App) -> Result<Arc<Self>, Error> {
        app.ports.get().ok_or_else(|| Error::Unavailable("legal hold".to_owned()))
    }
}

impl Deref for LegalHold {
    type Target = dyn HoldEvents;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}
