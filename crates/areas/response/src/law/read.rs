//! Reading the files of the law, and whether they fit together. The same for what is built in, what a directory holds
//! and what somebody wants to put in force; every fault names its file, line and key.

use super::Law;
use crate::duties::{Duty, Standing};
use crate::notices::form::{NoticeForm, RESERVED};
use crate::notices::prefill::KNOWN;
use crate::severity::Scale;
use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use kit::calendar::{CalendarYear, WorkingCalendar};
use organisation::regulations::{Fault, Files, line_at, line_of_key};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::sync::Arc;
use toml::Spanned;

static DUTIES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/duties");
static REPORTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/reports");
static SEVERITY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/severity");
static CALENDARS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../content/calendars");

/// Folders of `content/` with what is built in of them.
pub(super) const FOLDERS: &[&str] = &["duties", "reports", "severity", "calendars"];

/// A year of days or of hours is more than any duty to report gives; more working days than that are not looked for.
const LONGEST: u32 = 8_784;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DutyFile {
    #[serde(default)]
    pub(super) duty: Vec<Spanned<Duty>>,
}

/// What is built in.
pub(super) fn embedded() -> Files {
    let mut files = Files::new();
    for (folder, dir) in FOLDERS.iter().zip([&DUTIES, &REPORTS, &SEVERITY, &CALENDARS]) {
        for file in dir.files() {
            let name = file.path().file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".toml"));
            if let (Some(name), Some(text)) = (name, file.contents_utf8()) {
                files.insert(format!("{folder}/{name}"), text.to_owned());
            }
        }
    }
    files
}

/// Where something stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    line: Option<usize>,
}

/// Something that a file lays down, and where.
struct Found<'a, T> {
    place: Place<'a>,
    what: T,
}

struct Reader<'a> {
    files: &'a Files,
    faults: Vec<Fault>,
}

impl Law {
    /// The law built into the program.
    ///
    /// # Errors
    /// Every fault: a broken build, which a test keeps from happening.
    pub fn embedded() -> Result<Self, Vec<Fault>> {
        Self::read(&embedded())
    }

    /// # Errors
    /// Every fault of every file, and of all together.
    pub fn read(files: &Files) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { files, faults: Vec::new() };
        let duties = reader.duties();
        let forms: Vec<Found<'_, NoticeForm>> = reader.files_of("reports");
        let scales: Vec<Found<'_, Scale>> = reader.files_of("severity");
        let years: Vec<Found<'_, CalendarYear>> = reader.files_of("calendars");
        // What does not read would be missed by others as well.
        if reader.faults.is_empty() {
            reader.check_forms(&forms);
            reader.check_scales(&scales);
            reader.check_years(&years);
            reader.check_duties(&duties, &forms, &scales);
        }
        if !reader.faults.is_empty() {
            return Err(reader.faults);
        }
        let years: Vec<_> = years.into_iter().map(|year| year.what).collect();
        Ok(Self {
            duties: duties.into_iter().map(|duty| Arc::new(duty.what)).collect(),
            forms: forms.into_iter().map(|form| Arc::new(form.what)).collect(),
            scales: scales.into_iter().map(|scale| scale.what).collect(),
            calendar: WorkingCalendar::new(years.iter().cloned()),
            years,
        })
    }
}

impl<'a> Reader<'a> {
    fn fault<const N: usize>(&mut self, place: Place<'_>, key: &'static str, arguments: [(&'static str, String); N]) {
        self.faults.push(Fault::new(place.path, place.line, key, arguments));
    }

    /// All files of a folder, in order of name.
    fn files_of<T: DeserializeOwned>(&mut self, folder: &str) -> Vec<Found<'a, T>> {
        let mut found = Vec::new();
        let within = |path: &str| path.split_once('/').is_some_and(|(first, _)| first == folder);
        for (path, text) in self.files.iter().filter(|(path, _)| within(path)) {
            match toml::from_str(text) {
                Ok(what) => found.push(Found { place: Place { path, line: None }, what }),
                Err(error) => self.faults.push(Fault::of_toml(path, text, &error)),
            }
        }
        found
    }

    /// The duties that are switched on.
    fn duties(&mut self) -> Vec<Found<'a, Duty>> {
        let mut duties = Vec::new();
        for file in self.files_of::<DutyFile>("duties") {
            let text = self.files.get(file.place.path).map(String::as_str).unwrap_or_default();
            for duty in file.what.duty {
                let place = Place { line: Some(line_at(text, duty.span().start)), ..file.place };
                duties.push(Found { place, what: duty.into_inner() });
            }
        }
        duties.retain(|duty| duty.what.enabled);
        duties
    }

