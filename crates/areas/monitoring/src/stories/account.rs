//! A story in words: its title and a paragraph that tells it, put together from texts of the locale. No name or value is
//! left out of what the reader's scope gives, and nothing is added.

use super::policy::StoryPolicy;
use super::{Link, Story};
use crate::rules::techniques::tactic;
use crate::settings::Settings;
use kit::clock::Micros;
use kit::locale::{Argument, texts};
use kit::page::{Format, Severity};
use kit::web::Visit;
use kit::{Error, Lang};

/// Values of a kind that a sentence names; of the others it says how many.
const NAMED: usize = 3;
/// Stages that are told one by one.
const TOLD: usize = 8;

/// A story as a list shows it.
pub struct StoryLine {
    pub id: String,
    pub title: String,
    pub account: String,
    pub severity: Severity,
    pub alerts: usize,
    pub open: usize,
    pub first: Micros,
    pub last: Micros,
}

impl StoryLine {
    pub fn of(visit: &Visit, stories: Vec<Story>) -> Result<Vec<Self>, Error> {
        let settings = Settings::of(&visit.app)?;
        let policy = &settings.scoring.story;
        let format = Format::new(visit.lang, visit.now());
        let line = |story: Story| Self {
            title: title(&story, policy, visit.lang),
            account: account(&story, policy, visit.lang, &format),
            severity: story.severity(),
            alerts: story.alerts.len(),
            open: story.open(),
            first: story.first(),
            last: story.last(),
            id: story.id,
        };
        Ok(stories.into_iter().map(line).collect())
    }
}

/// Where it happens and how far it has come: `MAY01, MAY02: thực thi mã → di chuyển ngang`.
pub fn title(story: &Story, policy: &StoryPolicy, lang: Lang) -> String {
    let stages: Vec<String> = story.stages(policy).iter().map(|(name, _)| tactic(name, lang)).collect();
    let way = match stages.as_slice() {
        [] => String::new(),
        all if all.len() <= 4 => all.join(" → "),
        [first, .., last] => format!("{first} → … → {last}"),
        [only] => only.clone(),
    };
    let arguments = [("where", whereabouts(story, policy, lang).into()), ("way", way.into())];
    texts().text_with(lang, "story-heading", &arguments)
}

fn whereabouts(story: &Story, policy: &StoryPolicy, lang: Lang) -> String {
    let of_kind = |kind: &str| -> Vec<&str> {
        story.links.iter().filter(|link| link.kind == kind).map(|link| link.value.as_str()).collect()
    };
    for kind in policy.kinds() {
        let values = of_kind(kind);
        if !values.is_empty() {
            return some_of(&values, lang);
        }
    }
    story.alerts.first().map(|alert| alert.entity.value.clone()).unwrap_or_default()
}

fn some_of(values: &[&str], lang: Lang) -> String {
    let named = values.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match values.len().checked_sub(NAMED) {
        None | Some(0) => named,
        Some(more) => {
            let arguments = [("named", named.into()), ("more", count(more, lang))];
            texts().text_with(lang, "story-and-more", &arguments)
        }
    }
}

fn count(number: usize, lang: Lang) -> Argument<'static> {
    Format::new(lang, 0).number(number as u64).into()
}

/// The paragraph.
pub fn account(story: &Story, policy: &StoryPolicy, lang: Lang, format: &Format) -> String {
    let text = |key: &str, arguments: &[(&str, Argument<'_>)]| texts().text_with(lang, key, arguments);
    let (first, last) = (story.first(), story.last());
    let is_one_day = format.date(first) == format.date(last);
    // The day is told once where it is one.
    let moment = |at: Micros| match is_one_day {
        true => format.time(at),
        false => text("story-account-moment", &[("time", format.time(at).into()), ("date", format.date(at).into())]),
    };
    let begin = match (is_one_day, moment(first) == moment(last)) {
        (true, true) => "story-account-begin-minute",
        (true, false) => "story-account-begin-day",
        (false, _) => "story-account-begin",
    };
    let mut sentences = vec![text(
        begin,
        &[
            ("first", moment(first).into()),
            ("last", moment(last).into()),
            ("date", format.date(first).into()),
            ("count", count(story.alerts.len(), lang)),
            ("links", shared(&story.links, policy, lang).into()),
        ],
    )];
    let mut stages = story.stages(policy);
    stages.truncate(TOLD);
    // The alert that tells a stage best need not be its first, and people read on in time.
    stages.sort_by_key(|(_, alert)| alert.first_event_time);
    for (place, (name, alert)) in stages.iter().enumerate() {
        let opens = place == 0 && alert.first_event_time == first;
        let key = if opens { "story-account-first" } else { "story-account-next" };
        sentences.push(text(
            key,
            &[
                ("time", moment(alert.first_event_time).into()),
                ("tactic", tactic(name, lang).into()),
                ("title", alert.title(lang).to_owned().into()),
                ("entity", alert.entity.value.clone().into()),
            ],
        ));
    }
    if story.alerts.len() > stages.len() {
        sentences.push(text("story-account-others", &[("count", count(story.alerts.len() - stages.len(), lang))]));
    }
    let severity = texts().text(lang, story.severity().key());
    let open = story.open();
    let key = if open == 0 { "story-account-settled" } else { "story-account-open" };
    sentences.push(text(key, &[("severity", severity.to_lowercase().into()), ("count", count(open, lang))]));
    sentences.join(" ")
}

fn shared(links: &[Link], policy: &StoryPolicy, lang: Lang) -> String {
    let part = |kind: &str| {
        let values: Vec<&str> = links.iter().filter(|link| link.kind == kind).map(|link| link.value.as_str()).collect();
        let arguments = [("values", some_of(&values, lang).into())];
        (!values.is_empty()).then(|| texts().text_with(lang, &format!("story-link-{kind}"), &arguments))
    };
    policy.kinds().filter_map(part).collect::<Vec<_>>().join("; ")
}
