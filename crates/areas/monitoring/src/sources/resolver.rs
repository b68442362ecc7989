//! Which registered source an event is from. Proven (API key, named source) comes first, then the sender as the
//! program met it before if somebody adopted it, then declared networks and host names, the most exact first. An
//! unknown sender gets a source of its own, unassigned, at once and durably, so that its events never lose it.

use super::settings::SourceSettings;
use super::{COLLECTIVE, MOST_AUTOMATIC, Rhythm, Sender, Source, SourceKind, SourceState, store};
use crate::alerts::grouping::Owner;
use crate::redactions::{self, HashKey, Rule};
use crate::settings;
use event::{Event, Micros, Origin};
use ipnet::IpNet;
use kit::clock::{Clock, SECOND};
use kit::{Db, Error, Scope, Shelf, View};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

/// Settings for reading a source's records, where it has any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    pub format: Option<String>,
    pub header: Option<String>,
    pub time_zone: Option<String>,
    pub year: Option<i16>,
    /// By how much times are put back.
    pub clock_ahead: Option<Micros>,
}

impl Reading {
    fn of(source: &Source) -> Option<Self> {
        let year = source.year_default.and_then(|year| i16::try_from(year).ok());
        let reading = Self {
            format: source.format.clone(),
            header: source.header.clone(),
            time_zone: source.time_zone.clone(),
            year,
            clock_ahead: source.clock_ahead.map(|seconds| seconds.saturating_mul(SECOND)),
        };
        (reading != Self::default()).then_some(reading)
    }
}

/// A source as events are bound to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub owner: Owner,
    pub reading: Option<Reading>,
    /// Last sequence whose event is in the source's figures.
    pub counted_to: u64,
    state: SourceState,
    /// What its records are stored without.
    pub redactions: Vec<Rule>,
}

#[cfg(test)]
impl Known {
    pub(crate) fn for_test(owner: Owner, counted_to: u64) -> Self {
        Self { owner, reading: None, counted_to, state: SourceState::Registered, redactions: Vec::new() }
    }
}

#[derive(Debug)]
struct Matcher {
    listener: Option<String>,
    network: Option<IpNet>,
    host: Option<String>,
    certificate: Option<String>,
    known: Arc<Known>,
}

impl Matcher {
    fn of(source: &Source, known: Arc<Known>) -> Option<Self> {
        let network = source.match_network.as_deref().and_then(network);
        let host = source.match_host.as_ref().map(|host| host.to_lowercase());
        // A network that cannot be read must not widen the match to everybody.
        if source.match_network.is_some() && network.is_none() {
            return None;
        }
        let certificate = source.match_certificate.clone();
        (network.is_some() || host.is_some() || certificate.is_some()).then(|| Self {
            listener: source.match_listener.clone(),
            network,
            host,
            certificate,
            known,
        })
    }

    /// The more exact, the higher: certificate, host name, then length of the network, then listener.
    fn exactness(&self) -> (bool, bool, u8, bool) {
        (
            self.certificate.is_some(),
            self.host.is_some(),
            self.network.map_or(0, |network| network.prefix_len() + 1),
            self.listener.is_some(),
        )
    }

    fn fits(&self, sender: &Sender, address: Option<IpAddr>) -> bool {
        self.listener.as_deref().is_none_or(|listener| listener == sender.listener.as_str())
            && (self.certificate.is_none() || self.certificate == sender.certificate)
            && self.host.as_deref().is_none_or(|host| sender.host.as_deref() == Some(host))
            && self.network.is_none_or(|network| address.is_some_and(|address| network.contains(&address)))
    }
}

/// Reads `10.1.0.0/16` or a single address.
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    IpNet::from_str(text).ok().or_else(|| IpAddr::from_str(text).ok().map(IpNet::from))
}

#[derive(Default)]
struct Index {
    by_id: HashMap<String, Arc<Known>>,
    by_sender: HashMap<String, Arc<Known>>,
    matchers: Vec<Matcher>,
    automatic: usize,
    /// Pairs of an agency and one above it, or itself.
    above: HashSet<(String, String)>,
    revision: String,
    /// The key of hashes, where a source has rules of data minimisation.
    hash_key: Option<HashKey>,
}

