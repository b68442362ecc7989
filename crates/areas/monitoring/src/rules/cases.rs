//! Running the tests that lie beside rules, raw records through the formats as in the pipeline.

use super::Book;
use detection::{Engine, RuleSet, RuleTestFile};
use event::{Origin, RawRecord};
use ingest::FormatSet;
use kit::clock::Micros;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub file: PathBuf,
    /// 1-based line of the case.
    pub line: usize,
    pub name: String,
    /// What differs from what the case expects; nothing where it holds.
    pub wrong: Option<String>,
}

impl Book {
    /// Outcome of every case of its tests, in their order; they run once for a book. Not for a thread that others wait for.
    pub fn outcomes(&self, formats: &FormatSet, now: Micros) -> &[Outcome] {
        self.outcomes.get_or_init(|| run(&self.tests, &Engine::new(RuleSet::clone(&self.set)), formats, now))
    }

    /// Ids of rules that a case expects, where every such case holds; as [`Self::outcomes`].
    pub fn proven(&self, formats: &FormatSet, now: Micros) -> HashSet<String> {
        let (mut held, mut failed) = (HashSet::new(), HashSet::new());
        let cases = self.tests.iter().flat_map(|file| &file.cases);
        for (case, outcome) in cases.zip(self.outcomes(formats, now)) {
            let of = if outcome.wrong.is_none() { &mut held } else { &mut failed };
            of.extend(case.expect.iter().cloned());
        }
        held.retain(|id| !failed.contains(id));
        held
    }
}

/// Runs every case of the files. `now` stands for the arrival of raw records.
pub fn run<'files>(
    files: impl IntoIterator<Item = &'files RuleTestFile>,
    engine: &Engine,
    formats: &FormatSet,
    now: Micros,
) -> Vec<Outcome> {
    let origin = Arc::new(Origin::default());
    let parse = |text: &str| {
        let bytes = bytes::Bytes::from(text.to_owned());
        formats.parse(&RawRecord { bytes, arrival: now, origin: origin.clone(), position: 0 })
    };
    let mut outcomes = Vec::new();
    for file in files {
        for case in &file.cases {
            let checked = case.events(parse).and_then(|events| case.check(engine, &file.rule_file(), &events));
            outcomes.push(Outcome {
                file: file.path.clone(),
                line: case.line,
                name: case.name.clone(),
                wrong: checked.err(),
            });
        }
    }
    outcomes
}
