//! What a scan of a network saw, brought to the devices of the register: a registered device is seen again, what nobody
//! registered becomes an item that waits for somebody to say what it is.

use super::nmap::{Host, Scan};
use super::store::{self, Filter, Row};
use super::{Item, NewItem, service};
use crate::systems;
use crate::systems::System;
use kit::clock::Micros;
use kit::fold::fold;
use kit::id::new_id;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use organisation::sheets::{self, Change, Faults, Line, Outcome, Report};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Most devices of one agency that a scan is held against.
const MOST_DEVICES: u64 = 50_000;

/// Brings what a scan saw to a system. Devices of other systems of the same owner are seen there. Nothing is kept until the
/// transaction is committed.
pub async fn take_scan(tx: &Tx<'_>, system_id: &str, scan: Scan, now: Micros) -> Result<Report, Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let system = systems::store::find(tx, system_id).await?;
    service::require_open_to(&system)?;
    let filter = Filter { kind: "device".to_owned(), agency_id: system.agency_id.clone(), ..Filter::default() };
    let mut devices = Devices::of(store::list(tx, &filter, MOST_DEVICES, 0).await?, &system.id);
    let mut lines = BTreeMap::new();
    for (number, host) in scan.hosts {
        let line = match host {
            Err(key) => {
                let mut faults = Faults::default();
                faults.add("", key);
                refused(number, faults)
            }
            Ok(host) => devices.see(tx, &system, number, &host, now).await?,
        };
        lines.insert(number, line);
    }
    let report = Report::of(lines);
    let totals = report.totals();
    let details = json!({ "system": system.code, "lines": totals, "is_cut": scan.is_cut });
    audit::record(tx, now, "inventory.scan", "system", &system.id, Some(&system.agency_id), details).await?;
    Ok(report)
}

fn refused(line: u64, faults: Faults) -> Line {
    Line { line, subject: String::new(), name: String::new(), outcome: Outcome::Refused(faults.into_found()) }
}

/// Devices of an agency, found by what a scan sees of them.
struct Devices {
    items: Vec<Item>,
    by_address: BTreeMap<IpAddr, usize>,
    by_mac: BTreeMap<String, usize>,
    /// Folded names that the scanned system has already.
    names: BTreeSet<String>,
}

impl Devices {
    fn of(items: Vec<Item>, system_id: &str) -> Self {
        let mut devices =
            Self { items: Vec::new(), by_address: BTreeMap::new(), by_mac: BTreeMap::new(), names: BTreeSet::new() };
        // Of two that claim one address, the one of the scanned system counts.
        let (own, others): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item.system_id == system_id);
        devices.names = own.iter().map(|item| fold(&item.name)).collect();
        own.into_iter().chain(others).for_each(|item| devices.enter(item));
        devices
    }

    fn enter(&mut self, item: Item) {
        let place = self.items.len();
        for address in item.value("addresses").split(", ").filter_map(|text| text.parse::<IpAddr>().ok()) {
            self.by_address.entry(address).or_insert(place);
        }
        let serial = item.value("serial").to_ascii_lowercase().replace('-', ":");
        for part in serial.split([' ', ',', ';', '/']).filter(|part| part.len() == 17) {
            self.by_mac.entry(part.to_owned()).or_insert(place);
        }
        self.items.push(item);
    }

    fn known(&mut self, host: &Host) -> Option<&mut Item> {
        let by_address = host.addresses.iter().find_map(|address| self.by_address.get(address));
        by_address.or_else(|| self.by_mac.get(&host.mac)).and_then(|place| self.items.get_mut(*place))
    }

    async fn see(
        &mut self,
        tx: &Tx<'_>,
        system: &System,
        number: u64,
        host: &Host,
        now: Micros,
    ) -> Result<Line, Error> {
        let addresses = host.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let services = host.services.join(", ");
        let line =
            |name: &str, outcome| Line { line: number, subject: addresses.clone(), name: name.to_owned(), outcome };
        if let Some(item) = self.known(host) {
            let Some(before) = service::see(tx, item, &services, now).await? else {
                return Ok(line(&item.name, Outcome::Same));
            };
            let change = Change::new("inventory-field-services", before, &services);
            item.values.insert("services", services);
            return Ok(line(&item.name, Outcome::Changed(vec![change])));
        }
        let named = host.names.first().cloned().unwrap_or_else(|| addresses.clone());
        let name = match self.names.contains(&fold(&named)) {
            true => format!("{named} ({addresses})"),
            false => named,
        };
        let told = [
            ("addresses", addresses.as_str()),
            ("serial", host.mac.as_str()),
            ("platform", host.platform.as_str()),
            ("services", services.as_str()),
        ];
        let given = [("kind", "device"), ("name", name.as_str())].into_iter().chain(told);
        let new = NewItem::of(given.map(|(field, value)| (field.to_owned(), value.to_owned())));
        sheets::begin_line(tx).await?;
        let mut faults = Faults::default();
        let entered = faults.keep(enter(tx, system, new, now).await)?;
        let outcome = sheets::end_line(tx, Outcome::New(Vec::new()), faults).await?;
        if let Some(item) = entered {
            self.names.insert(fold(&item.name));
            self.enter(item);
        }
        Ok(line(&name, outcome))
    }
}

/// Keeps a device that nobody has registered.
async fn enter(tx: &Tx<'_>, system: &System, new: NewItem, now: Micros) -> Result<Item, Error> {
    let new = new.checked()?;
    if store::name_taken(tx, &system.id, &new, "").await? {
        return Err(Error::invalid("name", "field-taken"));
    }
    let id = new_id(now);
    store::insert(tx, &Row { id: &id, system_id: &system.id, linked: None, seen_at: Some(now) }, &new, now).await?;
    store::find(tx, &id).await
}
