//! Files of nmap as it writes them, and as somebody writes them who means harm.

use super::*;
use proptest::prelude::*;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n\
    <?xml-stylesheet href=\"file:///usr/share/nmap/nmap.xsl\" type=\"text/xsl\"?>\n\
    <nmaprun scanner=\"nmap\" args=\"nmap -sV -O -oX scan.xml 10.1.2.0/24\" version=\"7.93\">";
const SERVER: &str = r#"<host starttime="1" endtime="2"><status state="up" reason="arp-response"/>
    <address addr="10.1.2.7" addrtype="ipv4"/><address addr="00:11:22:AA:BB:CC" addrtype="mac" vendor="Tre"/>
    <hostnames><hostname name="may-chu-1.example" type="PTR"/></hostnames>
    <ports><extraports state="closed" count="997"/>
    <port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/><service name="ssh" product="OpenSSH" version="9.2p1 &amp; vá"/></port>
    <port protocol="tcp" portid="23"><state state="closed"/><service name="telnet"/></port>
    <port protocol="udp" portid="53"><state state="open"/></port></ports>
    <os><osmatch name="Linux 5.X" accuracy="96"/><osmatch name="Linux 4.X" accuracy="90"/></os></host>"#;

fn scan(hosts: &str) -> Scan {
    read(format!("{HEAD}{hosts}</nmaprun>").as_bytes()).unwrap()
}

#[test]
fn hosts_that_answered_are_read_with_what_is_open_on_them() {
    let down = r#"<host><status state="down"/><address addr="10.1.2.8" addrtype="ipv4"/></host>"#;
    let read = scan(&format!("{SERVER}{down}"));
    let host = Host {
        addresses: vec!["10.1.2.7".parse().unwrap()],
        mac: "00:11:22:aa:bb:cc".into(),
        names: vec!["may-chu-1.example".into()],
        platform: "Linux 5.X".into(),
        services: vec!["22/tcp ssh OpenSSH 9.2p1 & vá".into(), "53/udp".into()],
    };
    assert_eq!(read, Scan { hosts: vec![(1, Ok(host))], is_cut: false });
}

#[test]
fn a_host_that_makes_no_sense_is_named_and_spoils_no_other() {
    let nowhere = r#"<host><status state="up"/><address addr="ở đâu đó" addrtype="ipv4"/></host>"#;
    let bare = "<host><status state=\"up\"/></host>";
    let strange =
        r#"<host><address addr="10.0.0.1" addrtype="ipv4"/><hostnames><hostname name="&la;"/></hostnames></host>"#;
    let hidden = "<host><address addr=\"10.0.0.2\" addrtype=\"ipv4\"/><hostnames><hostname name=\"a\u{202e}b\"/></hostnames></host>";
    let read = scan(&format!("{nowhere}{bare}{SERVER}{strange}{hidden}"));
    let faults: Vec<_> = read.hosts.iter().map(|(number, host)| (*number, host.as_ref().err().copied())).collect();
    let address = Some("inventory-scan-address");
    let expected =
        [(1, address), (2, address), (3, None), (4, Some("inventory-scan-attribute")), (5, Some("text-hidden-sign"))];
    assert_eq!(faults, expected);
}

#[test]
fn a_scan_that_was_broken_off_gives_the_hosts_before() {
    for end in ["", "<host><status state=\"up\"/><addr", "<host></port>"] {
        let read = read(format!("{HEAD}{SERVER}{end}").as_bytes()).unwrap();
        assert!(read.hosts.len() == 1 && read.is_cut, "{end}: {read:?}");
    }
}

#[test]
fn what_is_no_scan_or_brings_entities_is_refused_whole() {
    let entities = r#"<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY a SYSTEM "file:///etc/passwd">]><nmaprun><host><address addr="&a;"/></host></nmaprun>"#;
    let laughs = r#"<!DOCTYPE nmaprun [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><nmaprun/>"#;
    let deep = format!("{HEAD}{}", "<host>".repeat(DEEPEST + 1));
    for wrong in [entities, laughs, "", "một dòng", "<html></html>", "<a><nmaprun/></a>", deep.as_str()] {
        assert_eq!(read(wrong.as_bytes()).unwrap_err().code(), "inventory-scan-unreadable", "{wrong}");
    }
    assert_eq!(read(&[0xff, 0xfe, b'<']).unwrap_err().code(), "inventory-scan-unreadable");
    assert_eq!(read(&vec![b' '; MOST_BYTES + 1]).unwrap_err().code(), "sheet-file-too-large");
    let many = "<host><status state=\"up\"/></host>".repeat(MOST_HOSTS + 1);
    assert_eq!(read(format!("{HEAD}{many}").as_bytes()).unwrap_err().code(), "inventory-scan-too-long");
}

#[test]
fn of_one_host_no_more_is_kept_than_a_row_holds() {
    let ports: String = (0..5_000)
        .map(|number| format!(r#"<port protocol="tcp" portid="{number}"><state state="open"/></port>"#))
        .collect();
    let long = "a".repeat(10_000);
    let host = format!(
        r#"<host><address addr="10.0.0.1" addrtype="ipv4"/><hostnames><hostname name="{long}"/></hostnames><ports>{ports}</ports></host>"#
    );
    let host = scan(&host).hosts.remove(0).1.unwrap();
    assert_eq!((host.services.len(), host.names[0].len()), (MOST_OF_HOST, LONGEST_TEXT));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_stop_the_reader(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut file = format!("{HEAD}{SERVER}{SERVER}</nmaprun>").into_bytes();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(scan) = read(&file) {
            prop_assert!(scan.hosts.len() <= 3);
        }
    }

    #[test]
    fn no_elements_stop_the_reader(inner in r#"(<host>|</host>|<port( portid="[0-9]{0,6}")?>|</port>|<address addr="[0-9a-f:.]{0,12}"( addrtype="(mac|ipv4|x)")?/>|<hostname name="[a-z&;]{0,8}"/>|<state state="open"/>|<service name="[^<>"]{0,6}"/>|<!--|-->|<!\[CDATA\[|\]\]>|[a-z&;<>]{0,4}){0,30}"#) {
        let _ = read(format!("{HEAD}{inner}</nmaprun>").as_bytes());
        let _ = read(inner.as_bytes());
    }

    #[test]
    fn whatever_nmap_saw_is_read_back(hosts in prop::collection::vec((any::<[u8; 4]>(), "[a-zăâđêôơư.-]{1,20}", 0_u16..), 0..20)) {
        let text: String = hosts.iter().map(|(address, name, port)| format!(
            r#"<host><status state="up"/><address addr="{}" addrtype="ipv4"/><hostnames><hostname name="{name}"/></hostnames><ports><port protocol="tcp" portid="{port}"><state state="open"/></port></ports></host>"#,
            std::net::Ipv4Addr::from(*address)
        )).collect();
        let read = scan(&text);
        prop_assert_eq!(read.hosts.len(), hosts.len());
        for ((_, host), (address, name, port)) in read.hosts.iter().zip(&hosts) {
            let host = host.as_ref().unwrap();
            prop_assert_eq!(host.addresses[0], IpAddr::from(*address));
            prop_assert_eq!(&host.names, std::slice::from_ref(name));
            prop_assert_eq!(&host.services[0], &format!("{port}/tcp"));
        }
    }
}
