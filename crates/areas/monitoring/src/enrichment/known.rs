//! Everything that events are enriched with, in memory, made anew when somebody changes a register, here or in another
//! process. Readers keep what they took while the next is made.

use super::geoip::GeoIp;
use super::lists::Lists;
use super::ranges::Ranges;
use super::record::{FIELDS, OF_OWNER};
use super::store::{self, Registers};
use crate::address_ranges::AddressRange;
use crate::value_lists::ListedValue;
use event::Value;
use kit::{Connection, Error};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Values of lists of the whole centre by the name that rules write between `%`.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// What the register says of a source, as rules compare it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Owner {
    pub(super) agency_id: Box<str>,
    pub(super) agency_code: Option<Value>,
    pub(super) system_code: Option<Value>,
    pub(super) system_name: Option<Value>,
    pub(super) system_level: Option<Value>,
}

impl Owner {
    pub(super) fn new(
        agency_id: String,
        agency_code: Option<String>,
        system_code: Option<String>,
        system_name: Option<String>,
        system_level: Option<i64>,
    ) -> Self {
        let text = |code: Option<String>| code.map(|code| Value::from(code.as_str()));
        Self {
            agency_id: agency_id.into(),
            agency_code: text(agency_code),
            system_code: text(system_code),
            system_name: text(system_name),
            system_level: system_level.map(Value::Int),
        }
    }

    /// What is known under the name of a field; nothing where that is not of the owner.
    pub(crate) fn said(&self, field: &str) -> Option<&Value> {
        let place = FIELDS.iter().position(|known| *known == field)?;
        self.facts().into_iter().nth(place).flatten()
    }

    /// In the order of [`FIELDS`].
    pub(super) fn facts(&self) -> [Option<&Value>; OF_OWNER] {
        let Self { system_code, system_name, system_level, agency_code, .. } = self;
        [system_code.as_ref(), system_name.as_ref(), system_level.as_ref(), agency_code.as_ref()]
    }
}

/// An agency with everything above it, and itself.
#[derive(Debug, Default)]
pub(super) struct Above(HashMap<Box<str>, HashSet<Box<str>>>);

impl Above {
    /// Of pairs of an agency and one above it, or itself.
    pub(super) fn of(pairs: Vec<(String, String)>) -> Self {
        let mut above: HashMap<Box<str>, HashSet<Box<str>>> = HashMap::new();
        for (agency, one) in pairs {
            above.entry(agency.into()).or_default().insert(one.into());
        }
        Self(above)
    }

    /// How many agencies are above one, itself among them; the more, the closer what is kept for it.
    pub(super) fn depth(&self, agency: Option<&str>) -> usize {
        agency.and_then(|agency| self.0.get(agency)).map_or(0, HashSet::len)
    }

    /// Whether what is kept for an agency, or for the whole centre, holds in events of `owner`.
    pub(super) fn holds(&self, kept_for: Option<&str>, owner: Option<&str>) -> bool {
        match (kept_for, owner) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(kept_for), Some(owner)) => {
                kept_for == owner || self.0.get(owner).is_some_and(|above| above.contains(kept_for))
            }
        }
    }
}

/// One making.
#[derive(Debug, Default)]
pub struct Enrichment {
    revision: String,
    owners: HashMap<Box<str>, Owner>,
    pub(super) above: Above,
    pub(super) ranges: Ranges,
    pub(super) lists: Lists,
    placeholders: Arc<Placeholders>,
    pub(super) geoip: Arc<GeoIp>,
}

impl Enrichment {
    /// Reads the registers; the connection reads for the program.
    pub async fn read(connection: &impl Connection) -> Result<Self, Error> {
        // Read first: what changes meanwhile is read again.
        let revision = store::revision(connection).await?;
        Ok(Self { revision, ..Self::of(store::read(connection).await?) })
    }

    /// The same again where something has changed since.
    pub async fn changed(&self, connection: &impl Connection) -> Result<Option<Self>, Error> {
        match store::revision(connection).await? == self.revision {
            true => Ok(None),
            false => Self::read(connection).await.map(Some),
        }
    }

    /// Of ranges and values that hold for all events, with no source assigned to anybody.
    pub fn of_centre(ranges: Vec<AddressRange>, values: Vec<ListedValue>) -> Self {
        Self::of(Registers { ranges, values, owners: HashMap::new(), above: Vec::new() })
    }

    pub(super) fn of(registers: Registers) -> Self {
        let Registers { ranges, values, owners, above } = registers;
        let above = Above::of(above);
        let mut placeholders = Placeholders::new();
        for value in values.iter().filter(|value| value.agency_id.is_none()) {
            placeholders.entry(value.list.clone()).or_default().push(value.value.clone());
        }
        Self {
            revision: String::new(),
            ranges: Ranges::of(&ranges, &above),
            lists: Lists::of(&values),
            placeholders: Arc::new(placeholders),
            geoip: Arc::default(),
            owners,
            above,
        }
    }

    /// Of agencies alone: pairs of one and one above it, or itself.
    #[cfg(test)]
    pub(crate) fn of_agencies(above: &[(&str, &str)]) -> Self {
        let owned = |(agency, one): &(&str, &str)| ((*agency).to_owned(), (*one).to_owned());
        let above = above.iter().map(owned).collect();
        Self::of(Registers { ranges: Vec::new(), values: Vec::new(), owners: HashMap::new(), above })
    }

    pub(super) fn owner(&self, source_id: Option<&str>) -> Option<&Owner> {
        source_id.and_then(|id| self.owners.get(id))
    }

    /// Whether an agency is another or lies below it.
    pub fn is_within(&self, agency: &str, other: &str) -> bool {
        self.above.holds(Some(other), Some(agency))
    }

    /// The same with files of addresses.
    #[must_use]
    pub fn with_geoip(self, geoip: Arc<GeoIp>) -> Self {
        Self { geoip, ..self }
    }

    /// The same with a list of the whole centre in the place of the one that has its name.
    #[must_use]
    pub fn with_list(mut self, name: &str, values: Vec<String>) -> Self {
        self.lists.replace(name, &values);
        let mut placeholders = Placeholders::clone(&self.placeholders);
        placeholders.insert(name.to_owned(), values);
        Self { placeholders: Arc::new(placeholders), ..self }
    }

    pub fn geoip(&self) -> &Arc<GeoIp> {
        &self.geoip
    }

    /// What `expand` in rules stands for.
    pub fn placeholders(&self) -> &Arc<Placeholders> {
        &self.placeholders
    }
}

/// What is known now.
pub type Shelf = kit::Shelf<Enrichment>;
