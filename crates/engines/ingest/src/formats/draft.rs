//! An event while it is being understood: fields that may still be renamed, columns, log source.

use super::outline::{Outline, Plan};
use event::{Columns, Fields, LogSource, Shape, Text, Value};
use std::sync::Arc;

/// Fields kept per record; what a hostile record holds beyond stays in its raw bytes.
pub(crate) const MAX_FIELDS: usize = 1024;

/// Names that other records have, too.
#[derive(Debug)]
pub(crate) enum Names {
    /// As the record has them.
    Outline(Arc<Outline>),
    /// As a format calls them.
    Plan(Arc<Plan>),
}

impl Names {
    fn shape(&self) -> &Arc<Shape> {
        match self {
            Self::Outline(outline) => &outline.shape,
            Self::Plan(plan) => &plan.shape,
        }
    }
}

/// Values under names that other records have, too.
#[derive(Debug)]
pub(crate) struct Shaped {
    pub(crate) names: Names,
    /// As many as names.
    pub(crate) values: Vec<Value>,
}

/// Columns that are filled of a usual record.
const USUAL_COLUMNS: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Draft {
    shaped: Option<Shaped>,
    /// Those behind the shaped ones; where there are none, all.
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
    pub(crate) fn with_columns() -> Self {
        Self { columns: Columns::with_capacity(USUAL_COLUMNS), ..Self::default() }
    }

    pub(crate) fn shaped(&self) -> Option<&Shaped> {
        self.shaped.as_ref()
    }

    pub(crate) fn set_shaped(&mut self, names: Names, values: Vec<Value>) {
        self.shaped = Some(Shaped { names, values });
    }

    pub(crate) fn take_shaped(&mut self) -> Option<Shaped> {
        self.shaped.take()
    }

    /// Gives each field a name of its own, so that names can change.
    pub(crate) fn dissolve(&mut self) {
        if let Some(Shaped { names, values }) = self.shaped.take() {
            let further = std::mem::take(&mut self.fields);
            self.fields = names.shape().names().iter().cloned().zip(values).chain(further).collect();
        }
    }

    /// The fields of the event.
    pub(crate) fn take_fields(&mut self) -> Fields {
        let shape = self.shaped.as_ref().and_then(|shaped| match &shaped.names {
            names if self.fields.is_empty() => Some(names.shape().clone()),
            Names::Plan(plan) => plan.with(&self.fields),
            Names::Outline(_) => None,
        });
        match (shape, self.shaped.take()) {
            (Some(shape), Some(Shaped { mut values, .. })) => {
                values.extend(std::mem::take(&mut self.fields).into_iter().map(|(_, value)| value));
                Fields::shaped_as(shape, values)
            }
            (_, shaped) => {
                self.shaped = shaped;
                self.dissolve();
                Fields::from(std::mem::take(&mut self.fields))
            }
        }
    }

    /// All fields with their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        let shaped = self.shaped.iter().flat_map(|shaped| shaped.names.shape().names().iter().zip(&shaped.values));
        shaped.chain(self.fields.iter().map(|(name, value)| (name, value)))
    }

    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        self.shaped.as_ref().map_or(0, |shaped| shaped.values.len()) + self.fields.len()
    }

    /// The value of the field at a place.
    pub(crate) fn at(&self, place: usize) -> Option<&Value> {
        let values = self.shaped.as_ref().map_or(&[][..], |shaped| shaped.values.as_slice());
        values.get(place).or_else(|| self.fields.get(place - values.len()).map(|(_, value)| value))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        if let Some(Shaped { names, values }) = &self.shaped
            && let Some(place) = names.shape().place(name)
        {
            return values.get(place);
        }
        self.fields.iter().find(|(have, _)| have.len() == name.len() && **have == *name).map(|(_, value)| value)
    }

    /// Adds a field unless the record is full. Repeated names are joined when the draft becomes an event.
    pub(crate) fn push(&mut self, name: &str, value: impl Into<Value>) {
        self.push_owned(name.into(), value.into());
    }

    pub(crate) fn push_owned(&mut self, name: Text, value: Value) {
        if self.len() < MAX_FIELDS {
            self.fields.push((name, value));
        } else {
            self.overflow();
        }
    }

    /// Says that fields were left out.
    pub(crate) fn overflow(&mut self) {
        if !self.full {
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
        let place = self.shaped.as_ref().and_then(|shaped| shaped.names.shape().place(name));
        if let Some(have) = self.shaped.as_mut().zip(place).and_then(|(shaped, place)| shaped.values.get_mut(place)) {
            *have = value;
            return self.fields.retain(|(have, _)| **have != *name);
        }
        match self.fields.iter().position(|(have, _)| **have == *name) {
            Some(place) => {
                let (before, behind) = self.fields.split_at_mut(place + 1);
                if let Some((_, have)) = before.last_mut() {
                    *have = value;
                }
                if behind.iter().any(|(have, _)| **have == *name) {
                    let mut number = 0;
                    self.fields.retain(|(have, _)| {
                        number += 1;
                        number <= place + 1 || **have != *name
                    });
                }
            }
            None => self.push_owned(name.into(), value),
        }
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
