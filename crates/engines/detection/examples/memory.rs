//! What everything at once takes of memory: `memory GROUPS INDICATORS RULES…`. Loads the rules of these folders and compiles
//! them for every log source, builds a set of so many indicators, then evaluates refused logons until correlations of these
//! rules hold so many groups open, and a tenth more than the bound lets them. Prints resident memory after each step and what
//! was forgotten; at last the same logons within the bounds that correlations have where nobody says otherwise.
//!
//! `cargo run --release -p luytre-detection --example memory -- 1000000 1000000 content/rules ../shared/data/sigma`

mod generated;

use event::{Column, Event, LogSource, Value};
use generated::{Numbers, cpu_seconds, resident};
use luytre_detection::{
    CorrelationLimits, CorrelationState, Engine, Indicator, IndicatorFacts, IndicatorSet, IndicatorSetBuilder,
    LoadOptions, Matches, Moment, RuleSet, RuleSource,
};

type Failure = Box<dyn std::error::Error>;

/// 1 November 2026 in UTC.
const BEGIN: i64 = 1_793_491_200_000_000;
/// Microseconds from one logon to the next: all of them lie within the windows of their rules.
const STEP: i64 = 20;
/// Agencies whose records come in turn; they are never counted together.
const SCOPES: u64 = 15;
/// Groups beyond those that are asked for: one logon opens several.
const ROOM: usize = 16;
/// Of how many logons at least one must open a group.
const PATIENCE: u64 = 1_000;

/// Lines of a table.
struct Steps {
    before: usize,
}

impl Steps {
    /// A step that made so many of something.
    fn tell(&mut self, what: &str, count: usize) {
        let now = resident();
        let more = now as f64 - self.before as f64;
        let each = more / count.max(1) as f64;
        println!("| {what} | {count} | {} | {:.0} | {each:.1} |", now >> 20, more / f64::from(1 << 20));
        self.before = now;
    }
}

/// So many indicators, made one after the other: no list of them lies in memory.
fn indicators(count: usize) -> IndicatorSet {
    let mut builder = IndicatorSetBuilder::with_capacity(count);
    let mut numbers = Numbers(7);
    let mut added = 0;
    while added < count {
        let facts = IndicatorFacts {
            list: 1,
            confidence: 80,
            valid_from: None,
            valid_until: None,
            with_subdomains: true,
            reference: u128::from(numbers.next()),
        };
        let indicator = Indicator::read(&numbers.indicator(), None);
        added += usize::from(indicator.and_then(|indicator| builder.add(&indicator, &facts)).is_ok());
    }
    builder.build()
}

/// Refused logons of accounts that nobody else has, from addresses that hardly anybody else has: over the network of Windows
/// servers and by SSH in turn.
struct Logons {
    numbers: Numbers,
    made: u64,
}

impl Logons {
    fn begin() -> Self {
        Self { numbers: Numbers(11), made: 0 }
    }

    fn one_more(&mut self) -> Event {
        let time = BEGIN + self.made as i64 * STEP;
        let (address, user) = (self.numbers.address(), format!("an.{:07}", self.made));
        let host = format!("may-{:04}", self.numbers.next() % 2_000);
        let is_windows = self.made.is_multiple_of(2);
        self.made += 1;
        let mut event = Event { seq: self.made, time, arrival: time, ..Event::default() };
        let (product, service) = if is_windows { ("windows", "security") } else { ("linux", "sshd") };
        event.log_source =
            LogSource { product: Some(product.into()), categories: Vec::new(), services: vec![service.into()] };
        if is_windows {
            event.fields.set("EventID", 4625_i64);
            event.fields.set("LogonType", 3_i64);
            event.fields.set("IpAddress", address.as_str());
            event.fields.set("TargetUserName", user.as_str());
        }
        for (column, text) in [
            (Column::EventAction, "logon"),
            (Column::EventOutcome, "failure"),
            (Column::SourceIp, address.as_str()),
            (Column::HostName, host.as_str()),
            (Column::UserName, user.as_str()),
        ] {
            event.columns.set(column, &Value::from(text));
        }
        event
    }
}

