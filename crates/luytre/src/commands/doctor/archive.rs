//! Whether the archive of events works.

use crate::configuration::Configuration;
use crate::control;
use crate::examination::{Check, Examiner, check};
use event_store::{ArchiveFound, examine_archive};

/// A clock that is so far off is not well: requests are refused at a quarter of an hour.
const CLOCK_SECONDS: i64 = 300;

impl Examiner {
    /// Writes, reads and removes an object of the archive, where there is one.
    pub(super) async fn archive(self, configuration: &Configuration) -> Option<Check> {
        // Settings that are wrong were told when they were read.
        let settings = configuration.events.archive.settings().ok()??;
        let (name, now) = (control::new_secret(), jiff::Timestamp::now().as_microsecond());
        let looked = tokio::task::spawn_blocking(move || examine_archive(&settings, &name, now)).await;
        Some(match looked {
            Ok(Ok(found)) => self.found_archive(&found),
            Ok(Err(error)) => check("archive", Err(self.quote("doctor-archive-wrong", error.to_string()))),
            Err(error) => check("archive", Err(self.quote("doctor-no-answer", error.to_string()))),
        })
    }

    fn found_archive(self, found: &ArchiveFound) -> Check {
        let place = ("place", found.place.as_str().into());
        let says = match found.clock_ahead.map(i64::abs) {
            Some(seconds @ CLOCK_SECONDS..) => {
                let seconds = ("seconds", usize::try_from(seconds).unwrap_or(usize::MAX).into());
                return check("archive", Err(self.say("doctor-archive-clock", &[place, seconds])));
            }
            _ => self.say("doctor-archive-well", &[place]),
        };
        check("archive", Ok(says))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Lang;

    #[test]
    fn an_archive_with_another_time_is_not_well() {
        let told = |clock_ahead| {
            let found = ArchiveFound { place: "https://s3/bucket".into(), clock_ahead, keeps_apart: true };
            Examiner(Lang::En).found_archive(&found)
        };
        assert!(told(Some(-20)).well && told(None).says.contains("https://s3/bucket"));
        assert!(!told(Some(-1200)).well && told(Some(1200)).says.contains("1200"), "{}", told(Some(1200)).says);
    }
}
