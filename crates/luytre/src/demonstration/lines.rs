//! Lines of ordinary traffic and of attack stories, as content gives them, filled with values from the seed.

use anyhow::{Context, Result};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `content/demo/traffic.toml`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    pub values: BTreeMap<String, Vec<String>>,
    pub kind: Vec<Kind>,
}

/// One kind of source with what it says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub name: String,
    pub door: Door,
    pub line: Vec<Line>,
}

/// The front door a kind of source uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    SyslogUdp,
    SyslogTcp,
    Relp,
    Bulk,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub weight: u32,
    pub text: String,
}

/// `content/demo/stories.toml`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stories {
    pub story: Vec<Story>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    pub name: String,
    pub title_vi: String,
    pub title_en: String,
    pub attacker: String,
    pub step: Vec<Step>,
}

/// A line sent `repeat` times from `at` seconds on, spread over `over` seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub at: f64,
    pub agency: String,
    pub kind: String,
    #[serde(default = "once")]
    pub repeat: u32,
    #[serde(default)]
    pub over: f64,
    pub text: String,
}

fn once() -> u32 {
    1
}

impl Traffic {
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("content/demo/traffic.toml")
    }

    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kind.iter().find(|kind| kind.name == name)
    }
}

impl Stories {
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("content/demo/stories.toml")
    }
}

impl Kind {
    /// A line by weight.
    pub fn choose<'kind>(&'kind self, random: &mut ChaCha8Rng) -> &'kind str {
        self.line.choose_weighted(random, |line| line.weight).map(|line| line.text.as_str()).unwrap_or_default()
    }
}

/// Fills the placeholders of a line. `now` is in microseconds; `skew` is added to what the line claims, for
/// the source whose clock is off.
pub fn fill(
    text: &str,
    host: &str,
    attacker: &str,
    now: i64,
    values: &BTreeMap<String, Vec<String>>,
    random: &mut ChaCha8Rng,
) -> String {
    let time = jiff::Timestamp::from_microsecond(now).unwrap_or_default();
    let json = text.starts_with('{');
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let name_end = from.find('}').unwrap_or(0);
        let name = from.get(1..name_end).unwrap_or_default();
        let value = match name {
            "host" => Some(host.to_owned()),
            "attacker" => Some(attacker.to_owned()),
            "inside" => Some(format!(
                "10.{}.{}.{}",
                random.random_range(10..40),
                random.random_range(1..9),
                random.random_range(2..250)
            )),
            "outside" => Some(format!("198.18.{}.{}", random.random_range(0..255), random.random_range(1..255))),
            "port" => Some(random.random_range(20_000..65_000).to_string()),
            "pid" => Some(random.random_range(400..32_000).to_string()),
            "seq" => Some(random.random_range(1..900_000).to_string()),
            "bytes" => Some(random.random_range(200..60_000).to_string()),
            "syslog_time" => Some(time.to_string()),
            "iso_time" => Some(time.to_string()),
            "access_time" => Some(time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()),
            "windows_time" => Some(time.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            other => values.get(other).and_then(|choices| choices.choose(random)).cloned(),
        };
        match value {
            Some(value) if json => filled.push_str(value.replace('\\', "\\\\").replace('"', "\\\"").as_str()),
            Some(value) => filled.push_str(&value),
            None => {
                filled.push('{');
                rest = from.get(1..).unwrap_or_default();
                continue;
            }
        }
        rest = from.get(name_end + 1..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn every_line_of_the_demonstration_is_filled_whole_and_json_stays_json() {
        let content = crate::content::Content::default();
        let traffic = Traffic::parse(&content.text("demo/traffic.toml").unwrap()).unwrap();
        let stories = Stories::parse(&content.text("demo/stories.toml").unwrap()).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let lines = traffic.kind.iter().flat_map(|kind| kind.line.iter().map(|line| &line.text));
        let steps = stories.story.iter().flat_map(|story| story.step.iter().map(|step| &step.text));
        for text in lines.chain(steps) {
            let line = fill(text, "may-1", "203.0.113.9", 1_700_000_000_000_000, &traffic.values, &mut random);
            if text.starts_with('{') {
                serde_json::from_str::<serde_json::Value>(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            } else {
                assert!(!line.contains('{'), "{line}");
            }
        }
    }

    #[test]
    fn stories_name_kinds_that_exist() {
        let content = crate::content::Content::default();
        let traffic = Traffic::parse(&content.text("demo/traffic.toml").unwrap()).unwrap();
        let stories = Stories::parse(&content.text("demo/stories.toml").unwrap()).unwrap();
        for step in stories.story.iter().flat_map(|story| &story.step) {
            assert!(traffic.kind(&step.kind).is_some(), "{}", step.kind);
        }
    }
}
