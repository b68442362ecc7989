//! Who asks, for which agencies, with which capabilities. There is no function that reads or writes without
//! a [`Scope`]; row rules are applied here and in the query layer, never in pages.

use crate::clock::Micros;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

macro_rules! capabilities {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// One thing a role may do. Which role may do what is data: `content/organisation/roles.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Capability { $(#[serde(rename = $name)] $variant),+ }

        impl Capability {
            pub const ALL: &'static [Capability] = &[$(Capability::$variant),+];

            /// Name in content files, in API keys and, with the prefix `capability-`, in texts.
            pub fn name(self) -> &'static str {
                match self { $(Capability::$variant => $name),+ }
            }

            pub fn from_name(name: &str) -> Option<Capability> {
                match name { $($name => Some(Capability::$variant),)+ _ => None }
            }
        }
    };
}

capabilities! {
    ViewEvents "view-events",
    QuerySql "query-sql",
    ExportRows "export-rows",
    IngestEvents "ingest-events",
    ViewAlerts "view-alerts",
    HandleAlerts "handle-alerts",
    ViewSources "view-sources",
    ManageSources "manage-sources",
    ViewRules "view-rules",
    ManageRules "manage-rules",
    TuneRules "tune-rules",
    ViewSystems "view-systems",
    ManageSystems "manage-systems",
    ViewIncidents "view-incidents",
    HandleIncidents "handle-incidents",
    ApproveNotices "approve-notices",
    SendNotices "send-notices",
    ApproveElevations "approve-elevations",
    ChangeLaw "change-law",
    ViewPeople "view-people",
    ManagePeople "manage-people",
    ManageRoster "manage-roster",
    ViewAudit "view-audit",
    ViewReadings "view-readings",
    Administer "administer",
}

/// Whose act this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Person {
        id: Arc<str>,
        name: Arc<str>,
    },
    /// An API key, with the agency it was issued to in the scope's agencies.
    Key {
        id: Arc<str>,
        name: Arc<str>,
    },
    /// A part of the program itself.
    Service {
        name: &'static str,
    },
}

impl Actor {
    /// Identifier for audit rows: UUID of the person or key, or `service:<name>`.
    pub fn id(&self) -> String {
        match self {
            Self::Person { id, .. } | Self::Key { id, .. } => id.to_string(),
            Self::Service { name } => format!("service:{name}"),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Person { name, .. } | Self::Key { name, .. } => name,
            Self::Service { name } => name,
        }
    }
}

/// Agencies a scope reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agencies {
    /// The whole centre.
    All,
    /// These agencies and everything below them in the tree.
    Under(BTreeSet<String>),
}

/// Who asks, which agencies, which capabilities, until when. Built by sign-in, by API keys and, for the
/// program's own work, by [`Scope::service`] in the wiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    actor: Actor,
    agencies: Agencies,
    /// Whose raw events it reads, where those are not the same agencies.
    events: Option<Agencies>,
    capabilities: BTreeSet<Capability>,
    until: Option<Micros>,
    /// Where signing in is finished, while it is not.
    due: Option<&'static str>,
    origin: Arc<str>,
    on_behalf_of: Arc<str>,
}

impl Scope {
    pub fn new(
        actor: Actor,
        agencies: Agencies,
        capabilities: impl IntoIterator<Item = Capability>,
        until: Option<Micros>,
    ) -> Self {
        let capabilities = capabilities.into_iter().collect();
        let (origin, on_behalf_of) = ("".into(), "".into());
        Self { actor, agencies, events: None, capabilities, until, due: None, origin, on_behalf_of }
    }

