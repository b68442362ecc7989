//! Running the tests that lie beside rules, raw records through the formats as in the pipeline.

use detection::{Engine, RuleTestFile};
use event::{Origin, RawRecord};
use ingest::FormatSet;
use kit::clock::Micros;
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
