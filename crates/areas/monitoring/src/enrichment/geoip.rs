//! Country and network operator of public addresses, from files in the format MMDB that an administrator brings; nothing is
//! fetched. A file that was replaced is read again; one that cannot be read leaves what was read of it in force.

use event::Value;
use kit::clock::{DAY, Micros, SECOND};
use maxminddb::Reader;
use serde::Deserialize;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Files as they were read, in the order in which they are asked.
#[derive(Debug, Default)]
pub struct GeoIp {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    /// Time of the last change and length, as far as it is there.
    mark: Option<(SystemTime, u64)>,
    read: Option<Arc<Read>>,
    problem: Option<String>,
}

struct Read {
    reader: Reader<Vec<u8>>,
    built: Micros,
}

impl std::fmt::Debug for Read {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Read").field("built", &self.built).finish_non_exhaustive()
    }
}

/// How a file stands, for whoever looks after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    pub path: PathBuf,
    /// When what is in force of it was made; `None` where nothing is.
    pub built: Option<Micros>,
    /// Why it could not be read when it was last looked at.
    pub problem: Option<String>,
}

impl FileState {
    /// Made longer ago than so many days.
    pub fn is_old(&self, days: i64, now: Micros) -> bool {
        self.built.is_some_and(|built| now.saturating_sub(built) > days * DAY)
    }
}

/// What files say of an address, as rules compare it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Said {
    /// ISO 3166-1, two letters.
    pub(crate) country: Option<Value>,
    /// Number of the autonomous system.
    pub(crate) number: Option<Value>,
    pub(crate) name: Option<Value>,
}

/// The parts of an entry that are read, under the names that the format's publishers share.
#[derive(Deserialize)]
struct Entry<'f> {
    #[serde(borrow)]
    country: Option<Country<'f>>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<&'f str>,
}

#[derive(Deserialize)]
struct Country<'f> {
    iso_code: Option<&'f str>,
}

impl GeoIp {
    /// Files of at most so many megabytes.
    pub fn open(paths: &[PathBuf], most: u64) -> Self {
        Self { files: paths.iter().map(|path| File::open(path, most, None)).collect() }
    }

    /// The same again where a file was replaced, came or went.
    pub fn changed(&self, most: u64) -> Option<Self> {
        let differs = self.files.iter().any(|file| mark(&file.path) != file.mark);
        differs.then(|| Self { files: self.files.iter().map(|file| file.again(most)).collect() })
    }

    pub fn files(&self) -> Vec<FileState> {
        let state = |file: &File| FileState {
            path: file.path.clone(),
            built: file.read.as_ref().map(|read| read.built),
            problem: file.problem.clone(),
        };
        self.files.iter().map(state).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.iter().all(|file| file.read.is_none())
    }

    /// What is said first of each counts. Addresses inside a house are nobody's.
    pub(crate) fn find(&self, address: IpAddr) -> Said {
        let mut said = Said::default();
        let address = address.to_canonical();
        if is_inside(address) {
            return said;
        }
        for read in self.files.iter().filter_map(|file| file.read.as_ref()) {
            // A damaged entry says nothing.
            let Ok(found) = read.reader.lookup(address) else { continue };
            let Ok(Some(entry)) = found.decode::<Entry<'_>>() else { continue };
            let country = entry.country.and_then(|country| country.iso_code);
            said.country = said.country.or_else(|| country.map(Value::from));
            said.number =
                said.number.or_else(|| entry.autonomous_system_number.map(|number| Value::Int(number.into())));
            said.name = said.name.or_else(|| entry.autonomous_system_organization.map(Value::from));
        }
        said
    }
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            let head = address.segments().first().copied().unwrap_or_default();
            address.is_loopback() || address.is_unspecified() || head & 0xfe00 == 0xfc00 || head & 0xffc0 == 0xfe80
        }
    }
}

