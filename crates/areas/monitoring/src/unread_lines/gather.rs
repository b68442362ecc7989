//! Templates of lines that nothing reads, gathered beside the pipeline and written with its cursor. What is read costs nothing;
//! of what is not, no more than a few lines of a batch are looked at, each for as many as it stands for, so that the count of a
//! source is right whatever it sends.

use super::Part;
use super::settings::UnreadLineSettings;
use crate::alerts::grouping::hash;
use crate::sources::resolver::Known;
use crate::sources::store::execute;
use event::Event;
use ingest::templates::{Joined, Templates, shown};
use ingest::{FormatSet, Unread};
use kit::clock::{HOUR, Micros};
use kit::fold::fold;
use kit::{Connection, Error, Tx};
use sea_orm::{Statement, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Letters of the name of a program.
const LONGEST_PROGRAM: usize = 64;

/// What was gathered of all sources.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    by_source: HashMap<Arc<str>, OfSource>,
    /// Templates of all sources.
    templates: usize,
    /// Entries of which the registers hold something else; `None` is what lies beyond the bound.
    changed: BTreeSet<(Arc<str>, Option<usize>)>,
}

#[derive(Debug)]
struct OfSource {
    templates: Templates,
    /// One to a template.
    entries: Vec<Entry>,
    /// Lines of templates beyond the bound.
    beyond: Option<Entry>,
}

impl OfSource {
    fn new(similarity: f64) -> Self {
        Self { templates: Templates::new(similarity), entries: Vec::new(), beyond: None }
    }

    fn entry(&self, place: Option<usize>) -> Option<&Entry> {
        place.map_or(self.beyond.as_ref(), |place| self.entries.get(place))
    }

    fn entry_mut(&mut self, place: Option<usize>) -> Option<&mut Entry> {
        match place {
            Some(place) => self.entries.get_mut(place),
            None => self.beyond.as_mut(),
        }
    }
}

/// A template since the last write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entry {
    id: String,
    part: Part,
    program: String,
    lines: i64,
    estimated: bool,
    first_seen: Option<Micros>,
    last_seen: Micros,
    samples: Vec<u64>,
    /// Arrival of the newest of them.
    sampled_at: Micros,
}

impl Entry {
    fn count(&mut self, event: &Event, lines: usize, samples: usize) {
        self.lines += i64::try_from(lines).unwrap_or(i64::MAX);
        self.estimated |= lines > 1;
        self.first_seen = Some(self.first_seen.map_or(event.arrival, |first| first.min(event.arrival)));
        self.last_seen = self.last_seen.max(event.arrival);
        // The first lines at once, then one an hour, so that some are there as long as any are kept.
        let is_due = self.samples.len() < samples || event.arrival.saturating_sub(self.sampled_at) >= HOUR;
        if is_due && !self.samples.contains(&event.seq) {
            self.samples.push(event.seq);
            let too_many = self.samples.len().saturating_sub(samples);
            self.samples.drain(..too_many);
            self.sampled_at = event.arrival;
        }
    }
}

fn group_of(part: Part, program: &str) -> String {
    format!("{}|{program}", part.code())
}

impl Gathering {
    /// What the last run left.
    pub(crate) async fn take_up(connection: &impl Connection, settings: &UnreadLineSettings) -> Result<Self, Error> {
        let sql = "SELECT id, source_id, part, program, words, samples FROM unread_lines WHERE state <> 'solved' \
                   ORDER BY source_id, first_seen, id";
        let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
        let mut gathering = Self::default();
        for row in rows {
            let source: Arc<str> = row.try_get::<String>("", "source_id")?.into();
            let words: String = row.try_get("", "words")?;
            let entry = Entry {
                id: row.try_get("", "id")?,
                part: Part::from_code(&row.try_get::<String>("", "part")?).unwrap_or_default(),
                program: row.try_get("", "program")?,
                samples: super::store::sequences(&row.try_get::<String>("", "samples")?),
                ..Entry::default()
            };
            let of = gathering.by_source.entry(source).or_insert_with(|| OfSource::new(settings.similarity));
            if words.is_empty() {
                of.beyond = Some(entry);
            } else {
                of.templates.restore(&group_of(entry.part, &entry.program), &words);
                of.entries.push(entry);
                gathering.templates += 1;
            }
        }
        Ok(gathering)
    }

