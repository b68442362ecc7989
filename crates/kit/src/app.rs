//! What every request handler can reach: database, clock, catalogue, live news, settings, navigation, slots
//! and ports. Built once by `luytre`.

use crate::area::{CounterSource, NavigationItem, Slot};
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::db::Db;
use crate::find::Finder;
use crate::live::Live;
use crate::session::Authenticate;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// Settings that pages show.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the centre, for example "Trung tâm An ninh mạng tỉnh …".
    pub centre: String,
    /// Address people reach us at, without a trailing slash; empty if not configured.
    pub public_url: String,
    /// The demonstration province: sign-in links and the gallery exist.
    pub demonstration: bool,
    /// Cookies only over TLS.
    pub secure_cookies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            centre: "Trung tâm An ninh mạng".to_owned(),
            public_url: String::new(),
            demonstration: false,
            secure_cookies: true,
        }
    }
}

/// The program as handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

/// Parts of [`App`], filled by `luytre` (and by test-support).
pub struct AppParts {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub catalogue: Arc<dyn Catalogue>,
    pub authenticate: Arc<dyn Authenticate>,
    pub live: Live,
    pub settings: Settings,
    pub navigation: Vec<NavigationItem>,
    pub slots: Vec<Slot>,
    pub counters: Vec<CounterSource>,
    pub finders: Vec<Finder>,
    pub ports: Ports,
}

impl App {
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Slots of a place in order.
    pub fn slots_of<'app>(&'app self, place: &'app str) -> impl Iterator<Item = &'app Slot> {
        self.slots.iter().filter(move |slot| slot.place == place)
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

/// What an area needs from an area to its right, or from an engine: implementations by type, registered by
/// `luytre`. An area asks `app.ports.get::<Monitoring>()`.
#[derive(Default)]
pub struct Ports(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Ports {
    pub fn insert<P: Send + Sync + 'static>(&mut self, port: P) {
        self.0.insert(TypeId::of::<P>(), Arc::new(port));
    }

    pub fn get<P: Send + Sync + 'static>(&self) -> Option<Arc<P>> {
        self.0.get(&TypeId::of::<P>()).cloned().and_then(|port| port.downcast::<P>().ok())
    }
}
