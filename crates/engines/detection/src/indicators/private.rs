//! Addresses and names that mean something else in every network, or that nobody outside can have.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// RFC 6890 and the multicast blocks; the documentation ranges are left usable, for exercises.
const IPV4: [(Ipv4Addr, u8); 9] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];
const IPV6: [(Ipv6Addr, u8); 5] = [
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// Names for use inside (RFC 6762, RFC 8375, ICANN's `internal`) and the tree of reverse lookups.
const NAMES: [&str; 8] = ["local", "localhost", "localdomain", "internal", "intranet", "lan", "home", "arpa"];

/// Whether a range of addresses holds private ones, or only such.
pub(super) fn holds_private(range: &IpNet) -> bool {
    match range {
        IpNet::V4(range) => IPV4.iter().any(|(address, prefix)| {
            Ipv4Net::new(*address, *prefix).is_ok_and(|private| private.contains(range) || range.contains(&private))
        }),
        IpNet::V6(range) => IPV6.iter().any(|(address, prefix)| {
            Ipv6Net::new(*address, *prefix).is_ok_and(|private| private.contains(range) || range.contains(&private))
        }),
    }
}

/// Whether no indicator can be this address.
pub(super) fn is_private(address: IpAddr) -> bool {
    holds_private(&IpNet::from(address))
}

/// Whether a domain ends in a name for use inside.
pub(super) fn is_private_name(domain: &str) -> bool {
    NAMES.contains(&domain.rsplit('.').next().unwrap_or_default())
}
