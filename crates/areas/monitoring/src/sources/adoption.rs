//! Unknown senders in bulk: by a rule (network, pattern of the host name, door), and what their neighbours suggest. Pure; the
//! acts are in `service`.

use super::{Source, resolver};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

/// Neighbours that must agree before they suggest anything.
const AGREE: usize = 2;

/// Which unknown senders are meant; what is not said does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdoptionRule {
    pub network: Option<IpNet>,
    /// Host name in lower case; `*` stands for any letters, `?` for one.
    pub host: Option<String>,
    pub listener: Option<String>,
}

impl AdoptionRule {
    /// Whether it says anything that tells senders apart.
    pub fn is_empty(&self) -> bool {
        self.network.is_none() && self.host.is_none()
    }

    pub fn fits(&self, sender: &Source) -> bool {
        let address = sender.match_network.as_deref().and_then(|text| IpAddr::from_str(text).ok());
        self.network.is_none_or(|network| address.is_some_and(|address| network.contains(&address)))
            && self.listener.as_deref().is_none_or(|listener| sender.match_listener.as_deref() == Some(listener))
            && self.host.as_deref().is_none_or(|pattern| {
                sender.match_host.as_deref().is_some_and(|host| is_like(pattern, &host.to_lowercase()))
            })
    }
}

/// Whether a name is as a pattern with `*` and `?` says.
pub fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of, mut star): (usize, usize, Option<(usize, usize)>) = (0, 0, None);
    while of < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(letter) if *letter == '?' || name.get(of) == Some(letter) => {
                at += 1;
                of += 1;
            }
            _ => match &mut star {
                Some((place, taken)) => {
                    *taken += 1;
                    (at, of) = (*place + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|letter| *letter == '*'))
}

/// What is known of a registered source for suggestions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    pub network: Option<IpNet>,
    pub host: Option<String>,
    pub system_id: String,
}

impl Neighbour {
    pub fn of(source: &Source, system_id: &str) -> Self {
        Self {
            network: source.match_network.as_deref().and_then(resolver::network),
            host: source.match_host.as_ref().map(|host| host.to_lowercase()),
            system_id: system_id.to_owned(),
        }
    }
}

/// The system that the neighbours of an unknown sender belong to, where at least two say so and none says otherwise: those in
/// its network of 256 addresses (IPv6: /64), else those whose names differ from its own in digits alone.
pub fn suggestion<'known>(sender: &Source, neighbours: &'known [Neighbour]) -> Option<&'known str> {
    let near = sender.match_network.as_deref().and_then(|text| IpAddr::from_str(text).ok()).and_then(around);
    let by_network = near.and_then(|near| {
        agreed(neighbours.iter().filter(|one| one.network.is_some_and(|network| near.contains(&network))))
    });
    let letters = sender.match_host.as_deref().map(stem).filter(|letters| letters.len() >= 3);
    by_network.or_else(|| {
        let letters = letters?;
        agreed(neighbours.iter().filter(|one| one.host.as_deref().map(stem).as_ref() == Some(&letters)))
    })
}

fn around(address: IpAddr) -> Option<IpNet> {
    IpNet::new(address, if address.is_ipv4() { 24 } else { 64 }).ok().map(|network| network.trunc())
}

/// A host name without its digits.
fn stem(host: &str) -> String {
    host.to_lowercase().chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

fn agreed<'known>(neighbours: impl Iterator<Item = &'known Neighbour>) -> Option<&'known str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in neighbours {
        *counts.entry(one.system_id.as_str()).or_default() += 1;
    }
    match counts.into_iter().collect::<Vec<_>>().as_slice() {
        [(system, count)] if *count >= AGREE => Some(*system),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Rhythm, SourceKind, SourceState};
    use proptest::prelude::*;

    fn sender(address: &str, host: &str) -> Source {
        Source {
            id: "s".into(),
            name: "s".into(),
            kind: SourceKind::Other,
            state: SourceState::Unassigned,
            sender_key: None,
            match_listener: Some("syslog_tcp".into()),
            match_network: Some(address.into()),
            match_host: Some(host.into()),
            match_certificate: None,
            clock_ahead: None,
            format: None,
            header: None,
            time_zone: None,
            year_default: None,
            expected: false,
            rhythm: Rhythm::default(),
            solution_group: None,
            max_silence_minutes: 15,
            note: String::new(),
            created_at: 0,
            updated_at: 0,
        }
    }

    fn rule(network: &str, host: &str, listener: &str) -> AdoptionRule {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        AdoptionRule { network: resolver::network(network), host: text(host), listener: text(listener) }
    }

    #[test]
    fn a_rule_takes_what_fits_all_that_it_says() {
        let one = sender("10.1.2.3", "WEB-syt-01");
        for (network, host, listener) in
            [("10.1.0.0/16", "", ""), ("", "web-*-0?", ""), ("10.1.2.3", "web*", "syslog_tcp")]
        {
            assert!(rule(network, host, listener).fits(&one), "{network} {host} {listener}");
        }
        for (network, host, listener) in [("10.2.0.0/16", "web*", ""), ("10.1.0.0/16", "mail*", ""), ("", "*", "bulk")]
        {
            assert!(!rule(network, host, listener).fits(&one), "{network} {host} {listener}");
        }
        assert!(rule("", "", "syslog_tcp").is_empty(), "a door alone tells nobody apart");
    }

    #[test]
    fn neighbours_suggest_where_they_agree() {
        let near = |network: &str, host: &str, system: &str| Neighbour {
            network: resolver::network(network),
            host: Some(host.to_owned()),
            system_id: system.into(),
        };
        let one = sender("10.1.2.3", "web-09");
        let agree = [near("10.1.2.7", "a", "y"), near("10.1.2.8", "b", "y"), near("10.0.0.0/8", "c", "z")];
        assert_eq!(suggestion(&one, &agree), Some("y"), "who declared a wide network is no neighbour");
        assert_eq!(suggestion(&one, &agree[..1]), None, "one is not enough");
        assert_eq!(suggestion(&one, &[near("10.1.2.7", "a", "y"), near("10.1.2.8", "b", "z")]), None);
        let by_name = [near("192.0.2.1", "web-01", "w"), near("192.0.2.2", "web-02", "w")];
        assert_eq!(suggestion(&one, &by_name), Some("w"));
    }

    proptest! {
        #[test]
        fn a_name_is_like_itself_with_any_part_left_open(name in "[a-z0-9.-]{0,20}", from in 0_usize..20, length in 0_usize..20) {
            let (from, to) = (from.min(name.len()), (from + length).min(name.len()));
            let pattern = format!("{}*{}", &name[..from], &name[to.max(from)..]);
            prop_assert!(is_like(&pattern, &name), "{pattern}");
            prop_assert!(is_like(&name, &name) && is_like("*", &name));
            let longer = format!("{name}x");
            prop_assert!(!is_like(&longer, &name));
        }
    }
}