    /// Looks at the events of a batch that come after a sequence.
    pub(crate) fn hear(
        &mut self,
        formats: &FormatSet,
        events: &[Event],
        bound: &[Arc<Known>],
        after: u64,
        settings: &UnreadLineSettings,
    ) {
        let mut unread: BTreeMap<&Arc<str>, Vec<&Event>> = BTreeMap::new();
        for (event, known) in events.iter().zip(bound) {
            if event.seq > after && formats.is_unread(event) {
                unread.entry(&known.owner.source_id).or_default().push(event);
            }
        }
        let share = (settings.looked_at / unread.len().max(1)).max(1);
        for (source, events) in unread {
            for together in events.chunks(events.len().div_ceil(share).max(1)) {
                let text = together.iter().find_map(|event| Some((*event, formats.unread(event)?)));
                if let Some((event, text)) = text {
                    self.add(source, event, &text, together.len(), settings);
                }
            }
        }
    }

    fn add(
        &mut self,
        source: &Arc<str>,
        event: &Event,
        unread: &Unread<'_>,
        lines: usize,
        settings: &UnreadLineSettings,
    ) {
        let part = if unread.enveloped { Part::Message } else { Part::Record };
        let program = unread.program.as_deref().unwrap_or_default();
        let program: String = program.chars().filter(|letter| !letter.is_control()).take(LONGEST_PROGRAM).collect();
        let room = settings.templates.saturating_sub(self.templates);
        let of = self.by_source.entry(Arc::clone(source)).or_insert_with(|| OfSource::new(settings.similarity));
        let most = settings.templates_per_source.min(of.templates.len() + room);
        let group = group_of(part, &program);
        let place = match of.templates.add(&group, &unread.text, most) {
            Joined::Known(place) | Joined::Widened(place) => Some(place),
            Joined::New(place) => {
                let id = hash(&[&**source, group.as_str(), &event.seq.to_string()]);
                of.entries.push(Entry { id, part, program, ..Entry::default() });
                self.templates += 1;
                Some(place)
            }
            Joined::Full => {
                let id = hash(&[&**source, "beyond"]);
                of.beyond.get_or_insert_with(|| Entry { id, ..Entry::default() });
                None
            }
        };
        if let Some(entry) = of.entry_mut(place) {
            entry.count(event, lines, settings.samples);
            self.changed.insert((Arc::clone(source), place));
        }
    }

    /// In the transaction that moves the detection cursor.
    pub(crate) async fn write(&self, tx: &Tx<'_>) -> Result<(), Error> {
        for (source, place) in &self.changed {
            let Some(of) = self.by_source.get(source) else { continue };
            let Some(entry) = of.entry(*place) else { continue };
            let words = place.and_then(|place| of.templates.get(place)).map(|one| one.text()).unwrap_or_default();
            let template = shown(&words);
            let sql = "INSERT INTO unread_lines (id, source_id, part, program, template, template_fold, words, lines, \
                estimated, first_seen, last_seen, samples, state, reason) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'new', '') ON CONFLICT (id) DO UPDATE SET \
                template = excluded.template, template_fold = excluded.template_fold, words = excluded.words, \
                lines = unread_lines.lines + excluded.lines, \
                estimated = (unread_lines.estimated OR excluded.estimated), \
                last_seen = CASE WHEN unread_lines.last_seen < excluded.last_seen THEN excluded.last_seen \
                    ELSE unread_lines.last_seen END, samples = excluded.samples, \
                solved_by = NULL, state = CASE WHEN unread_lines.state = 'solved' THEN 'new' ELSE unread_lines.state END";
            let values: [Value; 12] = [
                entry.id.as_str().into(),
                (&**source).into(),
                entry.part.code().into(),
                entry.program.as_str().into(),
                template.as_str().into(),
                fold(&template).into(),
                words.as_str().into(),
                entry.lines.into(),
                entry.estimated.into(),
                entry.first_seen.unwrap_or(entry.last_seen).into(),
                entry.last_seen.into(),
                super::store::written(&entry.samples).into(),
            ];
            execute(tx, sql, values).await?;
        }
        Ok(())
    }

