//! "Who is on duty" on the duty page of the monitoring area: names, until when, who comes next, and what the
//! last shift left.

use super::store;
use askama::Template;
use kit::area::Slot;
use kit::locale::texts;
use kit::page::Format;
use kit::{App, Capability, Error, Lang, Scope};
use std::sync::Arc;

struct Row {
    name: String,
    post: String,
    phone: String,
    time: String,
}

struct Note {
    text: String,
    by: String,
}

#[derive(Template)]
#[template(path = "roster/templates/panel.html")]
struct Panel {
    on_duty: Vec<Row>,
    nobody: String,
    plan: String,
    may_change: bool,
    next: String,
    note: Option<Note>,
    all: String,
}

/// The slot `duty.panel`.
pub fn duty_panel() -> Slot {
    Slot {
        place: "duty.panel",
        title_key: "roster-on-duty",
        order: 10,
        capability: None,
        fragment: Arc::new(|app, scope, lang, _key| Box::pin(panel(app, scope, lang))),
    }
}

async fn panel(app: &App, scope: &Scope, lang: Lang) -> Result<String, Error> {
    let now = app.clock.now();
    let view = app.db.scoped(scope).read();
    let format = Format::new(lang, now);
    let t = |key: &str| texts().text(lang, key);
    let tn = |key: &str, variables: &[(&str, kit::locale::Argument<'_>)]| texts().text_with(lang, key, variables);
    let on_duty = store::on_duty(&view, now).await?;
    let next = store::next_shifts(&view, now).await?;
    let names: Vec<_> = next.iter().map(|shift| shift.person_name.as_str()).collect();
    let begins = next.first().map(|shift| format.relative(shift.starts_at)).unwrap_or_default();
    let panel = Panel {
        on_duty: on_duty
            .into_iter()
            .map(|shift| Row {
                post: t(&shift.post_key()),
                time: tn("roster-until", &[("time", format.relative(shift.ends_at).into())]),
                name: shift.person_name,
                phone: shift.phone.to_string(),
            })
            .collect(),
        nobody: t("roster-nobody"),
        plan: t("roster-plan"),
        may_change: scope.may(Capability::ManageRoster),
        next: if names.is_empty() {
            String::new()
        } else {
            tn("roster-next", &[("names", names.join(", ").into()), ("time", begins.into())])
        },
        note: store::last_note(&view).await?.map(|shift| Note {
            by: format!("{} · {}", shift.note_by, shift.note_at.map(|at| format.date_time(at)).unwrap_or_default()),
            text: shift.note,
        }),
        all: t("roster-all"),
    };
    panel.render().map_err(Error::internal)
}