    /// From where the actor asks (a network address), and on whose behalf: the agency that a person acts for or a key
    /// belongs to, the account of the operating system behind a command.
    #[must_use]
    pub fn asking(self, origin: &str, on_behalf_of: &str) -> Self {
        Self { origin: origin.into(), on_behalf_of: on_behalf_of.into(), ..self }
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn on_behalf_of(&self) -> &str {
        &self.on_behalf_of
    }

    /// The program's own work: everything, everywhere. Built only in `luytre` and in tests.
    pub fn service(name: &'static str) -> Self {
        Self::new(Actor::Service { name }, Agencies::All, Capability::ALL.iter().copied(), None)
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Person behind this scope, if it is one.
    pub fn person_id(&self) -> Option<&str> {
        match &self.actor {
            Actor::Person { id, .. } => Some(id),
            _ => None,
        }
    }

    pub fn agencies(&self) -> &Agencies {
        &self.agencies
    }

    /// The same scope that reads raw events of other agencies than it reaches: of fewer, or of more for a while.
    #[must_use]
    pub fn reading_events_of(self, agencies: Agencies) -> Self {
        Self { events: Some(agencies), ..self }
    }

    /// The same scope of somebody who must first finish signing in, at this path.
    #[must_use]
    pub fn due_at(self, path: &'static str) -> Self {
        Self { due: Some(path), ..self }
    }

    /// Where signing in is finished, while it is not.
    pub fn due(&self) -> Option<&'static str> {
        self.due
    }

    /// Agencies whose raw events it reads.
    pub fn event_agencies(&self) -> &Agencies {
        self.events.as_ref().unwrap_or(&self.agencies)
    }

    pub fn until(&self) -> Option<Micros> {
        self.until
    }

    pub fn may(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Whether another scope reaches the same agencies with the same capabilities.
    pub fn reaches_like(&self, other: &Self) -> bool {
        self.agencies == other.agencies && self.capabilities == other.capabilities
    }

    /// Refuses with [`Error::Forbidden`] unless the capability is there.
    pub fn require(&self, capability: Capability) -> Result<(), Error> {
        if self.may(capability) { Ok(()) } else { Err(Error::Forbidden(capability.name())) }
    }

    /// SQL condition that keeps the rows of reachable agencies. `column` is our own column name, never input.
    /// Agency identifiers are validated UUIDs, so the text holds nothing else.
    pub fn agency_condition(&self, column: &str) -> String {
        self.agencies.condition(column)
    }

    /// The same for agencies whose raw events it reads.
    pub fn event_condition(&self, column: &str) -> String {
        self.event_agencies().condition(column)
    }

    /// The same as a SeaORM expression, for `filter(...)`.
    pub fn agency_filter(&self, column: &str) -> sea_orm::sea_query::SimpleExpr {
        sea_orm::sea_query::Expr::cust(self.agency_condition(column))
    }
}

impl Agencies {
    fn condition(&self, column: &str) -> String {
        match self {
            Self::All => "1 = 1".to_owned(),
            Self::Under(roots) => {
                let roots: Vec<_> =
                    roots.iter().filter(|id| uuid::Uuid::parse_str(id).is_ok()).map(|id| format!("'{id}'")).collect();
                if roots.is_empty() {
                    return "1 = 0".to_owned();
                }
                format!(
                    "{column} IN (SELECT descendant_id FROM agency_closure WHERE ancestor_id IN ({}))",
                    roots.join(", ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_without_agencies_sees_nothing() {
        let actor = Actor::Person { id: "p".into(), name: "P".into() };
        let nobody = Scope::new(actor.clone(), Agencies::Under(BTreeSet::new()), [Capability::ViewAlerts], None);
        assert_eq!(nobody.agency_condition("agency_id"), "1 = 0");
        let forged = Scope::new(actor, Agencies::Under(["') OR 1=1 --".to_owned()].into()), [], None);
        assert_eq!(forged.agency_condition("agency_id"), "1 = 0");
        assert!(nobody.require(Capability::HandleAlerts).is_err());
    }

    #[test]
    fn capability_names_lead_back() {
        for capability in Capability::ALL {
            assert_eq!(Capability::from_name(capability.name()), Some(*capability));
        }
    }
}