/// Groups that were opened since the state was made, whether they are held still or not.
fn opened(state: &CorrelationState) -> u64 {
    let counters = state.counters();
    counters.groups as u64 + counters.forgotten_groups
}

/// Evaluates logons until so many groups were opened. Gives nanoseconds for each logon, its making included.
fn open(engine: &Engine, state: &mut CorrelationState, logons: &mut Logons, wanted: u64) -> Result<f64, Failure> {
    let mut matches = Matches::default();
    let (first, at_first, began) = (logons.made, opened(state), cpu_seconds());
    while opened(state) < wanted {
        let event = logons.one_more();
        engine.evaluate(&event, &mut matches);
        let Event { time, arrival, seq, .. } = event;
        let moment = Moment { time, arrival, seq, scope: seq / 2 % SCOPES };
        state.observe(engine, &event, moment, &matches, &mut |_| true);
        if logons.made - first == PATIENCE && opened(state) == at_first {
            return Err("no correlation of these rules counts refused logons; content/rules has some".into());
        }
    }
    Ok((cpu_seconds() - began) * 1e9 / (logons.made - first).max(1) as f64)
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [groups, listed, folders @ ..] = arguments.as_slice() else {
        return Err("usage: memory GROUPS INDICATORS RULES…".into());
    };
    let (groups, listed): (usize, usize) = (groups.parse()?, listed.parse()?);
    let sources: Vec<RuleSource> = folders.iter().map(|folder| RuleSource::Directory(folder.into())).collect();
    println!("| step | count | resident, MiB | more, MiB | bytes each |\n|---|---|---|---|---|");
    let mut steps = Steps { before: 0 };
    steps.tell("the program", 1);
    let (rules, errors) = RuleSet::load(&sources, &LoadOptions::default());
    for error in &errors {
        eprintln!("{error}");
    }
    steps.tell("rules loaded", rules.len());
    let engine = Engine::new(rules);
    engine.warm_up();
    steps.tell("compiled for every log source", engine.rules().len());
    let set = indicators(listed);
    steps.tell("indicators", set.len());
    let bound = groups + ROOM;
    let (entries, bytes) = (bound.saturating_mul(8), bound.saturating_mul(256));
    let limits = CorrelationLimits { groups: bound, entries, bytes, ..CorrelationLimits::default() };
    let (mut state, mut logons) = (CorrelationState::new(limits), Logons::begin());
    let nanoseconds = open(&engine, &mut state, &mut logons, groups as u64)?;
    let (held, made) = (state.counters(), logons.made);
    steps.tell("correlation groups open", held.groups);
    let nanoseconds_beyond = open(&engine, &mut state, &mut logons, (bound + groups / 10) as u64)?;
    let beyond = state.counters();
    steps.tell("a tenth more than the bound", beyond.groups);
    println!("\nindicators: {:.1} bytes each by their own account", set.memory() as f64 / set.len().max(1) as f64);
    println!(
        "groups: opened by {made} logons of {SCOPES} agencies, {nanoseconds:.0} ns each; {} matches and {} bytes of text in them",
        held.entries, held.bytes,
    );
    println!(
        "beyond a bound of {bound}: {nanoseconds_beyond:.0} ns a logon; {} groups held, {} forgotten with {} matches",
        beyond.groups, beyond.forgotten_groups, beyond.forgotten_entries,
    );
    drop(state);
    let limits = CorrelationLimits::default();
    let (mut state, mut logons) = (CorrelationState::new(limits), Logons::begin());
    let nanoseconds = open(&engine, &mut state, &mut logons, groups as u64)?;
    let counters = state.counters();
    println!(
        "the same within {} groups, {} matches and {} MiB of text: {nanoseconds:.0} ns a logon; {} groups held, {} forgotten",
        limits.groups,
        limits.entries,
        limits.bytes >> 20,
        counters.groups,
        counters.forgotten_groups,
    );
    Ok(())
}
