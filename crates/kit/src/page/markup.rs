//! Components that are drawn from one value: each a method of [`Page`] that returns finished markup, so that a
//! template of any crate says `{{ page.severity(alert.severity) }}`. Arguments are references because askama passes
//! variables and fields by reference; a call's result is passed with `&`.

use super::badges::{GivenLevel, GivenSeverity, GivenTone};
use super::clock_bar::{Drawing, Mark, Placed};
use super::format::When;
use super::presence::Cell;
use super::{
    Chip, ClockBar, Counter, Entry, ErrorSummary, Histogram, Interval, Level, Page, Pagination, Presence, Severity,
    SlotState, Sorting, Sparkline, Tab, Tone, VerdictMark, iso,
};
use crate::clock::Micros;
use askama::Template;
use std::fmt;

/// HTML made by a template that escaped what it was given; it is not escaped again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl askama::FastWritable for Markup {
    fn write_into(&self, out: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(out.write_str(&self.0)?)
    }
}

impl askama::filters::HtmlSafe for Markup {}

impl<T: Template> From<T> for Markup {
    /// A template can only fail by a failing `Display`, which none of ours has; an empty part would be seen.
    fn from(part: T) -> Self {
        Self(part.render().unwrap_or_default())
    }
}

/// Declares the template of a part and the method of `Page` that draws it: first values by reference, then words,
/// which may come as `String` or `&str`.
macro_rules! part {
    ($(#[$doc:meta])* $method:ident, $part:ident, $path:literal, { $($name:ident: $kind:ty),* }, words { $($word:ident),+ }) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $part<'a> {
            page: &'a Page,
            $($name: &'a $kind,)*
            $($word: &'a str,)+
        }

        impl Page {
            $(#[$doc])*
            pub fn $method(&self, $($name: &$kind,)* $($word: impl AsRef<str>),+) -> Markup {
                $part { page: self, $($name,)* $($word: $word.as_ref()),+ }.into()
            }
        }
    };
    ($(#[$doc:meta])* $method:ident, $part:ident, $path:literal, { $($name:ident: $kind:ty),* }) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $part<'a> {
            page: &'a Page,
            $($name: &'a $kind,)*
        }

        impl Page {
            $(#[$doc])*
            pub fn $method(&self, $($name: &$kind),*) -> Markup {
                $part { page: self, $($name),* }.into()
            }
        }
    };
}

part!(/// An icon of the sprite; always beside a word, so it is hidden from those who hear the page.
    icon, IconPart, "parts/icon.html", {}, words { name });
part!(/// "vì sao?" beside anything computed; `name` says of what.
    why, WhyPart, "parts/why.html", {}, words { href, name });
part!(/// Button that copies `text`; appears only where scripts run.
    copy, CopyPart, "parts/copy.html", {}, words { text });
part!(/// Button that opens a calendar for the field with this id; appears only where scripts run.
    calendar, CalendarPart, "parts/calendar.html", {}, words { field });
part!(/// Filters in use; `clear` is the list without any.
    chips, ChipsPart, "parts/chips.html", { chips: [Chip] }, words { clear });
part!(/// What an empty page says: what is not there, why, and the next step (`href` empty for none; left out where its reader
    /// may not go there).
    empty, EmptyPart, "parts/empty.html", {}, words { icon, title, text, href, act });
part!(/// Verdict with the age of its evidence.
    verdict, VerdictPart, "parts/verdict.html", { mark: VerdictMark });
part!(/// A figure of the top bar.
    counter, CounterPart, "parts/counter.html", { counter: Counter });
part!(/// All figures of the top bar, for `GET /counters` when there is news.
    counters_bar, CountersPart, "counters.html", {});
part!(/// Messages after an act.
    flashes, FlashesPart, "parts/flashes.html", {});
part!(/// The interval bar.
    interval, IntervalPart, "parts/interval.html", { bar: Interval });
part!(/// Counts over time in a table cell.
    sparkline, SparklinePart, "parts/sparkline.html", { line: Sparkline });
part!(/// Histogram with its table behind.
    histogram, HistogramPart, "parts/histogram.html", { chart: Histogram });
part!(/// Which rows are shown and links to the other pages.
    pagination, PaginationPart, "parts/pagination.html", { pages: Pagination });
part!(/// One field with label, hint and error.
    field, FieldPart, "parts/field.html", { entry: Entry });

#[derive(Template)]
#[template(path = "parts/error_summary.html")]
struct ErrorSummaryPart<'a> {
    page: &'a Page,
    errors: &'a ErrorSummary,
    /// Key of what became of the input.
    kept: &'static str,
}

#[derive(Template)]
#[template(path = "parts/tabs.html")]
struct TabsPart<'a> {
    page: &'a Page,
    name: &'a str,
    tabs: &'a [Tab],
}

#[derive(Template)]
#[template(path = "parts/severity.html")]
struct SeverityPart<'a> {
    page: &'a Page,
    severity: Severity,
}

#[derive(Template)]
#[template(path = "parts/tag.html")]
struct TagPart<'a> {
    text: &'a str,
    tone: Tone,
}

#[derive(Template)]
#[template(path = "parts/level.html")]
struct LevelPart {
    level: Level,
    name: String,
}

#[derive(Template)]
#[template(path = "parts/time.html")]
struct TimePart<'a> {
    page: &'a Page,
    at: Micros,
    iso: String,
}

