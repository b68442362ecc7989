//! The law of response as a book of regulations.

use super::{Law, describe, effect, put_in_force, read, words};
use crate::duties::{service, store};
use kit::clock::Micros;
use kit::{Error, Lang, Tx, View};
use organisation::regulations::{Book, Description, Fault, Files, Work};

/// Duties, forms, scales of severity and calendars.
pub struct ResponseLaw;

impl Book for ResponseLaw {
    fn folders(&self) -> &'static [&'static str] {
        read::FOLDERS
    }

    fn embedded(&self) -> Files {
        read::embedded()
    }

    fn faults(&self, files: &Files) -> Vec<Fault> {
        Law::read(files).err().unwrap_or_default()
    }

    fn describe(&self, path: &str, text: &str, lang: Lang) -> Description {
        describe::describe(path, text, lang)
    }

    fn effects(&self, before: &Files, after: &Files, lang: Lang) -> Vec<String> {
        match (Law::read(before), Law::read(after)) {
            (Ok(before), Ok(after)) => {
                effect::effects(&before, &after).iter().map(|effect| effect.in_words(&after, lang)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn running<'a>(&'a self, view: &'a View<'_>, now: Micros, lang: Lang) -> Work<'a, Vec<String>> {
        Box::pin(async move {
            let (open, _) = service::count_running(view, now).await?;
            let key = if open == 0 { "law-running-none" } else { "law-running" };
            Ok(vec![words::say(lang, key, &[("count", open.into())])])
        })
    }

    /// Clocks that have begun keep what they have; others follow. A form that somebody still needs may not go.
    fn follow<'a>(&'a self, tx: &'a Tx<'_>, now: Micros, files: &'a Files) -> Work<'a, ()> {
        Box::pin(async move {
            let law = Law::read(files).map_err(|faults| Error::internal(format!("{faults:?}")))?;
            service::refresh_all_by(tx, now, &law).await?;
            let needed = store::needed_forms(tx).await?;
            if needed.iter().any(|form| law.form(form).is_none()) {
                return Err(Error::Conflict("law-form-still-needed"));
            }
            Ok(())
        })
    }

    fn put_in_force(&self, files: &Files) -> Result<(), Vec<Fault>> {
        put_in_force(Law::read(files)?);
        Ok(())
    }
}