    /// The line of a key at the top of a file.
    fn at<'place>(&self, place: Place<'place>, key: &str) -> Place<'place> {
        let text = self.files.get(place.path).map(String::as_str).unwrap_or_default();
        Place { line: line_of_key(text, key), ..place }
    }

    fn check_duties(
        &mut self,
        duties: &[Found<'_, Duty>],
        forms: &[Found<'_, NoticeForm>],
        scales: &[Found<'_, Scale>],
    ) {
        let signs: BTreeSet<&str> =
            scales.iter().flat_map(|one| one.what.signs()).map(|sign| sign.id.as_str()).collect();
        for (index, Found { place, what: duty }) in duties.iter().enumerate() {
            let id = || ("duty", duty.id.clone());
            if duty.id.trim().is_empty() || duty.recipient.id.trim().is_empty() {
                self.fault(*place, "law-fault-no-name", []);
            }
            if duty.amount > LONGEST {
                self.fault(*place, "law-fault-amount", [id(), ("most", LONGEST.to_string())]);
            }
            if duty.basis.document.trim().is_empty() {
                self.fault(*place, "law-fault-no-basis", [id()]);
            }
            if !duty.basis.text_seen() && duty.status != Standing::Draft {
                self.fault(*place, "law-fault-unseen", [id()]);
            }
            if !forms.iter().any(|form| form.what.id == duty.form) {
                self.fault(*place, "law-fault-no-form", [id(), ("form", duty.form.clone())]);
            }
            for sign in duty.any_sign.iter().filter(|sign| !signs.contains(sign.as_str())) {
                self.fault(*place, "law-fault-no-sign", [id(), ("sign", sign.clone())]);
            }
            if duty.valid_to.is_some_and(|last| last < duty.valid_from) {
                self.fault(*place, "law-fault-ends-before", [id()]);
            }
            let before = duties.iter().take(index).find(|other| {
                let other = &other.what;
                other.id == duty.id && overlap((other.valid_from, other.valid_to), (duty.valid_from, duty.valid_to))
            });
            if let Some(other) = before {
                let line = other.place.line.unwrap_or_default().to_string();
                let arguments = [id(), ("other", other.place.path.to_owned()), ("line", line)];
                self.fault(*place, "law-fault-overlap", arguments);
            }
        }
    }

    fn check_forms(&mut self, forms: &[Found<'_, NoticeForm>]) {
        for (index, Found { place, what: form }) in forms.iter().enumerate() {
            if let Some(other) = forms.iter().take(index).find(|other| other.what.id == form.id) {
                let arguments = [("form", form.id.clone()), ("other", other.place.path.to_owned())];
                self.fault(self.at(*place, "id"), "law-fault-same-form", arguments);
            }
            let mut ids = BTreeSet::new();
            for field in form.fields() {
                let id = || ("field", field.id.clone());
                if let Some(prefill) = field.prefill.as_ref().filter(|one| !KNOWN.contains(&one.as_str())) {
                    self.fault(*place, "law-fault-prefill", [id(), ("prefill", prefill.clone())]);
                }
                if RESERVED.contains(&field.id.as_str()) {
                    self.fault(*place, "law-fault-reserved", [id()]);
                }
                if !ids.insert(field.id.as_str()) {
                    self.fault(*place, "law-fault-same-field", [id()]);
                }
            }
        }
    }

    fn check_scales(&mut self, scales: &[Found<'_, Scale>]) {
        if let Some(first) = scales.first().filter(|_| scales.iter().all(|one| one.what.valid_to.is_some())) {
            self.fault(self.at(first.place, "valid_to"), "law-fault-no-scale", []);
        }
        for (index, Found { place, what: scale }) in scales.iter().enumerate() {
            let before = scales.iter().take(index).find(|other| {
                let other = &other.what;
                overlap((other.valid_from, other.valid_to), (scale.valid_from, scale.valid_to))
            });
            if let Some(other) = before {
                let arguments = [("scale", scale.id.clone()), ("other", other.place.path.to_owned())];
                self.fault(self.at(*place, "valid_from"), "law-fault-scales-overlap", arguments);
            }
            for level in &scale.levels {
                let has = |sign: &String| level.signs.iter().any(|one| one.id == *sign);
                for sign in level.every_sign.iter().filter(|sign| !has(sign)) {
                    self.fault(*place, "law-fault-every-sign", [("level", level.id.clone()), ("sign", sign.clone())]);
                }
            }
        }
    }

    fn check_years(&mut self, years: &[Found<'_, CalendarYear>]) {
        for (index, Found { place, what: calendar }) in years.iter().enumerate() {
            let year = || ("year", calendar.year.to_string());
            if let Some(other) = years.iter().take(index).find(|other| other.what.year == calendar.year) {
                let arguments = [year(), ("other", other.place.path.to_owned())];
                self.fault(self.at(*place, "year"), "law-fault-same-year", arguments);
            }
            let days = calendar.day_off.iter().chain(&calendar.working_day);
            for day in days.filter(|day| day.date.year() != calendar.year) {
                self.fault(*place, "law-fault-day", [year(), ("day", day.date.to_string())]);
            }
        }
    }
}

/// Whether two times meet; one without an end goes on.
fn overlap(one: (Date, Option<Date>), other: (Date, Option<Date>)) -> bool {
    one.1.is_none_or(|end| end >= other.0) && other.1.is_none_or(|end| end >= one.0)
}
