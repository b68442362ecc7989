//! `/me/notices`: on which channel one wants which kinds of news, quiet hours, digest, language.

use super::{Digest, Habits, Wish, service, store};
use crate::answers::again;
use crate::channels::{self, ChannelKind};
use crate::people;
use crate::policies::Policies;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::civil::{CLOCK_WRONG, clock};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Place};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Error, Lang};
use serde::Deserialize;

pub fn routes() -> Routes {
    Routes::new()
        .get("/me/notices", Access::SignedIn, show_own)
        .post("/me/notices", Access::SignedIn, change_habits)
        .post("/me/notices/channel", Access::SignedIn, change_wish)
}

/// One channel with the boxes of its kinds.
struct Offered {
    id: String,
    name: String,
    kind: String,
    kinds: Vec<Choice>,
    /// Where messages go, masked; empty: nothing is known.
    to: String,
    /// The field for it, at a gateway.
    address: Option<Entry>,
}

#[derive(Template)]
#[template(path = "subscriptions/templates/own.html")]
struct OwnNotices {
    page: Page,
    errors: ErrorSummary,
    offered: Vec<Offered>,
    habits: Vec<Entry>,
    through: String,
}

/// Element with the boxes of a channel.
fn kinds_id(channel: &str) -> String {
    format!("kinds-{channel}")
}

impl OwnNotices {
    async fn new(visit: &Visit, errors: FormErrors) -> Result<Self, Error> {
        let policies = Policies::of(&visit.app)?;
        let page = visit.page().await?;
        let view = visit.read();
        let id = visit.scope().person_id().ok_or(Error::Forbidden("notices"))?;
        let person = people::find(&view, id).await?;
        let wishes = store::of_person(&view).await?;
        let mut offered = Vec::new();
        let mut places = Vec::new();
        for channel in channels::offered_to(&view, &person.agency_id).await? {
            let wish = wishes.iter().find(|wish| wish.channel_id == channel.id);
            let chosen = |kind: &str| wish.is_some_and(|wish| channels::holds(&wish.kinds, kind));
            let own = wish.map(|wish| wish.address.clone()).unwrap_or_default();
            let gateway = channel.kind() == ChannelKind::Gateway;
            let address = gateway.then(|| {
                Entry::new("text", format!("address-{}", channel.id), page.t("news-address"))
                    .hint(page.t(if own.is_empty() { "news-address-hint" } else { "news-address-kept" }))
                    .autocomplete("off")
                    .checked(&errors)
            });
            places.push(Place {
                field: format!("address-{}", channel.id),
                element: address.as_ref().map_or_else(|| kinds_id(&channel.id), |address| address.name.clone()),
                label: channel.name.clone(),
            });
            let kinds = policies.notice.kind.iter();
            offered.push(Offered {
                kinds: kinds.map(|kind| Choice::new(kind.id.as_str(), page.t(&kind.key()), chosen(&kind.id))).collect(),
                kind: page.t(channel.kind().key()),
                to: if gateway { own.to_string() } else { person.email.to_string() },
                address,
                id: channel.id,
                name: channel.name,
            });
        }
        let habits = store::habits_of(&view).await?;
        let habits = entries(&page, &habits, &errors);
        places.extend(habits.iter().map(Place::from));
        Ok(Self {
            errors: errors.summary(places),
            habits,
            through: page.t(policies.notice.through_quiet_hours.key()),
            offered,
            page,
        })
    }
}

fn entries(page: &Page, habits: &Habits, errors: &FormErrors) -> Vec<Entry> {
    let time =
        |minute: Option<i64>| minute.map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).unwrap_or_default();
    let digests = Digest::ALL.map(|one| Choice::new(one.code(), page.t(one.key()), one == habits.digest)).to_vec();
    let languages = [(Lang::Vi, "Tiếng Việt"), (Lang::En, "English")];
    let languages = languages.map(|(lang, name)| Choice::new(lang.code(), name, lang == habits.lang)).to_vec();
    vec![
        Entry::new("time", "quiet_from", page.t("news-quiet-from"))
            .hint(page.t("news-quiet-hint"))
            .value(time(habits.quiet.map(|(from, _)| from)))
            .checked(errors),
        Entry::new("time", "quiet_until", page.t("news-quiet-until"))
            .value(time(habits.quiet.map(|(_, until)| until)))
            .checked(errors),
        Entry::new("radio", "digest", page.t("news-digest")).choices(digests).required().checked(errors),
        Entry::new("radio", "lang", page.t("news-language")).choices(languages).required().checked(errors),
    ]
}

