//! Templates over a restart: exporters repeat them only now and then, and until then nothing of theirs can be read.

use super::domain::Domain;
use super::template::{Declared, Template};
use super::{FlowDecoder, Stream};
use event::Micros;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// All templates of senders of datagrams.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTemplates(Vec<SavedTemplate>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SavedTemplate {
    exporter: IpAddr,
    version: u16,
    domain: u32,
    id: u16,
    options: bool,
    learned: Micros,
    /// Enterprise, number, length.
    fields: Vec<Declared>,
}

impl FlowDecoder {
    /// The templates, where they changed since this was last asked.
    pub fn news(&mut self) -> Option<SavedTemplates> {
        std::mem::take(&mut self.changed).then(|| {
            let mut streams: Vec<_> = self.streams.iter().filter(|(stream, _)| stream.connection.is_none()).collect();
            streams.sort_by_key(|(stream, _)| **stream);
            let mut saved = Vec::new();
            for (stream, domain) in streams {
                let mut templates: Vec<_> = domain.templates.iter().collect();
                templates.sort_by_key(|(id, _)| **id);
                saved.extend(templates.into_iter().map(|(id, template)| SavedTemplate {
                    exporter: stream.exporter,
                    version: stream.version,
                    domain: stream.domain,
                    id: *id,
                    options: template.options,
                    learned: template.learned,
                    fields: template.declared(),
                }));
            }
            SavedTemplates(saved)
        })
    }

    /// Takes up what was saved, within the same bounds.
    pub fn restore(&mut self, saved: SavedTemplates, now: Micros) {
        let limits = self.limits;
        for one in saved.0 {
            let stream = Stream { exporter: one.exporter, connection: None, version: one.version, domain: one.domain };
            let Some(template) =
                Template::of(&one.fields, one.options, &self.elements, limits.fields, one.learned.min(now))
            else {
                continue;
            };
            let full = self.fields + template.fields.len() > limits.all_fields;
            if full || (self.streams.len() >= limits.streams && !self.streams.contains_key(&stream)) {
                continue;
            }
            let domain = self.streams.entry(stream).or_insert_with(|| Domain::new(stream, one.learned.min(now)));
            let before = domain.fields();
            domain.learn(one.id, template, &limits);
            self.fields = self.fields + domain.fields() - before;
        }
    }
}
