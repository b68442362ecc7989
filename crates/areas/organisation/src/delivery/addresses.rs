//! Which addresses are called (pure). A webhook to the inside would let whoever writes its address speak to what only
//! this machine reaches.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to the Internet: none that is private, of this machine, of this link, shared, reserved,
/// for documentation, or a group. Addresses that carry an IPv4 address are what that is.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether it is called: it is public, or the administrator has listed its network.
pub(super) fn is_called(address: IpAddr, listed: &[IpNet]) -> bool {
    is_public(address) || is_listed(address, listed)
}

pub(super) fn is_listed(address: IpAddr, listed: &[IpNet]) -> bool {
    let address = address.to_canonical();
    listed.iter().any(|network| network.contains(&address))
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = a == 192 && b == 0 && c == 0;
    let relays = a == 192 && b == 88 && c == 99;
    let benchmarks = a == 198 && (b == 18 || b == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || shared
        || protocols
        || relays
        || benchmarks)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let [.., seventh, eighth] = address.segments();
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match first {
        // NAT64 and 6to4 lead to the IPv4 address inside.
        0x0064 if second == 0xff9b => {
            address.segments().get(2..6).is_some_and(|middle| middle.iter().all(|part| *part == 0))
                && carried(seventh, eighth)
        }
        0x2002 => {
            let [_, high, low, ..] = address.segments();
            carried(high, low)
        }
        // Teredo, benchmarks, ORCHID and other special blocks; documentation.
        0x2001 => second >= 0x0200 && second != 0x0db8,
        // Global unicast; everything else is local, reserved or a group.
        0x3fff => second >= 0x1000,
        _ => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn the_inside_is_not_called_in_any_spelling() {
        for address in "127.0.0.1 127.8.9.1 0.0.0.0 0.1.2.3 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 \
             169.254.169.254 100.64.0.1 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.2 \
             203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:10.0.0.1 \
             ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::a00:1 64:ff9b::7f00:1 64:ff9b:1::808:808 \
             2002:a00:1::1 2002:7f00:1:: 2001::1 2001:db8::1 3fff::1 fc00::1 fd12::1 fe80::1 fec0::1 \
             ff02::1 100::1"
            .split(' ')
        {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn the_internet_is_called() {
        for address in "1.1.1.1 8.8.8.8 100.63.0.1 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.20.0.1 \
             ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1 2001:4860:4860::8888 2606:4700::1111"
            .split(' ')
        {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn a_listed_network_is_called_and_its_neighbour_is_not() {
        let listed: Vec<IpNet> = vec!["10.20.0.0/16".parse().unwrap()];
        let called = |text: &str| is_called(text.parse().unwrap(), &listed);
        assert!(called("10.20.1.1") && called("::ffff:10.20.1.1") && called("1.1.1.1"));
        assert!(!called("10.21.1.1") && !called("127.0.0.1"));
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_the_same_inside_an_ipv6_one(bits: u32) {
            let address = Ipv4Addr::from(bits);
            prop_assert_eq!(is_public(IpAddr::V4(address)), is_public(IpAddr::V6(address.to_ipv6_mapped())));
        }
    }
}
