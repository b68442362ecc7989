//! Duties as pages show them: a cell of the matrix, a flag of the clock bar, the panel of the duty room, the counter.

use super::clock::{Clock, ClockState};
use super::store::{ClockRow, RunningClock};
use super::{Duty, service};
use crate::law::law;
use askama::Template;
use kit::calendar::vietnam_date;
use kit::clock::Micros;
use kit::page::{Counter, DutyState, Page, PageParts, Tone};
use kit::{App, Error, Lang, Scope};
use std::sync::Arc;

/// How many clocks the duty room lists; the rest is one click away.
const PANEL: u64 = 12;

impl ClockState {
    /// Key of the word.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotApplicable => "clock-state-not-applicable",
            Self::NotDue => "clock-state-not-due",
            Self::Running => "clock-state-running",
            Self::Late => "clock-state-late",
            Self::Sent { late: false, .. } => "clock-state-sent",
            Self::Sent { late: true, .. } => "clock-state-sent-late",
            Self::Receipt { late: false, .. } => "clock-state-receipt",
            Self::Receipt { late: true, .. } => "clock-state-receipt-late",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::NotApplicable | Self::NotDue => Tone::Neutral,
            Self::Running => Tone::Active,
            Self::Late => Tone::Bad,
            Self::Sent { late: true, .. } | Self::Receipt { late: true, .. } => Tone::Attention,
            Self::Sent { .. } | Self::Receipt { .. } => Tone::Good,
        }
    }

    /// As the clock bar of kit names it; `None` for what has no place on a line.
    fn on_the_bar(self) -> DutyState {
        match self {
            Self::NotApplicable | Self::NotDue => DutyState::NotApplicable,
            Self::Running => DutyState::Running,
            Self::Late => DutyState::Late,
            Self::Sent { at, late } | Self::Receipt { sent_at: at, late, .. } => {
                if late {
                    DutyState::SentLate(at)
                } else {
                    DutyState::Sent(at)
                }
            }
        }
    }
}

/// A flag of the clock bar. Duties without a deadline yet, and those that do not apply, have none.
pub fn flag(duty: &Duty, clock: &Clock, lang: Lang, href: String) -> Option<kit::page::Duty> {
    let state = clock.state.on_the_bar();
    let due = clock.due_at.filter(|_| state != DutyState::NotApplicable)?;
    Some(kit::page::Duty { name: duty.short.of(lang).to_owned(), due, state, href })
}

/// Column of the matrix.
pub struct MatrixColumn {
    pub duty: Arc<Duty>,
    pub name: String,
    pub title: String,
}

/// Columns for the duties in force now: those of law first, then of plans, the shortest first.
pub fn columns(lang: Lang, now: Micros) -> Vec<MatrixColumn> {
    let mut duties = law().duties_from(vietnam_date(now));
    duties.sort_by(|one, other| (one.amount, one.status, &one.id).cmp(&(other.amount, other.status, &other.id)));
    let column = |duty: Arc<Duty>| MatrixColumn {
        name: duty.short.of(lang).to_owned(),
        title: duty.title.of(lang).to_owned(),
        duty,
    };
    duties.into_iter().map(column).collect()
}

/// One cell: colour and word, and the time that matters.
pub struct MatrixCell {
    pub state: ClockState,
    pub provisional: bool,
    pub due_at: Option<Micros>,
    pub sent_at: Option<Micros>,
}

/// Cells of one incident in the order of the columns; `None` where the duty was not valid for it.
pub fn cells(columns: &[MatrixColumn], clocks: &[ClockRow], now: Micros) -> Vec<Option<MatrixCell>> {
    let cell = |column: &MatrixColumn| {
        let clock = clocks.iter().find(|clock| clock.duty_id == column.duty.id)?;
        let (state, provisional) = (clock.state(now), clock.provisional);
        Some(MatrixCell { state, provisional, due_at: clock.due_at, sent_at: clock.sent_at })
    };
    columns.iter().map(cell).collect()
}

/// A running clock in words.
pub struct PanelRow {
    pub clock: RunningClock,
    pub duty: String,
    pub recipient: String,
    pub due_at: Micros,
    pub state: ClockState,
}

#[derive(Template)]
#[template(path = "duties/templates/panel.html")]
struct Panel {
    page: Page,
    rows: Vec<PanelRow>,
    more: u64,
}

/// The clocks that run, worst first: fragment for the duty room. Empty of clocks it says so in one line.
pub async fn panel(app: &App, scope: &Scope, lang: Lang) -> Result<String, Error> {
    let now = kit_now(app);
    let connection = app.db.scoped(scope).read();
    let (open, _) = service::count_running(&connection, now).await?;
    let clocks = service::running(&connection, PANEL).await?;
    let rows: Vec<PanelRow> = clocks.into_iter().filter_map(|clock| panel_row(clock, lang, now)).collect();
    let more = open.saturating_sub(rows.len() as u64);
    let page = Page::new(PageParts { lang, now, ..PageParts::default() });
    Panel { page, rows, more }.render().map_err(Error::internal)
}

fn panel_row(clock: RunningClock, lang: Lang, now: Micros) -> Option<PanelRow> {
    let due_at = clock.clock.due_at?;
    // A duty that is no longer in the content keeps its identifier as name.
    let duty = clock.terms.clone().or_else(|| law().duty(&clock.clock.duty_id).cloned());
    let name = duty.as_ref().map_or_else(|| clock.clock.duty_id.clone(), |duty| duty.short.of(lang).to_owned());
    let recipient = duty.map(|duty| duty.recipient.name(lang).to_owned()).unwrap_or_default();
    Some(PanelRow { state: clock.clock.state(now), due_at, duty: name, recipient, clock })
}

fn kit_now(app: &App) -> Micros {
    app.clock.now()
}

/// "3 đồng hồ" of the top bar; none for those who may not see incidents.
pub async fn counter(app: &App, scope: &Scope) -> Result<Option<Counter>, Error> {
    if !scope.may(kit::Capability::ViewIncidents) {
        return Ok(None);
    }
    let (open, late) = service::count_running(&app.db.scoped(scope).read(), kit_now(app)).await?;
    Ok(Some(Counter {
        name: "clocks".to_owned(),
        icon: "clock".to_owned(),
        count: open,
        key: "shell-counter-clocks".to_owned(),
        href: "/incidents".to_owned(),
        urgent: late > 0,
    }))
}