impl Index {
    fn build(bound: Vec<store::Bound>, above: HashSet<(String, String)>, mut redactions: Redactions) -> Self {
        let hash_key = redactions.hash_key.take().filter(|_| !redactions.by_source.is_empty());
        let mut index = Self { above, hash_key, ..Self::default() };
        for one in bound {
            let id: Arc<str> = one.source.id.as_str().into();
            let known = Arc::new(Known {
                owner: Owner {
                    source_id: id,
                    system_id: one.system_id.map(Into::into),
                    agency_id: one.agency_id.map(Into::into),
                    system_level: one.system_level,
                },
                reading: Reading::of(&one.source),
                counted_to: u64::try_from(one.last_sequence).unwrap_or_default(),
                state: one.source.state,
                redactions: redactions.by_source.remove(&one.source.id).unwrap_or_default(),
            });
            if let Some(key) = &one.source.sender_key {
                index.automatic += 1;
                index.by_sender.insert(key.clone(), known.clone());
            }
            if one.source.state == SourceState::Registered {
                index.matchers.extend(Matcher::of(&one.source, known.clone()));
            }
            index.by_id.insert(one.source.id, known);
        }
        index.matchers.sort_by_key(|matcher| std::cmp::Reverse(matcher.exactness()));
        index
    }

    fn find(&self, proven: Option<&str>, sender: &Sender) -> Option<Arc<Known>> {
        if let Some(known) = proven.and_then(|id| self.by_id.get(id)) {
            return Some(known.clone());
        }
        let met = self.by_sender.get(&sender.key());
        if let Some(known) = met.filter(|known| known.state == SourceState::Registered) {
            return Some(known.clone());
        }
        let address = sender.peer.as_deref().and_then(|peer| IpAddr::from_str(peer).ok());
        let declared = self.matchers.iter().find(|matcher| self.may(sender, matcher) && matcher.fits(sender, address));
        let crowded = self.automatic >= MOST_AUTOMATIC;
        let collective = || self.by_sender.get(COLLECTIVE).filter(|_| crowded);
        declared.map(|matcher| &matcher.known).or(met).or_else(collective).cloned()
    }

    /// The source of each event, or the senders that have none yet.
    fn find_all(&self, events: &[Event]) -> Result<Vec<Arc<Known>>, Vec<Sender>> {
        let mut found = Vec::with_capacity(events.len());
        let mut strangers = HashMap::new();
        let mut last: Option<(Option<&str>, Sender, Arc<Known>)> = None;
        for event in events {
            let (proven, sender) = (event.origin.source_id.as_deref(), Sender::of(event));
            let known = match &last {
                // Neighbours mostly come from the same sender.
                Some((same_proof, same, known)) if *same == sender && *same_proof == proven => known.clone(),
                _ => match self.find(proven, &sender) {
                    Some(known) => known,
                    None => {
                        let order = strangers.len();
                        strangers.entry(sender.key()).or_insert((order, sender));
                        continue;
                    }
                },
            };
            last = Some((proven, sender, known.clone()));
            found.push(known);
        }
        if strangers.is_empty() {
            return Ok(found);
        }
        let mut strangers: Vec<(usize, Sender)> = strangers.into_values().collect();
        strangers.sort_by_key(|(order, _)| *order);
        Err(strangers.into_iter().map(|(_, sender)| sender).collect())
    }

    /// A key gives records to the sources of its agency, and of those below it, alone.
    fn may(&self, sender: &Sender, matcher: &Matcher) -> bool {
        let (Some(key), Some(owner)) = (&sender.agency_id, &matcher.known.owner.agency_id) else { return true };
        **owner == **key || self.above.contains(&(owner.to_string(), key.clone()))
    }
}

/// What rules of data minimisation there are.
#[derive(Default)]
struct Redactions {
    by_source: HashMap<String, Vec<Rule>>,
    hash_key: Option<HashKey>,
}

impl Redactions {
    async fn read(view: &View<'_>) -> Result<Self, Error> {
        let by_source = redactions::store::in_force(view).await?;
        let hash_key = redactions::store::hash_key(view).await?.map(|key| HashKey::new(key.as_bytes()));
        Ok(Self { by_source, hash_key })
    }
}

/// The register as it was at one moment, for who takes away what is not to be kept.
pub(crate) struct Redacting(Arc<Index>);

impl Redacting {
    /// Whether records of this origin have to be read: who proved to be a source without rules sends nothing to take away.
    pub(crate) fn may_concern(&self, origin: &Origin) -> bool {
        let proven = origin.source_id.as_deref().and_then(|id| self.0.by_id.get(id));
        proven.is_none_or(|known| !known.redactions.is_empty())
    }

