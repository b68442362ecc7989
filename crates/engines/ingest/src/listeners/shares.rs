//! Who may have how many connections: so many in all, and of these a share for one address, so that one sender cannot
//! lock the others out. A host may pick its addresses in an IPv6 network of /64 freely, so such a network is one.

use super::counters::Counters;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections of a door that may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    pub all: usize,
    /// From one address; a relay or an address translation speaks for many senders, so it is generous.
    pub per_address: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { all: 1024, per_address: 256 }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Sender {
    open: usize,
    refused: u64,
}

/// Addresses remembered for their refusals alone.
const MAX_REFUSED: usize = 4096;

/// Who has how many connections of a door open.
#[derive(Debug)]
pub struct Shares {
    limits: ConnectionLimits,
    senders: Mutex<HashMap<IpAddr, Sender>>,
}

/// One connection let in; ends its share when dropped.
#[derive(Debug)]
pub struct Share {
    shares: Arc<Shares>,
    sender: IpAddr,
}

impl Shares {
    pub fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, senders: Mutex::default() })
    }

    /// Lets a connection in, or counts and logs why not.
    pub fn admit(self: &Arc<Self>, peer: SocketAddr, counters: &Counters) -> Option<Share> {
        let sender = network(peer.ip());
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let open: usize = senders.values().map(|one| one.open).sum();
        if senders.len() > self.limits.all.max(1) + MAX_REFUSED {
            senders.retain(|_, one| one.open > 0);
        }
        let one = senders.entry(sender).or_default();
        let reason = if one.open >= self.limits.per_address.max(1) {
            Counters::add(&counters.refused_share, 1);
            "this address has its share of connections already"
        } else if open >= self.limits.all.max(1) {
            Counters::add(&counters.refused, 1);
            "too many connections in all"
        } else {
            one.open += 1;
            return Some(Share { shares: self.clone(), sender });
        };
        one.refused += 1;
        // Who is refused tries again at once: the first, second, fourth, eighth … refusal of an address is told.
        if one.refused.is_power_of_two() {
            tracing::warn!(%sender, open = one.open, refused = one.refused, reason, "connections are refused");
        }
        None
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut senders = self.shares.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = senders.get_mut(&self.sender) {
            one.open = one.open.saturating_sub(1);
            if one.open == 0 && one.refused == 0 {
                senders.remove(&self.sender);
            }
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).into(),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_the_others_have_the_rest() {
        let shares = Shares::new(ConnectionLimits { all: 3, per_address: 2 });
        let counters = Counters::default();
        let admit = |peer: &str| shares.admit(peer.parse().unwrap(), &counters);
        let first = admit("192.0.2.1:1");
        let _second = admit("192.0.2.1:2");
        assert!(first.is_some() && admit("192.0.2.1:3").is_none(), "the share is used up");
        let _six = admit("[2001:db8::1]:1").unwrap();
        assert!(admit("192.0.2.9:1").is_none(), "the door is full");
        drop(first);
        assert!(admit("[::ffff:192.0.2.1]:4").is_some(), "a share that ended can be had again");
        let counted = counters.snapshot();
        assert_eq!((counted.refused_share, counted.refused), (1, 1));
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        let shares = Shares::new(ConnectionLimits { all: 9, per_address: 1 });
        let counters = Counters::default();
        let admit = |peer: &str| shares.admit(peer.parse().unwrap(), &counters);
        let _one = admit("[2001:db8:0:1::1]:1").unwrap();
        assert!(admit("[2001:db8:0:1:ffff::2]:1").is_none());
        assert!(admit("[2001:db8:0:2::1]:1").is_some());
    }
}