fn mark(path: &Path) -> Option<(SystemTime, u64)> {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

impl File {
    /// Reads a file; what was read before stays where that fails.
    fn open(path: &Path, most: u64, before: Option<Arc<Read>>) -> Self {
        // Looked at first: what is replaced meanwhile is read again.
        let mark = mark(path);
        let (read, problem) = match Read::open(path, mark.map_or(0, |(_, length)| length), most) {
            Ok(read) => (Some(Arc::new(read)), None),
            Err(problem) => (before, Some(problem)),
        };
        if let Some(problem) = &problem {
            tracing::warn!(path = %path.display(), problem, "a file of addresses could not be read");
        }
        Self { path: path.to_owned(), mark, read, problem }
    }

    fn again(&self, most: u64) -> Self {
        match mark(&self.path) == self.mark {
            true => Self {
                path: self.path.clone(),
                mark: self.mark,
                read: self.read.clone(),
                problem: self.problem.clone(),
            },
            false => Self::open(&self.path, most, self.read.clone()),
        }
    }
}

impl Read {
    fn open(path: &Path, length: u64, most: u64) -> Result<Self, String> {
        if length > most << 20 {
            return Err(format!("larger than {most} MiB"));
        }
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let reader = Reader::from_source(bytes).map_err(|error| error.to_string())?;
        let built = i64::try_from(reader.metadata().build_epoch).unwrap_or_default().saturating_mul(SECOND);
        Ok(Self { reader, built })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        assert!(text.len() < 29, "short texts alone");
        [vec![2 << 5 | text.len() as u8], text.as_bytes().to_vec()].concat()
    }

    fn number(kind: u8, bytes: &[u8]) -> Vec<u8> {
        match kind {
            // Kinds behind 7 stand in a byte of their own.
            8.. => [vec![bytes.len() as u8, kind - 7], bytes.to_vec()].concat(),
            _ => [vec![kind << 5 | bytes.len() as u8], bytes.to_vec()].concat(),
        }
    }

    fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut made = vec![7 << 5 | entries.len() as u8];
        for (name, value) in entries {
            made.extend(text(name));
            made.extend_from_slice(value);
        }
        made
    }

    pub(crate) fn country(code: &str) -> Vec<u8> {
        map(&[("country", map(&[("iso_code", text(code))]))])
    }

    fn operator(asn: u32, name: &str) -> Vec<u8> {
        let number = number(6, &asn.to_be_bytes());
        // The second name is longer than 28 bytes.
        let long = "autonomous_system_organization";
        let mut made = vec![7 << 5 | 2];
        made.extend(text("autonomous_system_number"));
        made.extend(number);
        made.extend([2 << 5 | 29, long.len() as u8 - 29]);
        made.extend_from_slice(long.as_bytes());
        made.extend(text(name));
        made
    }

    /// A file that knows one network of IPv4: a search tree of 24-bit records, the entry, the metadata.
    pub(crate) fn file(network: [u8; 4], length: u32, entry: &[u8], built: u64) -> Vec<u8> {
        let mut made = Vec::new();
        for depth in 0..length {
            let bit = u32::from_be_bytes(network) >> (31 - depth) & 1;
            let next = if depth + 1 == length { length + 16 } else { depth + 1 };
            let records = if bit == 0 { [next, length] } else { [length, next] };
            records.iter().for_each(|record| made.extend_from_slice(&record.to_be_bytes()[1..]));
        }
        made.extend([0; 16]);
        made.extend_from_slice(entry);
        made.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
        made.extend(map(&[
            ("binary_format_major_version", number(5, &[2])),
            ("binary_format_minor_version", number(5, &[])),
            ("build_epoch", number(9, &built.to_be_bytes())),
            ("database_type", text("Test")),
            ("description", map(&[])),
            ("ip_version", number(5, &[4])),
            ("languages", vec![0, 4]),
            ("node_count", number(6, &length.to_be_bytes())),
            ("record_size", number(5, &[24])),
        ]));
        made
    }

    #[test]
    fn files_say_country_and_operator_of_public_addresses() {
        let directory = tempfile::tempdir().expect("a directory");
        let paths = ["country.mmdb", "asn.mmdb"].map(|name| directory.path().join(name));
        fs::write(&paths[0], file([203, 0, 113, 0], 24, &country("VN"), 1_700_000_000)).expect("written");
        fs::write(&paths[1], file([203, 0, 112, 0], 20, &operator(64_500, "Example"), 1_700_000_000)).expect("written");
        let geoip = GeoIp::open(&paths, 1);
        assert!(geoip.files().iter().all(|file| file.problem.is_none()), "{:?}", geoip.files());
        let find = |address: &str| geoip.find(address.parse().expect("an address"));
        let said = find("203.0.113.9");
        assert_eq!(
            said,
            Said { country: Some("VN".into()), number: Some(64_500.into()), name: Some("Example".into()) }
        );
        assert_eq!(find("::ffff:203.0.113.9"), said);
        assert_eq!((find("203.0.115.9").country, find("203.0.115.9").number), (None, Some(64_500.into())));
        for nobody in ["198.51.100.1", "10.1.2.3", "2001:db8::1"] {
            assert_eq!(find(nobody), Said::default(), "{nobody}");
        }
    }

    #[test]
    fn a_file_that_is_replaced_is_read_again_and_a_broken_one_leaves_the_old_in_force() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("country.mmdb");
        let geoip = GeoIp::open(std::slice::from_ref(&path), 1);
        assert!(geoip.is_empty() && geoip.files()[0].problem.is_some(), "it is not there yet");
        assert!(geoip.changed(1).is_none());
        fs::write(&path, file([203, 0, 113, 0], 24, &country("VN"), 1_700_000_000)).expect("written");
        let there = geoip.changed(1).expect("it came");
        let address: IpAddr = "203.0.113.9".parse().expect("an address");
        assert_eq!(there.find(address).country, Some("VN".into()));
        let built = 1_700_000_000 * SECOND;
        let state = there.files().remove(0);
        assert_eq!((state.built, state.problem.clone()), (Some(built), None));
        assert!(!state.is_old(60, built + DAY) && state.is_old(60, built + 61 * DAY));
        fs::write(&path, "nothing of the kind").expect("written");
        let broken = there.changed(1).expect("it is another");
        assert_eq!(broken.find(address).country, Some("VN".into()));
        assert!(broken.files()[0].problem.is_some() && broken.changed(1).is_none());
    }
}
