//! The page: what every template gets as `page` (language, address, person, navigation, counters) and the
//! components it draws with. Rules for reading and changing data are not here; nothing in this module asks a
//! database.

mod address;
pub mod assets;
mod badges;
mod clock_bar;
mod entry;
mod format;
mod frame;
mod gallery;
mod histogram;
mod interval;
mod listing;
mod markup;
mod presence;
mod router;
mod sparkline;

pub use address::Address;
pub use badges::{GivenLevel, GivenSeverity, GivenTone, Level, Severity, Tone, Verdict, VerdictMark};
pub use clock_bar::{ClockBar, Duty, DutyState, Moment, MomentKind};
pub use entry::{Choice, Entry, ErrorSummary, FormErrors, Place, SummaryLine};
pub use format::{Format, Quantity, When, iso};
pub use frame::{Counter, Flash, FlashKind, NavigationItem, PersonBadge, ScopeChoice, Theme};
pub use gallery::{Gallery, gallery_router};
pub use histogram::{Histogram, Series};
pub use interval::{Interval, Trend};
pub use listing::{Chip, Pagination, Sorting, Tab};
pub use markup::Markup;
pub use presence::{Presence, Slot, SlotState};
pub use router::router;
pub use sparkline::Sparkline;

use crate::clock::Micros;
use crate::locale::{Argument, Lang, texts};
use crate::web::OpenPages;

/// Topics of news that pages listen to (`live::News::topic`); another topic reaches no page.
pub const TOPICS: [&str; 8] = ["alert", "incident", "source", "inbox", "clock", "roster", "event", "health"];

/// What the request extractor knows; `Page::new` makes the page of it.
#[derive(Debug, Clone, Default)]
pub struct PageParts {
    pub lang: Lang,
    pub theme: Theme,
    /// Path and query of the request, for example `/alerts?severity=high&page=2`.
    pub address: Address,
    /// Token that every form sends back as `csrf`.
    pub csrf: String,
    /// Name of the centre, a setting: "Trung tâm An ninh mạng tỉnh …".
    pub centre: String,
    /// Who is signed in; `None` on the sign-in page.
    pub person: Option<PersonBadge>,
    /// Scopes the person may look through; the chosen one is marked.
    pub scopes: Vec<ScopeChoice>,
    pub navigation: Vec<NavigationItem>,
    pub counters: Vec<Counter>,
    pub flash: Vec<Flash>,
    /// The time of the request.
    pub now: Micros,
    /// Address of the live stream (server-sent events), where the person has one.
    pub live: Option<String>,
    /// Which pages the person may open.
    pub open: OpenPages,
}

/// The context that each template gets as `page`.
#[derive(Debug, Clone)]
pub struct Page {
    pub lang: Lang,
    pub theme: Theme,
    pub address: Address,
    pub csrf: String,
    pub centre: String,
    pub person: Option<PersonBadge>,
    pub scopes: Vec<ScopeChoice>,
    pub navigation: Vec<NavigationItem>,
    pub counters: Vec<Counter>,
    pub flash: Vec<Flash>,
    pub now: Micros,
    pub live: Option<String>,
    open: OpenPages,
    /// The place of the navigation that this page belongs to, where its own address lies in none.
    pub place: Option<Address>,
    /// Numbers, times and sizes in the language of the page: `page.format.date_time(at)`.
    pub format: Format,
}

impl Page {
    pub fn new(parts: PageParts) -> Self {
        let format = Format::new(parts.lang, parts.now);
        Self {
            lang: parts.lang,
            theme: parts.theme,
            address: parts.address,
            csrf: parts.csrf,
            centre: parts.centre,
            person: parts.person,
            scopes: parts.scopes,
            navigation: parts.navigation,
            counters: parts.counters,
            flash: parts.flash,
            now: parts.now,
            live: parts.live,
            open: parts.open,
            place: None,
            format,
        }
    }

    /// The same page, in the navigation a part of another place.
    #[must_use]
    pub fn part_of(self, href: &str) -> Self {
        Self { place: Some(Address::parse(href)), ..self }
    }

