//! One record as the rules see it: its fields under the engine's numbers, and their folded texts, made once and
//! only for the fields that are really asked for.

use crate::hash::NameHashBuilder;
use crate::pattern::fold;
use event::{Record, Value};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

/// Field names and their numbers.
#[derive(Debug, Default)]
pub(crate) struct FieldNumbers(HashMap<Box<str>, usize, NameHashBuilder>);

impl FieldNumbers {
    pub(crate) fn intern(&mut self, name: &str) -> usize {
        match self.0.get(name) {
            Some(number) => *number,
            None => {
                let number = self.0.len();
                self.0.insert(name.into(), number);
                number
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Texts of a field or record beside their folded form.
type FoldedTexts = Vec<String>;

/// A record prepared for evaluation.
pub(crate) struct View<'r> {
    pub(crate) record: &'r dyn Record,
    names: &'r FieldNumbers,
    values: Vec<Option<&'r Value>>,
    folded: RefCell<Vec<(usize, FoldedTexts)>>,
    keywords: OnceCell<Vec<(String, String)>>,
}

impl<'r> View<'r> {
    pub(crate) fn new(record: &'r dyn Record, names: &'r FieldNumbers) -> Self {
        let mut values: Vec<Option<&'r Value>> = vec![None; names.len()];
        record.each_field(&mut |name, value| {
            if let Some(place) = names.get(name).and_then(|number| values.get_mut(number))
                && place.is_none()
            {
                *place = Some(value);
            }
        });
        Self { record, names, values, folded: RefCell::default(), keywords: OnceCell::new() }
    }

    pub(crate) fn value(&self, slot: usize) -> Option<&'r Value> {
        self.values.get(slot).copied().flatten()
    }

    pub(crate) fn value_named(&self, name: &str) -> Option<&'r Value> {
        self.names.get(name).and_then(|slot| self.value(slot))
    }

    /// Hands the folded texts of a field to `visit`.
    pub(crate) fn folded(&self, slot: usize, visit: &mut dyn FnMut(&[String]) -> bool) -> bool {
        if let Some((_, texts)) = self.folded.borrow().iter().find(|(have, _)| *have == slot) {
            return visit(texts);
        }
        let mut texts = Vec::new();
        if let Some(value) = self.value(slot) {
            value.any_text(&mut |text| {
                texts.push(fold(text));
                false
            });
        }
        let answer = visit(&texts);
        self.folded.borrow_mut().push((slot, texts));
        answer
    }

    /// Every text of the record with its folded form.
    pub(crate) fn keyword_texts(&self) -> &[(String, String)] {
        self.keywords.get_or_init(|| {
            let mut texts = Vec::new();
            self.record.any_text(&mut |text| {
                texts.push((text.to_owned(), fold(text)));
                false
            });
            texts
        })
    }
}
