//! What a large set of indicators costs: `indicators EVENTS.jsonl|- [COUNT] [ROUNDS]`. Makes COUNT (1,000,000) indicators, half of
//! them domains, reads them as a list would be read, and looks at flat Windows JSON lines with them; prints the time to
//! read and build, memory, and CPU time per event, which a busy machine hardly changes.
//!
//! `zcat noise.jsonl.gz | cargo run --release -p luytre-detection --example indicators -- -`

#[path = "../tests/support/mod.rs"]
mod support;

use event::Event;
use luytre_detection::{IndicatorFacts, IndicatorHits, IndicatorSet, IndicatorSetBuilder, list_lines};
use std::fmt::Write;
use std::io::BufRead;

/// CPU time of this thread in seconds (Linux; elsewhere 0).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Resident memory in bytes (Linux; elsewhere 0).
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

/// SplitMix64: the same list every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn name(&mut self) -> String {
        let (mut number, endings) = (self.next(), ["com", "net", "xyz", "top", "info", "ru", "cn", "vn", "io", "site"]);
        let length = 5 + number % 14;
        let mut name: String = (0..length)
            .map(|_| {
                let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
                number = (number / 26) ^ (self.next() >> 40);
                letter
            })
            .collect();
        if number.is_multiple_of(4) {
            name.push_str(".cdn");
        }
        name + "." + endings.get(self.next() as usize % endings.len()).copied().unwrap_or_default()
    }

    fn address(&mut self) -> String {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        format!("{}.{b}.{c}.{d}", 11 + a % 80)
    }

    fn line(&mut self) -> String {
        match self.next() % 100 {
            0..50 => self.name(),
            50..74 => self.address(),
            74 => format!("{}/{}", self.address(), 16 + self.next() % 13),
            75..85 => format!("http://{}/{:x}/{}.php", self.name(), self.next(), self.next() % 1_000),
            85..92 => format!("{:016x}{:016x}", self.next(), self.next()),
            92..98 => format!("{:016x}{:016x}{:016x}{:016x}", self.next(), self.next(), self.next(), self.next()),
            _ => format!("{:x}@{}", self.next() >> 40, self.name()),
        }
    }
}

fn build(list: &str, count: usize) -> (IndicatorSet, usize) {
    let mut builder = IndicatorSetBuilder::with_capacity(count);
    let mut refused = 0;
    for line in list_lines(list) {
        let facts = IndicatorFacts {
            list: 1,
            confidence: 80,
            valid_until: None,
            with_subdomains: true,
            reference: line.number as u128,
        };
        if line.indicator.and_then(|indicator| builder.add(&indicator, &facts)).is_err() {
            refused += 1;
        }
    }
    (builder.build(), refused)
}

fn measure(name: &str, set: &IndicatorSet, records: &[Event], rounds: usize) {
    let mut hits = IndicatorHits::default();
    for _ in 0..rounds {
        let (start, mut found) = (cpu_seconds(), 0);
        for record in records {
            set.look(record, 0, &mut hits);
            found += hits.iter().count();
        }
        let seconds = cpu_seconds() - start;
        let nanos = seconds * 1e9 / records.len() as f64;
        println!("{name}: {} events, {found} hits, {nanos:.0} ns/event", records.len());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let events = arguments.first().ok_or("usage: indicators EVENTS.jsonl|- [COUNT] [ROUNDS]")?;
    let count: usize = arguments.get(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let rounds: usize = arguments.get(2).map_or(Ok(3), |text| text.parse())?;
    let reader: Box<dyn BufRead> = match events.as_str() {
        "-" => Box::new(std::io::stdin().lock()),
        path => Box::new(std::io::BufReader::new(std::fs::File::open(path)?)),
    };
    let mut records = Vec::new();
    for line in reader.lines() {
        records.push(support::flat_windows(&serde_json::from_str(&line?)?));
    }
    let mut numbers = Numbers(7);
    let mut list = String::new();
    for _ in 0..count {
        writeln!(list, "{}", numbers.line())?;
    }
    let (before, start) = (resident(), cpu_seconds());
    let (set, refused) = build(&list, count);
    let seconds = cpu_seconds() - start;
    let each = |bytes: usize| bytes as f64 / set.len().max(1) as f64;
    println!(
        "{} indicators ({refused} refused), read and built in {seconds:.2} s, {:.1} bytes each, {:.1} resident",
        set.len(),
        each(set.memory()),
        each(resident().saturating_sub(before)),
    );
    measure("one indicator", &build("one.example", 1).0, &records, rounds);
    measure("all", &set, &records, rounds);
    Ok(())
}