    /// Whether a link leads its reader to a page: one that would be refused is shown as plain words.
    pub fn opens(&self, href: impl AsRef<str>) -> bool {
        self.open.opens(href.as_ref())
    }

    /// A token made once, for the field `request` of a form that makes something: sent twice, it is done once.
    pub fn request_token(&self) -> String {
        crate::id::new_id(self.now)
    }

    /// The text under `key` in the language of the page.
    pub fn t(&self, key: &str) -> String {
        texts().text(self.lang, key)
    }

    /// The text under `key` with one variable.
    pub fn tn(&self, key: &str, name: &str, value: impl TextValue) -> String {
        texts().text_with(self.lang, key, &[(name, value.argument())])
    }

    /// The text under `key` with two variables.
    pub fn tn2(
        &self,
        key: &str,
        name: &str,
        value: impl TextValue,
        second_name: &str,
        second: impl TextValue,
    ) -> String {
        texts().text_with(self.lang, key, &[(name, value.argument()), (second_name, second.argument())])
    }

    /// The text under `key` with any number of variables.
    pub fn tm(&self, key: &str, variables: &[(&str, Argument<'_>)]) -> String {
        texts().text_with(self.lang, key, variables)
    }

    /// Address of an embedded file: `page.asset("vendor/icons.svg")`.
    pub fn asset(&self, path: &str) -> String {
        assets::url(path)
    }

    /// Whether a navigation target is the place we are in: of all targets that hold it (the path itself or one below it),
    /// the one that names it most closely.
    pub fn is_here(&self, href: &str) -> bool {
        let entries = self.navigation.iter().flat_map(|item| std::iter::once(item).chain(&item.children));
        let mut closer = entries.map(|item| item.href.as_str()).filter(|other| other.len() > href.len());
        let address = self.place.as_ref().unwrap_or(&self.address);
        address.within(href) && !closer.any(|other| address.within(other))
    }

    /// Whether we are in an entry of the navigation or in one of its children.
    pub fn is_in(&self, item: &NavigationItem) -> bool {
        self.is_here(&item.href) || item.children.iter().any(|child| self.is_here(&child.href))
    }

    /// Chosen scope, for the top bar.
    pub fn scope_name(&self) -> &str {
        self.scopes.iter().find(|scope| scope.chosen).map(|scope| scope.name.as_str()).unwrap_or_default()
    }

    /// Texts and settings for our scripts, as JSON for a data block. `<` is escaped so that no text can end the
    /// block.
    pub fn script_settings(&self) -> String {
        let keys = [
            "shell-copied",
            "shell-new-rows",
            "shell-rows-changed",
            "shell-columns",
            "shell-late-by",
            "shell-left",
            "shell-live-lost",
            "shell-live-back",
            "shell-typed-kept",
        ];
        // Variables stay as `{name}` for the scripts to fill.
        let variables = [("count", "{count}".into()), ("duration", "{duration}".into())];
        let texts: serde_json::Map<String, serde_json::Value> =
            keys.iter().map(|key| ((*key).to_owned(), self.tm(key, &variables).into())).collect();
        let settings = serde_json::json!({
            "lang": self.lang.code(),
            "charts": self.asset("vendor/echarts.js"),
            "live": self.live,
            "person": self.person.as_ref().map(|person| &person.id),
            "topics": TOPICS,
            "now": self.now / 1000,
            "texts": texts,
        });
        json_block(&settings)
    }
}

/// What may be a variable of a text, by value or behind any number of references (templates pass references).
pub trait TextValue {
    fn argument(&self) -> Argument<'static>;
}

impl<T: TextValue + ?Sized> TextValue for &T {
    fn argument(&self) -> Argument<'static> {
        (**self).argument()
    }
}

impl TextValue for str {
    fn argument(&self) -> Argument<'static> {
        self.to_owned().into()
    }
}

impl TextValue for String {
    fn argument(&self) -> Argument<'static> {
        self.clone().into()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl TextValue for $number {
            fn argument(&self) -> Argument<'static> {
                (*self).into()
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, usize, i32, i64, f64);

/// JSON that may stand inside `<script type="application/json">`.
pub fn json_block(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests;