    /// The source of an event with the key of its hashes, where it has rules.
    pub(crate) fn of(&self, event: &Event) -> Option<(Arc<Known>, &HashKey)> {
        let key = self.0.hash_key.as_ref()?;
        let known = self.0.find(event.origin.source_id.as_deref(), &Sender::of(event))?;
        (!known.redactions.is_empty()).then_some((known, key))
    }
}

/// The resolver: an index in memory over the register. Cheap to share.
pub struct SourceResolver {
    db: Db,
    scope: Scope,
    clock: Arc<dyn Clock>,
    settings: settings::Shelf,
    index: Shelf<Index>,
}

impl SourceResolver {
    /// Loads the register. `scope` is the program's own.
    pub async fn open(db: Db, scope: Scope, clock: Arc<dyn Clock>, settings: settings::Shelf) -> Result<Self, Error> {
        let resolver = Self { db, scope, clock, settings, index: Shelf::default() };
        resolver.refresh().await?;
        Ok(resolver)
    }

    fn index(&self) -> Arc<Index> {
        self.index.current()
    }

    /// Loads the register again if it changed. Returns whether it did.
    pub async fn refresh(&self) -> Result<bool, Error> {
        let view = self.db.scoped(&self.scope).read();
        let revision = store::revision(&view).await?;
        if revision == self.index().revision && !revision.is_empty() {
            return Ok(false);
        }
        let redactions = Redactions::read(&view).await?;
        let index = Index::build(store::all_for_binding(&view).await?, store::agencies_above(&view).await?, redactions);
        self.index.replace(Index { revision, ..index });
        Ok(true)
    }

    /// Whether a source has rules of data minimisation.
    pub(crate) fn has_redactions(&self) -> bool {
        self.index().hash_key.is_some()
    }

    /// The register for who takes away what is not to be kept.
    pub(crate) fn redacting(&self) -> Redacting {
        Redacting(self.index())
    }

    /// Binds events to their sources, in order; makes sources for unknown senders.
    pub async fn bind(&self, events: &mut [Event]) -> Result<Vec<Arc<Known>>, Error> {
        let known = match self.index().find_all(events) {
            Ok(known) => known,
            Err(strangers) => {
                self.meet(&strangers).await?;
                let again = self.index().find_all(events);
                again.map_err(|_| Error::internal("a source just made is not there"))?
            }
        };
        for (event, known) in events.iter_mut().zip(&known) {
            event.source_id = Some(known.owner.source_id.clone());
        }
        Ok(known)
    }

    /// Makes the sources of senders that nobody registered, all in one transaction, unless another process just did.
    async fn meet(&self, strangers: &[Sender]) -> Result<(), Error> {
        let (now, settings) = (self.clock.now(), self.settings.current());
        let room = MOST_AUTOMATIC.saturating_sub(self.index().automatic).min(strangers.len());
        let (single, crowd) = strangers.split_at(room);
        let mut sources: Vec<Source> =
            single.iter().map(|sender| unassigned(Some(sender), &settings.sources, now)).collect();
        sources.extend((!crowd.is_empty()).then(|| unassigned(None, &settings.sources, now)));
        let db = self.db.scoped(&self.scope);
        let tx = db.begin().await?;
        for source in sources {
            if !exists(&tx, source.sender_key.as_deref().unwrap_or_default()).await? {
                store::save(&tx, &source, &self.scope.actor().id()).await?;
            }
        }
        tx.commit().await?;
        self.refresh().await?;
        Ok(())
    }
}

/// The source of a sender that nobody registered; without a sender, the one that all share once there are too many.
fn unassigned(sender: Option<&Sender>, settings: &SourceSettings, now: Micros) -> Source {
    Source {
        id: kit::id::new_id(now),
        name: sender.map_or_else(|| COLLECTIVE.to_owned(), Sender::name),
        kind: SourceKind::Other,
        state: SourceState::Unassigned,
        sender_key: Some(sender.map_or_else(|| COLLECTIVE.to_owned(), Sender::key)),
        match_listener: sender.map(|sender| sender.listener.as_str().to_owned()),
        match_network: sender.and_then(|sender| sender.peer.clone()),
        match_host: sender.and_then(|sender| sender.host.clone()),
        match_certificate: sender.and_then(|sender| sender.certificate.clone()),
        format: None,
        header: None,
        time_zone: None,
        year_default: None,
        clock_ahead: None,
        expected: false,
        rhythm: Rhythm::default(),
        solution_group: None,
        max_silence_minutes: settings.first_silence(sender.map(|sender| sender.listener)),
        note: String::new(),
        created_at: now,
        updated_at: now,
    }
}

