//! Reading what nmap writes with `-oX`: hosts that answered, their addresses, names, open ports and the system they seem to
//! run. Nothing outside the file is ever asked for: entities of its own make it unreadable. A host that makes no sense is
//! named and costs itself alone; a file that ends too early gives the hosts before.

use kit::Error;
use kit::text::one_line;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::net::IpAddr;

/// Largest file, in bytes.
pub(super) const MOST_BYTES: usize = 8 << 20;
/// Most hosts of one file.
const MOST_HOSTS: usize = 20_000;
/// Most addresses, names and open ports that are kept of a host.
const MOST_OF_HOST: usize = 200;
/// Longest text that is kept, in characters.
const LONGEST_TEXT: usize = 200;
/// Deepest nesting; nmap writes some ten.
const DEEPEST: usize = 64;

/// A host that answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    pub addresses: Vec<IpAddr>,
    /// `00:11:22:aa:bb:cc`, empty where the scan did not see it.
    pub mac: String,
    pub names: Vec<String>,
    /// What it seems to run.
    pub platform: String,
    /// Open ports: `22/tcp ssh OpenSSH 9.2`.
    pub services: Vec<String>,
}

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Hosts that answered, with their number in the file counted from 1; the key of what is wrong in the place of others.
    pub hosts: Vec<(u64, Result<Host, &'static str>)>,
    /// Whether the file ends before the scan did.
    pub is_cut: bool,
}

/// Reads a file of nmap.
pub fn read(xml: &[u8]) -> Result<Scan, Error> {
    if xml.len() > MOST_BYTES {
        return Err(Error::mistake("sheet-file-too-large", []));
    }
    let text = std::str::from_utf8(xml).map_err(|_| unreadable())?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut scan = Scan::default();
    let mut reading = Reading::default();
    let mut depth = 0_usize;
    let mut is_nmap = false;
    let mut has_ended = false;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            // What was read before is whole.
            Err(_) if is_nmap => {
                scan.is_cut = true;
                break;
            }
            Err(_) => return Err(unreadable()),
        };
        match event {
            Event::DocType(kind) if kind.contains(&b'[') => return Err(unreadable()),
            Event::Start(element) => {
                depth += 1;
                if depth > DEEPEST {
                    return Err(unreadable());
                }
                is_nmap = is_nmap || is_root(depth, &element)?;
                reading.begin(&reader, &element);
            }
            Event::Empty(element) => {
                is_nmap = is_nmap || is_root(depth + 1, &element)?;
                has_ended = has_ended || depth == 0;
                reading.begin(&reader, &element);
                reading.end(element.local_name().as_ref(), &mut scan);
            }
            Event::End(element) => {
                depth = depth.saturating_sub(1);
                has_ended = has_ended || depth == 0;
                reading.end(element.local_name().as_ref(), &mut scan);
            }
            Event::Eof => break,
            _ => {}
        }
        if scan.hosts.len() > MOST_HOSTS {
            return Err(Error::mistake("inventory-scan-too-long", [("most", MOST_HOSTS.to_string())]));
        }
    }
    if !is_nmap {
        return Err(unreadable());
    }
    scan.is_cut = scan.is_cut || !has_ended;
    Ok(scan)
}

/// Whether the first element is that of nmap; a file of something else is refused as a whole.
fn is_root(depth: usize, element: &BytesStart<'_>) -> Result<bool, Error> {
    match (depth, element.local_name().as_ref()) {
        (1, b"nmaprun") => Ok(true),
        (1, _) => Err(unreadable()),
        _ => Ok(false),
    }
}

fn unreadable() -> Error {
    Error::mistake("inventory-scan-unreadable", [])
}

#[derive(Default)]
struct Reading {
    number: u64,
    host: Option<Host>,
    fault: Option<&'static str>,
    is_up: bool,
    /// The port that is being read.
    port: Option<Port>,
}

#[derive(Default)]
struct Port {
    number: String,
    protocol: String,
    is_open: bool,
    service: String,
}

impl Reading {
    fn begin(&mut self, reader: &Reader<&[u8]>, element: &BytesStart<'_>) {
        let name = element.local_name();
        let name: &[u8] = name.as_ref();
        if name == b"host" {
            self.number += 1;
            *self = Self { number: self.number, host: Some(Host::default()), is_up: true, ..Self::default() };
            return;
        }
        let Some(host) = &mut self.host else { return };
        let mut wrong = None;
        let mut value = |wanted: &str| attribute(reader, element, wanted, &mut wrong);
        match name {
            b"status" => self.is_up = value("state") == "up",
            b"address" => {
                let (kind, address) = (value("addrtype"), value("addr"));
                match (kind.as_str(), address.parse::<IpAddr>()) {
                    ("mac", _) if is_mac(&address) => host.mac = address.to_ascii_lowercase(),
                    ("ipv4" | "ipv6" | "", Ok(address)) if host.addresses.len() < MOST_OF_HOST => {
                        host.addresses.push(address);
                    }
                    ("ipv4" | "ipv6" | "", Ok(_)) => {}
                    _ => wrong = Some("inventory-scan-address"),
                }
            }
            b"hostname" if host.names.len() < MOST_OF_HOST => {
                let name = value("name");
                if !name.is_empty() && !host.names.contains(&name) {
                    host.names.push(name);
                }
            }
            b"port" => {
                self.port = Some(Port { number: value("portid"), protocol: value("protocol"), ..Port::default() });
            }
            b"state" => {
                if let Some(port) = &mut self.port {
                    port.is_open = value("state") == "open";
                }
            }
            b"service" => {
                if let Some(port) = &mut self.port {
                    port.service = joined(&[value("name"), value("product"), value("version")]);
                }
            }
            b"osmatch" if host.platform.is_empty() => host.platform = value("name"),
            _ => {}
        }
        self.fault = self.fault.or(wrong);
    }

    fn end(&mut self, name: &[u8], scan: &mut Scan) {
        match name {
            b"port" => {
                if let (Some(port), Some(host)) = (self.port.take(), &mut self.host)
                    && port.is_open
                    && host.services.len() < MOST_OF_HOST
                {
                    let number = format!("{}/{}", port.number, port.protocol);
                    host.services.push(joined(&[number, port.service]));
                }
            }
            b"host" => {
                let Some(host) = self.host.take().filter(|_| self.is_up) else { return };
                let fault = self.fault.or(host.addresses.is_empty().then_some("inventory-scan-address"));
                scan.hosts.push((self.number, fault.map_or(Ok(host), Err)));
            }
            _ => {}
        }
    }
}

/// The value of an attribute as it is kept, empty where there is none; what cannot be read or kept is the host's fault.
fn attribute(
    reader: &Reader<&[u8]>,
    element: &BytesStart<'_>,
    wanted: &str,
    wrong: &mut Option<&'static str>,
) -> String {
    let Ok(found) = element.try_get_attribute(wanted) else {
        *wrong = Some("inventory-scan-attribute");
        return String::new();
    };
    let Some(found) = found else { return String::new() };
    let read = found.decoded_and_normalized_value(XmlVersion::Implicit1_0, reader.decoder());
    match read.map_err(|_| "inventory-scan-attribute").and_then(|text| one_line(&text)) {
        Ok(text) => text.chars().take(LONGEST_TEXT).collect(),
        Err(key) => {
            *wrong = Some(key);
            String::new()
        }
    }
}

fn is_mac(text: &str) -> bool {
    text.split(':').count() == 6
        && text.split(':').all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn joined(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "nmap_tests.rs"]
mod tests;