async fn show_own(visit: Visit) -> Result<Response, Fail> {
    Ok(render(&OwnNotices::new(&visit, FormErrors::default()).await?)?.into_response())
}

#[derive(Deserialize)]
struct HabitsForm {
    #[serde(default)]
    quiet_from: String,
    #[serde(default)]
    quiet_until: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    lang: String,
}

impl HabitsForm {
    fn habits(&self) -> Result<Habits, Error> {
        let wrong = |field: &'static str| Error::invalid(field, CLOCK_WRONG);
        let from = minute(&self.quiet_from).ok_or_else(|| wrong("quiet_from"))?;
        let until = minute(&self.quiet_until).ok_or_else(|| wrong("quiet_until"))?;
        let quiet = match (from, until) {
            (None, None) => None,
            (Some(from), Some(until)) => Some((from, until)),
            (None, Some(_)) => return Err(Error::invalid("quiet_from", "field-required")),
            (Some(_), None) => return Err(Error::invalid("quiet_until", "field-required")),
        };
        let digest = Digest::from_code(&self.digest).ok_or_else(|| Error::unfit("digest", &self.digest))?;
        let lang = Lang::from_code(&self.lang).ok_or_else(|| Error::unfit("lang", &self.lang))?;
        Ok(Habits { quiet, digest, lang })
    }
}

/// Minute of the day of `22:30`; nothing for an empty text; `None` for what is no time.
fn minute(text: &str) -> Option<Option<i64>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    let time = clock(text)?;
    Some(Some(i64::from(time.hour()) * 60 + i64::from(time.minute())))
}

async fn change_habits(visit: Visit, Form(form): Form<HabitsForm>) -> Result<Response, Fail> {
    let done = async {
        let habits = form.habits()?;
        let tx = visit.begin().await?;
        service::set_habits(&tx, visit.now(), &habits).await?;
        tx.commit().await
    };
    answer(&visit, done.await).await
}

#[derive(Deserialize)]
struct WishForm {
    #[serde(default)]
    channel_id: String,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    address: String,
    /// The address that is kept goes.
    #[serde(default)]
    forget: String,
}

async fn change_wish(visit: Visit, Form(form): Form<WishForm>) -> Result<Response, Fail> {
    let done = async {
        let policies = Policies::of(&visit.app)?;
        let tx = visit.begin().await?;
        let address = match (form.address.trim(), form.forget.as_str()) {
            ("", "true") => String::new(),
            // Left empty it stays: the page shows a mask alone.
            ("", _) => {
                let kept = store::of_person(&tx).await?;
                let kept = kept.into_iter().find(|wish| wish.channel_id == form.channel_id);
                kept.map(|wish| wish.address.reveal().to_owned()).unwrap_or_default()
            }
            (typed, _) => typed.to_owned(),
        };
        let wish = Wish { channel_id: form.channel_id.clone(), kinds: form.kinds.clone(), address };
        service::set_wish(&tx, &policies.notice, visit.now(), wish).await?;
        tx.commit().await
    };
    answer(&visit, done.await).await
}

async fn answer(visit: &Visit, done: Result<(), Error>) -> Result<Response, Fail> {
    match done {
        Ok(()) => Ok(see_other_saying("/me/notices", FlashKind::Done, "news-changed")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&OwnNotices::new(visit, errors).await?)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::minute;

    #[test]
    fn times_are_read_and_nonsense_is_not() {
        assert_eq!(minute("22:30"), Some(Some(22 * 60 + 30)));
        assert_eq!(minute(" "), Some(None));
        for wrong in ["25:00", "đêm", "-1"] {
            assert_eq!(minute(wrong), None, "{wrong}");
        }
    }
}