    /// The transaction is committed.
    pub(crate) fn written(&mut self) {
        for (source, place) in std::mem::take(&mut self.changed) {
            if let Some(entry) = self.by_source.get_mut(&source).and_then(|of| of.entry_mut(place)) {
                entry.lines = 0;
                entry.estimated = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::grouping::Owner;

    const SETTINGS: UnreadLineSettings = UnreadLineSettings {
        looked_at: 10,
        templates: 6,
        templates_per_source: 4,
        similarity: 0.5,
        samples: 2,
        forget_days: 90,
    };

    fn line(seq: u64, text: &str) -> Event {
        Event { seq, raw: text.to_owned().into(), arrival: seq as i64, ..Event::default() }
    }

    fn hear(gathering: &mut Gathering, source: &str, events: &[Event]) {
        let formats = FormatSet::load(&[]).expect("no formats");
        let owner = Owner { source_id: source.into(), ..Owner::default() };
        let known = Arc::new(Known::for_test(owner, 0));
        let bound: Vec<_> = events.iter().map(|_| known.clone()).collect();
        gathering.hear(&formats, events, &bound, 3, &SETTINGS);
    }

    fn lines(gathering: &Gathering, source: &str) -> (i64, bool) {
        let of = &gathering.by_source[source];
        let entries = || of.entries.iter().chain(&of.beyond);
        (entries().map(|entry| entry.lines).sum(), entries().any(|entry| entry.estimated))
    }

    #[test]
    fn what_was_counted_before_is_not_counted_again() {
        let mut gathering = Gathering::default();
        hear(&mut gathering, "a", &[line(3, "door 1 open"), line(4, "door 2 open"), line(5, "door 3 open")]);
        assert_eq!(lines(&gathering, "a"), (2, false));
        let entry = &gathering.by_source["a"].entries[0];
        assert_eq!((entry.samples.as_slice(), entry.first_seen, entry.last_seen), (&[4, 5][..], Some(4), 5));
    }

    #[test]
    fn a_flood_is_looked_at_by_samples_and_counted_whole() {
        let mut gathering = Gathering::default();
        let flood: Vec<Event> = (0..1_000).map(|number| line(number + 10, &format!("door {number} open"))).collect();
        hear(&mut gathering, "a", &flood);
        assert_eq!(lines(&gathering, "a"), (1_000, true));
        assert_eq!(gathering.by_source["a"].entries.len(), 1);
    }

    #[test]
    fn templates_are_bounded_for_a_source_and_for_all() {
        let mut gathering = Gathering::default();
        let words = ["one", "two", "three", "four", "five", "six", "seven"];
        for source in ["a", "b"] {
            for (number, word) in words.iter().enumerate() {
                hear(&mut gathering, source, &[line(number as u64 + 10, &vec![*word; number + 1].join(" "))]);
            }
            assert_eq!(lines(&gathering, source).0, 7);
        }
        let kept = |source: &str| gathering.by_source[source].entries.len();
        assert_eq!((kept("a"), kept("b"), gathering.templates), (4, 2, 6));
    }

    #[test]
    fn an_hour_later_a_sample_takes_the_place_of_the_oldest() {
        let mut entry = Entry::default();
        let at = |seq: u64, arrival: Micros| Event { seq, arrival, ..Event::default() };
        for (seq, arrival) in [(1, 0), (2, 1), (3, 2), (4, HOUR + 5), (5, HOUR + 6)] {
            entry.count(&at(seq, arrival), 1, 2);
        }
        assert_eq!(entry.samples, [2, 4]);
    }
}
