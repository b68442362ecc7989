//! What a bundle brings besides rules: tables in folders of their own, for the registers that rules are matched with. A table is
//! taken as if somebody had imported it: what is new is added, what is there is renewed, nothing is taken away.

use crate::indicators::service::ListInput;
use crate::indicators::{self, Found};
use crate::rules::packs::PackFile;
use crate::settings::Settings;
use crate::{address_ranges, value_lists};
use detection::RuleError;
use kit::clock::Micros;
use kit::locale::texts;
use kit::{Error, Lang, Tx};
use organisation::sheets::{ReadTable, Report};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Tables of one bundle, and lines of all its lists and ranges together.
const MOST_TABLES: usize = 200;
const MOST_LINES: usize = 20_000;
/// Lines of a table that are named as refused; the rest are counted.
const MOST_NAMED: usize = 100;

/// The register that a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Register {
    /// `lists/*.csv`, as the page of lists imports them.
    ValueLists,
    /// `ranges/*.csv`, as the page of address ranges imports them.
    AddressRanges,
    /// `indicators/*.csv`, `.txt` or `.json`; the name of the file is that of the list.
    Indicators,
}

impl Register {
    /// The register of a file, by its folder and ending.
    pub fn of(path: &Path) -> Option<Self> {
        let folder = path.parent()?.to_str()?;
        let (stem, ending) = path.file_name()?.to_str()?.rsplit_once('.')?;
        match (folder, ending) {
            _ if stem.is_empty() || stem.starts_with('.') => None,
            ("lists", "csv") => Some(Self::ValueLists),
            ("ranges", "csv") => Some(Self::AddressRanges),
            ("indicators", "csv" | "txt" | "json") => Some(Self::Indicators),
            _ => None,
        }
    }

    /// Key of its name for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::ValueLists => "bundle-register-value-lists",
            Self::AddressRanges => "bundle-register-address-ranges",
            Self::Indicators => "bundle-register-indicators",
        }
    }
}

/// What one table does to its register, in lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brought {
    pub path: PathBuf,
    pub register: Register,
    pub added: u64,
    /// Given another note, name or time.
    pub changed: u64,
    pub same: u64,
    pub refused: u64,
}

/// The tables of a bundle, read but not taken.
#[derive(Debug, Default)]
pub struct Tables(Vec<Table>);

#[derive(Debug)]
struct Table {
    path: PathBuf,
    register: Register,
    lines: Lines,
}

#[derive(Debug)]
enum Lines {
    Values(ReadTable),
    Ranges(ReadTable),
    Indicators(Found),
    /// It is no table of its register.
    Unread(Error),
}

impl Lines {
    /// Lines that the registers are asked about one by one.
    fn count(&self) -> usize {
        match self {
            Self::Values(table) | Self::Ranges(table) => table.0.len(),
            Self::Indicators(_) | Self::Unread(_) => 0,
        }
    }
}

impl Tables {
    /// Reads the tables among these files, before the transaction that takes them.
    ///
    /// # Errors
    /// More of them, or more lines, than a bundle may have. What is wrong with a table is told when it is taken.
    pub async fn read(files: &[PackFile], settings: &Arc<Settings>, now: Micros) -> Result<Self, Error> {
        let mut tables: Vec<Table> = Vec::new();
        let mut left = MOST_LINES;
        for PackFile { path, text } in files {
            let Some(register) = Register::of(path) else { continue };
            if tables.len() >= MOST_TABLES {
                return Err(Error::mistake("bundle-many-tables", [("most", MOST_TABLES.to_string())]));
            }
            let text = text.clone().into_bytes();
            let read = match register {
                Register::ValueLists => value_lists::read_sheet(text).await.map(Lines::Values),
                Register::AddressRanges => address_ranges::read_sheet(text).await.map(Lines::Ranges),
                Register::Indicators => {
                    indicators::read_apart(settings.clone(), text, now).await.map(Lines::Indicators)
                }
            };
            let lines = match read {
                Err(error @ Error::Mistake(_)) => Lines::Unread(error),
                read => read?,
            };
            let path = path.clone();
            left = left.checked_sub(lines.count()).ok_or_else(|| {
                let numbers = [("path", path.display().to_string()), ("most", MOST_LINES.to_string())];
                Error::mistake("bundle-table-too-long", numbers)
            })?;
            tables.push(Table { path, register, lines });
        }
        Ok(Self(tables))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes every table: what each does, and the lines that were refused, in the language of who reads it. `source` is who
    /// publishes new lists of indicators.
    ///
    /// # Errors
    /// What a register refuses as a whole, with the name of the table; nothing may be committed then.
    pub async fn take(
        self,
        tx: &Tx<'_>,
        settings: &Settings,
        source: &str,
        lang: Lang,
        now: Micros,
    ) -> Result<(Vec<Brought>, Vec<RuleError>), Error> {
        let (mut brought, mut refused) = (Vec::new(), Vec::new());
        let enrichment = &settings.tuning.enrichment;
        for Table { path, register, lines } in self.0 {
            let taken = match lines {
                Lines::Values(table) => value_lists::import_sheet(tx, enrichment, now, table).await.map(Taken::Sheet),
                Lines::Ranges(table) => {
                    address_ranges::import_sheet(tx, enrichment, now, table).await.map(Taken::Sheet)
                }
                Lines::Indicators(found) => {
                    let name = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
                    onto_list(tx, settings, &name, source, found, now).await.map(Taken::Indicators)
                }
                Lines::Unread(error) => {
                    refused.push(RuleError { path: path.clone(), line: 1, reason: error.in_words(lang) });
                    brought.push(Brought { path, register, added: 0, changed: 0, same: 0, refused: 1 });
                    continue;
                }
            };
            let taken = taken.map_err(|error| about(&path, error, lang))?;
            let [added, changed, same, wrong] = taken.totals();
            refused.extend(taken.reasons(lang).take(MOST_NAMED).map(|(line, reason)| RuleError {
                path: path.clone(),
                line,
                reason,
            }));
            brought.push(Brought { path, register, added, changed, same, refused: wrong });
        }
        Ok((brought, refused))
    }
}

/// What became of a table in its own register's words.
enum Taken {
    Sheet(Report),
    Indicators(indicators::import::Report),
}

impl Taken {
    /// Added, changed, same, refused.
    fn totals(&self) -> [u64; 4] {
        match self {
            Self::Sheet(report) => {
                let totals = report.totals();
                [totals.new, totals.changed, totals.same, totals.refused].map(|count| count as u64)
            }
            Self::Indicators(report) => [report.added, report.renewed, 0, report.refused_total],
        }
    }

