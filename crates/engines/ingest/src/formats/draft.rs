//! An event while it is being understood: fields that may still be renamed, columns, log source.

use event::{Columns, LogSource, Text, Value};
use std::sync::Arc;

/// Fields kept per record; what a hostile record holds beyond stays in its raw bytes.
pub(crate) const MAX_FIELDS: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) fields: Vec<(Text, Value)>,
    pub(crate) columns: Columns,
    pub(crate) log_source: LogSource,
    pub(crate) message: Option<String>,
    pub(crate) problem: Option<String>,
    /// Fields were left out because there were too many.
    full: bool,
    /// The record has a place for its time, and nothing stands there.
    pub(crate) timeless: bool,
    /// Number of the pattern that matched, for formats made of patterns.
    pub(crate) pattern: Option<usize>,
}

impl Draft {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(have, _)| have.len() == name.len() && **have == *name).map(|(_, value)| value)
    }

    /// Adds a field unless the record is full. Repeated names are joined when the draft becomes an event.
    pub(crate) fn push(&mut self, name: &str, value: impl Into<Value>) {
        self.push_owned(name.into(), value.into());
    }

    pub(crate) fn push_owned(&mut self, name: Text, value: Value) {
        if self.fields.len() < MAX_FIELDS {
            self.fields.push((name, value));
        } else if !self.full {
            self.full = true;
            self.trouble(format!("more than {MAX_FIELDS} fields; the others are only in the raw record"));
        }
    }

    /// Adds something that was not, or not wholly, understood.
    pub(crate) fn trouble(&mut self, what: impl Into<String>) {
        let what = what.into();
        match &mut self.problem {
            Some(problem) if problem.contains(&what) => {}
            Some(problem) => {
                problem.push_str("; ");
                problem.push_str(&what);
            }
            None => self.problem = Some(what),
        }
    }

    /// Puts a value in place of what stood under this name.
    pub(crate) fn replace(&mut self, name: &str, value: Value) {
        self.fields.retain(|(have, _)| **have != *name);
        self.push_owned(name.into(), value);
    }

    pub(crate) fn add_category(&mut self, category: &Arc<str>) {
        if !self.log_source.categories.contains(category) {
            self.log_source.categories.push(category.clone());
        }
    }

    pub(crate) fn add_service(&mut self, service: &Arc<str>) {
        if !self.log_source.services.contains(service) {
            self.log_source.services.push(service.clone());
        }
    }
}
