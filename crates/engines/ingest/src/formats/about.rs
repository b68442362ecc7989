//! What a format is, for pages and programs that list formats.

use super::FormatSet;
use super::definition::{Evidence, FormatFile};

/// One format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub name: String,
    pub version: u32,
    pub title: String,
    pub samples: usize,
    /// Of these, modelled on real records.
    pub seen: usize,
}

/// What a format file says of itself. The error says what in it is wrong; expressions are not looked at.
pub fn about(text: &str) -> Result<About, toml::de::Error> {
    let file: FormatFile = toml::from_str(text)?;
    let seen = file.sample.iter().filter(|sample| sample.evidence == Evidence::Seen).count();
    let FormatFile { name, version, title, sample, .. } = file;
    Ok(About { name, version, title, samples: sample.len(), seen })
}

impl FormatSet {
    /// Title of a format by its name, or by `name@version`.
    pub fn title_of(&self, name: &str) -> Option<&str> {
        let number = self.by_name.get(name.split('@').next().unwrap_or(name))?;
        self.format(*number).map(|format| &*format.title)
    }
}
