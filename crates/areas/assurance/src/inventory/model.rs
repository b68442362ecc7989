//! The logical model of one system, drawn from its inventory: what comes in, its network zones with the devices in each, what
//! goes out. For the dossier, so it prints.

use super::store::{self, Filter};
use super::{Item, field_named};
use crate::systems;
use crate::systems::System;
use crate::systems::pages::level_of;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::Capability;
use kit::fold::fold;
use kit::page::Page;
use kit::web::{Fail, Visit, render};

/// Most items that a model is drawn from.
const MOST_ITEMS: u64 = 2_000;

/// Data that flows between the system and something else, or what it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Flow {
    /// What is at the other end, and its page where the reader reaches it.
    name: String,
    system_id: Option<String>,
    information: String,
    /// Word of the relation, empty where nobody said.
    relation: String,
    both_ways: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Zone {
    /// Empty for devices of which nobody said where in the network they are.
    name: String,
    addresses: String,
    devices: Vec<Item>,
}

/// What a model shows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Model {
    incoming: Vec<Flow>,
    outgoing: Vec<Flow>,
    zones: Vec<Zone>,
    components: Vec<Item>,
    applications: Vec<Item>,
    data_sets: Vec<Item>,
}

impl Model {
    /// Of the items of a system, and of links of other systems that lead to it.
    fn of(items: Vec<Item>, leading_here: &[Item]) -> Self {
        let mut model = Self::default();
        let mut devices = Vec::new();
        for item in items {
            match item.kind.as_str() {
                "zone" => model.zones.push(Zone {
                    addresses: item.value("addresses").to_owned(),
                    name: item.name,
                    devices: Vec::new(),
                }),
                "device" => devices.push(item),
                "component" => model.components.push(item),
                "application" => model.applications.push(item),
                "data-set" => model.data_sets.push(item),
                "link" => {
                    let end = match &item.linked {
                        Some(linked) => (linked.name.clone(), Some(linked.id.clone())),
                        None => (item.name.clone(), None),
                    };
                    model.enter(&item, end, item.value("direction") == "in");
                }
                _ => {}
            }
        }
        let known: Vec<_> =
            model.incoming.iter().chain(&model.outgoing).filter_map(|flow| flow.system_id.clone()).collect();
        for item in leading_here.iter().filter(|item| item.kind == "link" && !known.contains(&item.system_id)) {
            // What goes out there comes in here.
            let end = (item.system_name.clone(), Some(item.system_id.clone()));
            model.enter(item, end, item.value("direction") != "in");
        }
        let mut elsewhere = Zone::default();
        for device in devices {
            let wanted = fold(device.value("zone"));
            let zone = model.zones.iter_mut().find(|zone| !wanted.is_empty() && fold(&zone.name) == wanted);
            zone.unwrap_or(&mut elsewhere).devices.push(device);
        }
        if !elsewhere.devices.is_empty() {
            model.zones.push(elsewhere);
        }
        model
    }

    fn enter(&mut self, item: &Item, (name, system_id): (String, Option<String>), is_incoming: bool) {
        let flow = Flow {
            name,
            system_id,
            information: item.value("information").to_owned(),
            relation: item.value("relation").to_owned(),
            both_ways: item.value("direction") == "both",
        };
        if is_incoming { self.incoming.push(flow) } else { self.outgoing.push(flow) }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Template)]
#[template(path = "inventory/templates/model.html")]
struct ModelPage {
    page: Page,
    system: System,
    model: Model,
}

/// What the system is made of besides devices, each under the key of its kind.
fn parts(model: &Model) -> [(&'static str, &[Item]); 3] {
    [
        ("inventory-kind-component", &model.components),
        ("inventory-kind-application", &model.applications),
        ("inventory-kind-data-set", &model.data_sets),
    ]
}

fn relation_words(page: &Page, flow: &Flow) -> String {
    match field_named("relation") {
        Some(field) if !flow.relation.is_empty() => page.t(&field.word_key(&flow.relation)),
        _ => String::new(),
    }
}

pub(super) async fn show_model(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let view = visit.read();
    let system = systems::store::find(&view, &id).await?;
    let own = Filter { system_id: system.id.clone(), registered: Some(true), ..Filter::default() };
    let others = Filter { linked_to: system.id.clone(), registered: Some(true), ..Filter::default() };
    let items = store::list(&view, &own, MOST_ITEMS, 0).await?;
    let leading_here = store::list(&view, &others, MOST_ITEMS, 0).await?;
    let template = ModelPage { page: visit.page().await?, model: Model::of(items, &leading_here), system };
    Ok(render(&template)?.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Linked;

    fn item(kind: &str, name: &str, values: &[(&'static str, &str)]) -> Item {
        Item {
            kind: kind.into(),
            name: name.into(),
            values: values.iter().map(|(field, value)| (*field, (*value).to_owned())).collect(),
            ..Item::default()
        }
    }

    #[test]
    fn devices_stand_in_their_zones_and_flows_on_the_side_from_which_they_come() {
        let mut linked = item("link", "Một cửa", &[("direction", "both"), ("relation", "data-flow")]);
        linked.linked = Some(Linked { id: "s2".into(), code: "VP-01".into(), name: "Hệ thống một cửa".into() });
        let items = vec![
            item("zone", "Vùng DMZ", &[("addresses", "10.0.0.0/24")]),
            item("device", "Web", &[("zone", "vung dmz")]),
            item("device", "Lạc", &[]),
            item("link", "Cổng dữ liệu", &[("direction", "in")]),
            linked,
            item("supplier", "Công ty", &[]),
        ];
        let mut back = item("link", "Sang đây", &[("direction", "out")]);
        back.system_id = "s3".into();
        back.system_name = "Kho dữ liệu".into();
        // Told from both ends, it is one flow.
        let twice = Item { system_id: "s2".into(), ..back.clone() };
        let model = Model::of(items, &[back, twice]);
        let names = |flows: &[Flow]| flows.iter().map(|flow| flow.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&model.incoming), ["Cổng dữ liệu", "Kho dữ liệu"]);
        assert_eq!(names(&model.outgoing), ["Hệ thống một cửa"]);
        assert!(model.outgoing[0].both_ways);
        let zones: Vec<_> = model.zones.iter().map(|zone| (zone.name.as_str(), zone.devices.len())).collect();
        assert_eq!(zones, [("Vùng DMZ", 1), ("", 1)]);
        assert!(Model::of(Vec::new(), &[]).is_empty());
    }
}