#[derive(Template)]
#[template(path = "parts/until.html")]
struct UntilPart<'a> {
    page: &'a Page,
    at: Micros,
    iso: String,
    late: bool,
}

#[derive(Template)]
#[template(path = "parts/clock_bar.html")]
struct ClockBarPart<'a> {
    page: &'a Page,
    bar: &'a ClockBar,
    marks: Vec<Placed<'a>>,
    now_place: String,
    drawing: Drawing,
}

#[derive(Template)]
#[template(path = "parts/presence.html")]
struct PresencePart<'a> {
    page: &'a Page,
    strip: &'a Presence,
    cells: Vec<Cell<'a>>,
}

#[derive(Template)]
#[template(path = "parts/presence_key.html")]
struct PresenceKeyPart<'a> {
    page: &'a Page,
    states: Vec<(SlotState, u32, u32)>,
}

#[derive(Template)]
#[template(path = "parts/sort_head.html")]
struct SortHeadPart<'a> {
    page: &'a Page,
    sorting: &'a Sorting,
    column: &'a str,
    label: &'a str,
    number: bool,
}

impl Page {
    /// Severity as word, shape and colour.
    pub fn severity(&self, severity: impl GivenSeverity) -> Markup {
        SeverityPart { page: self, severity: severity.given_severity() }.into()
    }

    /// Everything wrong with a form, first thing on the page; takes the focus.
    pub fn error_summary(&self, errors: &ErrorSummary) -> Markup {
        ErrorSummaryPart { page: self, errors, kept: "shell-error-summary-kept" }.into()
    }

    /// The same of a form of passwords and codes, which are never shown again.
    pub fn secret_error_summary(&self, errors: &ErrorSummary) -> Markup {
        ErrorSummaryPart { page: self, errors, kept: "shell-error-summary-secrets" }.into()
    }

    /// What is wrong with a moment as it was typed; empty for nothing.
    pub fn moment_fault(&self, typed: impl AsRef<str>) -> String {
        crate::civil::moment_in("", typed.as_ref())
            .map_or_else(|_| self.t(crate::civil::MOMENT_WRONG), |_| String::new())
    }

    /// Tabs, each a link; `name` says of what.
    pub fn tabs(&self, name: impl AsRef<str>, tabs: &[Tab]) -> Markup {
        TabsPart { page: self, name: name.as_ref(), tabs }.into()
    }

    /// A status in a word; the tone groups.
    pub fn tag(&self, text: impl AsRef<str>, tone: impl GivenTone) -> Markup {
        TagPart { text: text.as_ref(), tone: tone.given_tone() }.into()
    }

    /// C1 … C5 next to a system's name.
    pub fn level(&self, level: impl GivenLevel) -> Markup {
        let level = level.given_level();
        LevelPart { level, name: self.tn("shell-level", "level", level.number()) }.into()
    }

    /// A time: relative on screen, absolute on hover and in print.
    pub fn time(&self, at: impl When) -> Markup {
        let at = at.micros();
        TimePart { page: self, at, iso: iso(at) }.into()
    }

    /// What is left until a deadline or by how much it is missed; ticks in the browser.
    pub fn until(&self, at: impl When) -> Markup {
        let at = at.micros();
        UntilPart { page: self, at, iso: iso(at), late: at < self.now }.into()
    }

    /// The clock bar of one incident.
    pub fn clock_bar(&self, bar: &ClockBar) -> Markup {
        let marks = bar.placed(self);
        ClockBarPart { page: self, bar, drawing: Drawing::of(&marks), now_place: bar.now_place(self), marks }.into()
    }

    /// The presence strip of one source or system.
    pub fn presence(&self, strip: &Presence) -> Markup {
        PresencePart { page: self, strip, cells: strip.cells(self) }.into()
    }

    /// What the marks of presence strips mean; once a page.
    pub fn presence_key(&self) -> Markup {
        let states = SlotState::ALL.into_iter().map(|state| {
            let (y, height) = state.mark();
            (state, y, height)
        });
        PresenceKeyPart { page: self, states: states.collect() }.into()
    }

    /// Head of a column that can be sorted by; `number` aligns it right.
    pub fn sort_head(&self, sorting: &Sorting, column: &str, label: impl AsRef<str>, number: bool) -> Markup {
        SortHeadPart { page: self, sorting, column, label: label.as_ref(), number }.into()
    }
}