async fn exists(tx: &kit::Tx<'_>, key: &str) -> Result<bool, Error> {
    use sea_orm::{ConnectionTrait, Statement};
    let sql = "SELECT id FROM sources WHERE sender_key = $1";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [key.into()]);
    Ok(tx.query_one_raw(statement).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Listener;

    fn bound(id: &str, network: Option<&str>, host: Option<&str>) -> store::Bound {
        let source = Source {
            id: id.into(),
            name: id.into(),
            kind: SourceKind::Server,
            state: SourceState::Registered,
            sender_key: None,
            match_listener: None,
            match_network: network.map(Into::into),
            match_host: host.map(Into::into),
            match_certificate: None,
            format: None,
            header: None,
            time_zone: None,
            year_default: None,
            clock_ahead: None,
            expected: true,
            rhythm: Rhythm::default(),
            solution_group: None,
            max_silence_minutes: 15,
            note: String::new(),
            created_at: 0,
            updated_at: 0,
        };
        store::Bound { source, agency_id: None, system_id: None, system_level: None, last_sequence: 0 }
    }

    fn found(index: &Index, peer: &str, host: Option<&str>) -> Option<String> {
        let sender = Sender {
            listener: Listener::SyslogTcp,
            peer: Some(peer.into()),
            host: host.map(Into::into),
            agency_id: None,
            certificate: None,
        };
        index.find(None, &sender).map(|known| known.owner.source_id.to_string())
    }

    #[test]
    fn the_most_exact_declaration_wins() {
        let declared = vec![
            bound("wide", Some("10.0.0.0/8"), None),
            bound("narrow", Some("10.1.0.0/16"), None),
            bound("host", Some("10.0.0.0/8"), Some("Web01")),
        ];
        let index = Index::build(declared, HashSet::new(), Redactions::default());
        assert_eq!(found(&index, "10.2.0.1", None).as_deref(), Some("wide"));
        assert_eq!(found(&index, "10.1.0.1", None).as_deref(), Some("narrow"));
        assert_eq!(found(&index, "10.1.0.1", Some("web01")).as_deref(), Some("host"));
        assert_eq!(found(&index, "192.0.2.1", Some("web01")), None);
    }

    #[test]
    fn a_broken_network_matches_nobody() {
        let index = Index::build(
            vec![bound("broken", Some("10.0.0.0/99"), Some("web01"))],
            HashSet::new(),
            Redactions::default(),
        );
        assert_eq!(found(&index, "10.1.0.1", Some("web01")), None);
    }

    #[test]
    fn a_proven_source_wins_over_everything_that_the_record_says() {
        let index = Index::build(
            vec![bound("key", None, None), bound("host", None, Some("web01"))],
            HashSet::new(),
            Redactions::default(),
        );
        let sender = Sender { listener: Listener::Bulk, host: Some("web01".into()), ..Sender::default() };
        let known = index.find(Some("key"), &sender).expect("found");
        assert_eq!(&*known.owner.source_id, "key");
    }

    #[test]
    fn a_key_reaches_the_sources_of_its_agency_and_below_alone() {
        let owned = |id: &str, agency: &str, host: &str| store::Bound {
            agency_id: Some(agency.into()),
            ..bound(id, None, Some(host))
        };
        let above = HashSet::from([("a".to_owned(), "root".to_owned()), ("b".to_owned(), "root".to_owned())]);
        let index =
            Index::build(vec![owned("of-a", "a", "web-a"), owned("of-b", "b", "web-b")], above, Redactions::default());
        let find = |agency: &str, host: &str| {
            let (listener, host) = (Listener::Bulk, Some(host.to_owned()));
            let sender = Sender { listener, host, agency_id: Some(agency.to_owned()), ..Sender::default() };
            index.find(None, &sender).map(|known| known.owner.source_id.to_string())
        };
        assert_eq!(find("a", "web-a").as_deref(), Some("of-a"));
        assert_eq!(find("a", "web-b"), None, "not the neighbour's");
        assert_eq!(find("root", "web-b").as_deref(), Some("of-b"));
    }
}
