//! What a file of the law says, for people.

use super::law;
use super::read::DutyFile;
use super::words::{conditions, deadline, say, seen};
use crate::duties::Duty;
use crate::notices::form::NoticeForm;
use crate::severity::Scale;
use kit::Lang;
use kit::calendar::CalendarYear;
use organisation::regulations::{Description, Provision};

/// A file that does not read has its path as title and says nothing.
pub(super) fn describe(path: &str, text: &str, lang: Lang) -> Description {
    let folder = path.split_once('/').map(|(folder, _)| folder).unwrap_or_default();
    let described = match folder {
        "duties" => toml::from_str(text).ok().map(|file: DutyFile| of_duties(file, lang)),
        "reports" => toml::from_str(text).ok().map(|form: NoticeForm| of_form(&form, lang)),
        "severity" => toml::from_str(text).ok().map(|scale: Scale| of_scale(&scale, lang)),
        _ => toml::from_str(text).ok().map(|year: CalendarYear| of_year(&year, lang)),
    };
    described.unwrap_or_else(|| Description { title: path.to_owned(), ..Description::default() })
}

fn of_duties(file: DutyFile, lang: Lang) -> Description {
    let duties: Vec<Duty> = file.duty.into_iter().map(toml::Spanned::into_inner).collect();
    let mut documents: Vec<String> = Vec::new();
    for duty in &duties {
        if !documents.contains(&duty.basis.document) {
            documents.push(duty.basis.document.clone());
        }
    }
    let ends = duties.iter().map(|duty| duty.valid_to).collect::<Option<Vec<_>>>();
    Description {
        title: match documents.is_empty() {
            true => say(lang, "law-no-duties", &[]),
            false => say(lang, "law-duties-of", &[("document", documents.join("; ").into())]),
        },
        valid_from: duties.iter().map(|duty| duty.valid_from).min(),
        valid_to: ends.and_then(|ends| ends.into_iter().max()),
        text_seen: seen(duties.iter().map(|duty| &duty.basis)),
        standing: String::new(),
        provisions: duties.iter().map(|duty| of_duty(duty, lang)).collect(),
        documents,
    }
}

fn of_duty(duty: &Duty, lang: Lang) -> Provision {
    let law = law();
    let signs: Vec<_> = duty.any_sign.iter().map(|sign| law.sign_words(sign, lang).to_owned()).collect();
    let form = law.form(&duty.form).map_or_else(|| duty.form.clone(), |form| form.title.of(lang).to_owned());
    let mut says = vec![say(lang, "law-deadline", &[("deadline", deadline(duty, lang).into())])];
    says.push(say(lang, "law-recipient", &[("name", duty.recipient.name(lang).to_owned().into())]));
    says.push(say(lang, "law-form", &[("title", form.into())]));
    says.extend(conditions(duty, &signs, lang));
    says.extend(duty.note.iter().map(|note| note.of(lang).to_owned()));
    if !duty.enabled {
        says.push(say(lang, "law-switched-off", &[]));
    }
    Provision {
        id: duty.id.clone(),
        title: duty.title.of(lang).to_owned(),
        says,
        basis: duty.basis.place(),
        valid_from: Some(duty.valid_from),
        valid_to: duty.valid_to,
        text_seen: duty.basis.text_seen(),
        standing: say(lang, duty.status.key(), &[]),
    }
}

/// The word of a file for how it stands, in words where there are some.
fn standing(status: &str, lang: Lang) -> String {
    match status {
        "in-force" | "announced" => say(lang, "clock-standing-in-force", &[]),
        "superseded" => say(lang, "law-superseded", &[]),
        _ => say(lang, "clock-standing-draft", &[]),
    }
}

fn of_form(form: &NoticeForm, lang: Lang) -> Description {
    Description {
        title: form.title.of(lang).to_owned(),
        documents: vec![form.basis.place()],
        valid_from: Some(form.valid_from),
        valid_to: form.valid_to,
        text_seen: form.basis.text_seen(),
        standing: standing(&form.status, lang),
        provisions: Vec::new(),
    }
}

fn of_scale(scale: &Scale, lang: Lang) -> Description {
    let provisions = scale.levels.iter().map(|level| Provision {
        id: level.id.clone(),
        title: level.title.of(lang).to_owned(),
        says: level.signs.iter().map(|sign| sign.title.of(lang).to_owned()).collect(),
        basis: scale.basis.place(),
        valid_from: Some(scale.valid_from),
        valid_to: scale.valid_to,
        text_seen: scale.basis.text_seen(),
        standing: String::new(),
    });
    Description {
        title: scale.title.of(lang).to_owned(),
        documents: vec![scale.basis.place()],
        valid_from: Some(scale.valid_from),
        valid_to: scale.valid_to,
        text_seen: scale.basis.text_seen(),
        standing: standing(&scale.status, lang),
        provisions: provisions.collect(),
    }
}

fn of_year(calendar: &CalendarYear, lang: Lang) -> Description {
    let note = calendar.note.as_ref().map(|note| match lang {
        Lang::Vi => note.vi.clone(),
        Lang::En => note.en.clone(),
    });
    let mut days = calendar.day_off.iter().chain(&calendar.working_day);
    let (first, last) = (jiff::civil::Date::new(calendar.year, 1, 1), jiff::civil::Date::new(calendar.year, 12, 31));
    Description {
        title: say(
            lang,
            "law-calendar",
            // As a text: a year would be grouped.
            &[("year", calendar.year.to_string().into()), ("count", calendar.day_off.len().into())],
        ),
        documents: note.into_iter().collect(),
        valid_from: first.ok(),
        valid_to: last.ok(),
        text_seen: days.all(|day| day.certainty == "stated"),
        standing: standing(&calendar.status, lang),
        provisions: Vec::new(),
    }
}