    /// Lines that were refused, and why. An object of STIX has no line; its id stands before the reason.
    fn reasons(&self, lang: Lang) -> Box<dyn Iterator<Item = (usize, String)> + '_> {
        match self {
            Self::Sheet(report) => Box::new(report.lines.iter().filter_map(move |line| {
                let reasons = line.reasons(lang);
                let number = usize::try_from(line.line).unwrap_or(usize::MAX);
                (!reasons.is_empty()).then(|| (number, reasons.join("; ")))
            })),
            Self::Indicators(report) => Box::new(report.refused.iter().map(move |one| {
                let reason = texts().text(lang, &format!("indicator-refusal-{}", one.reason));
                match one.place.parse::<usize>() {
                    Ok(line) => (line, format!("{}: {reason}", one.text)),
                    Err(_) => (1, format!("{}: {reason}", one.place)),
                }
            })),
        }
    }
}

/// Takes indicators onto the list of this name, which is made where it is not there.
async fn onto_list(
    tx: &Tx<'_>,
    settings: &Settings,
    name: &str,
    source: &str,
    found: Found,
    now: Micros,
) -> Result<indicators::import::Report, Error> {
    let settings = &settings.indicators;
    let list = match indicators::store::by_name(tx, name, now).await? {
        Some(list) => list,
        None => {
            let input = ListInput { source: source.to_owned(), ..ListInput::new(settings, name) };
            indicators::service::create(tx, settings, &input, now).await?
        }
    };
    indicators::import::take(tx, settings, &list, found, now).await
}

/// A register's refusal with the name of the table; what is not about the table goes on its way.
fn about(path: &Path, error: Error, lang: Lang) -> Error {
    match error {
        Error::Mistake(_) | Error::Conflict(_) | Error::Invalid(_) => {
            let reason = error.in_words(lang);
            Error::mistake("bundle-table", [("path", path.display().to_string()), ("reason", reason)])
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_their_folder_and_ending() {
        let of = |path: &str| Register::of(Path::new(path));
        assert_eq!(of("lists/quan-tri.csv"), Some(Register::ValueLists));
        assert_eq!(of("ranges/noi-bo.csv"), Some(Register::AddressRanges));
        for name in ["a.csv", "a.b.txt", "a.json"] {
            assert_eq!(of(&format!("indicators/{name}")), Some(Register::Indicators), "{name}");
        }
        let others = ["lists/a.txt", "lists/.csv", "lists/.a.csv", "a.csv", "x/lists/a.csv", "lists/x/a.csv", "lists"];
        assert!(others.into_iter().all(|path| of(path).is_none()));
        assert_eq!(of("rules/a.yml"), None);
    }

    #[tokio::test]
    async fn more_than_a_bundle_may_hold_is_refused_by_name() {
        let settings = Arc::new(Settings::embedded().unwrap());
        let file = |path: String, text: &str| PackFile { path: path.into(), text: text.to_owned() };
        let code = async |files: Vec<PackFile>| match Tables::read(&files, &settings, 0).await {
            Err(Error::Mistake(mistake)) => (mistake.code, mistake.arguments.clone()),
            other => panic!("{other:?}"),
        };
        let many = (0..=MOST_TABLES).map(|number| file(format!("indicators/{number}.txt"), "evil.example\n"));
        assert_eq!(code(many.collect()).await.0, "bundle-many-tables");
        let lines = format!("list,value\n{}", "a,b\n".repeat(MOST_LINES / 2 + 1));
        let long = ["lists/a.csv", "lists/b.csv"].map(|path| file(path.to_owned(), &lines));
        let (code, arguments) = code(long.into()).await;
        assert_eq!(code, "bundle-table-too-long");
        assert!(format!("{arguments:?}").contains("lists/b.csv"), "{arguments:?}");
        let odd = Tables::read(&[file("ranges/a.csv".into(), "name\nx\n")], &settings, 0).await.unwrap();
        assert!(matches!(odd.0[0].lines, Lines::Unread(_)), "{odd:?}");
    }
}
