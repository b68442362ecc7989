//! Names of fields of JSON records that came before, and what each format makes of them. Records of a source mostly have the same names in
//! the same order: what follows from names alone is found out once, and only values are looked at again.

use super::compile::{Format, NameRules, Use};
use super::draft::{Draft, Names};
use super::json::Flat;
use event::{Shape, Text, Value};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// Outlines that are remembered.
const MOST_OUTLINES: usize = 2_048;
/// Names of an outline that is remembered.
const MOST_NAMES: usize = 256;
/// Bytes of all its names.
const LONGEST_NAMES: usize = 8 << 10;
/// Further fields that are remembered behind the names of a plan.
const MOST_ENDINGS: usize = 64;
/// Outlines met once. What comes but once, as of a sender who makes up names, takes no memory and drives nothing out.
const MET_ONCE: usize = 4_096;

/// The names of a record, in their order and each once.
#[derive(Debug)]
pub(crate) struct Outline {
    names: String,
    ends: Vec<u32>,
    pub(crate) shape: Arc<Shape>,
    /// JSON formats for one of whose conditions it has all names.
    candidates: OnceLock<Vec<usize>>,
    /// By number of a format.
    plans: Box<[OnceLock<Option<Arc<Plan>>>]>,
}

impl Outline {
    fn new(flat: &Flat, formats: usize) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            names: flat.names.clone(),
            ends: flat.ends.clone(),
            shape: Shape::new(flat.each_name().map(Text::from).collect())?,
            candidates: OnceLock::new(),
            plans: std::iter::repeat_with(OnceLock::new).take(formats).collect(),
        }))
    }

    pub(crate) fn candidates(&self, find: impl FnOnce(&Shape) -> Vec<usize>) -> &[usize] {
        self.candidates.get_or_init(|| find(&self.shape))
    }

    /// What a format makes of the names; `None` where two become one.
    pub(crate) fn plan(&self, format: &Format) -> Option<Arc<Plan>> {
        let make = || Plan::new(format, &self.shape).map(Arc::new);
        self.plans.get(format.number)?.get_or_init(make).clone()
    }
}

/// What a format makes of an outline.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The outline's names as the format calls them, then those of copies.
    pub(crate) shape: Arc<Shape>,
    /// Places of the values that stand a second time at the end.
    pub(crate) copies: Vec<usize>,
    /// Places of texts that are put into braces.
    pub(crate) braces: Vec<usize>,
    /// Fields that fill columns and aliases, by their places.
    pub(crate) uses: Vec<(usize, Use)>,
    /// Names with further ones behind them.
    endings: RwLock<Vec<Arc<Shape>>>,
}

impl Plan {
    fn new(format: &Format, outline: &Shape) -> Option<Self> {
        let rules = &format.names;
        let mut names: Vec<Text> = outline.names().iter().map(|name| rules.renamed(name)).collect();
        let mut copies = Vec::new();
        if rules.without_spaces {
            for place in 0..names.len() {
                let spellings = names.get(place).filter(|name| name.contains(' ')).map(NameRules::spellings);
                for spelling in spellings.into_iter().flatten() {
                    if !names.contains(&spelling) {
                        names.push(spelling);
                        copies.push(place);
                    }
                }
            }
        }
        let braces =
            (0..).zip(&names).filter(|(_, name)| rules.braces.contains(*name)).map(|(place, _)| place).collect();
        let uses = |(place, name): (usize, &Text)| {
            let uses = format.targets.uses.get(name).map_or(&[][..], Vec::as_slice);
            uses.iter().map(move |one| (place, one.clone()))
        };
        let uses = names.iter().enumerate().flat_map(uses).collect();
        Some(Self { shape: Shape::new(names)?, copies, braces, uses, endings: RwLock::default() })
    }

    /// The names of this plan with those of further fields behind them; `None` where one comes twice or they are too many to remember.
    pub(crate) fn with(&self, further: &[(Text, Value)]) -> Option<Arc<Shape>> {
        let fits = |shape: &&Arc<Shape>| {
            let ending = shape.names().get(self.shape.len()..).unwrap_or_default();
            ending.len() == further.len() && ending.iter().zip(further).all(|(name, (have, _))| name == have)
        };
        if let Some(known) = self.endings.read().unwrap_or_else(PoisonError::into_inner).iter().find(fits) {
            return Some(known.clone());
        }
        let mut endings = self.endings.write().unwrap_or_else(PoisonError::into_inner);
        if endings.len() >= MOST_ENDINGS || self.shape.len() + further.len() > MOST_NAMES {
            return None;
        }
        let further = further.iter().map(|(name, _)| name.clone());
        let shape = Shape::new(self.shape.names().iter().cloned().chain(further).collect())?;
        endings.push(shape.clone());
        Some(shape)
    }
}

/// The outlines of a set of formats.
#[derive(Debug, Default)]
pub(crate) struct Outlines {
    known: RwLock<HashMap<u64, Arc<Outline>, FixedState>>,
    once: Mutex<Vec<u64>>,
}

impl Outlines {
    /// A draft of the record, under names that are remembered where they came before.
    pub(crate) fn draft(&self, flat: Flat, formats: usize) -> Draft {
        match self.of(&flat, formats) {
            Some(outline) => {
                let mut draft = Draft::with_columns();
                draft.set_shaped(Names::Outline(outline), flat.values);
                draft
            }
            None => flat.into_draft(),
        }
    }

    fn of(&self, flat: &Flat, formats: usize) -> Option<Arc<Outline>> {
        if flat.full || flat.ends.len() > MOST_NAMES || flat.names.len() > LONGEST_NAMES {
            return None;
        }
        let hash = FixedState::default().hash_one((&flat.names, &flat.ends));
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return (known.ends == flat.ends && known.names == flat.names).then(|| known.clone());
        }
        if !self.met_before(hash) {
            return None;
        }
        let outline = Outline::new(flat, formats)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_OUTLINES {
            known.clear();
        }
        known.insert(hash, outline.clone());
        Some(outline)
    }

    fn met_before(&self, hash: u64) -> bool {
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        once.resize(MET_ONCE, 0);
        let place = usize::try_from(hash % MET_ONCE as u64).unwrap_or_default();
        once.get_mut(place).is_some_and(|have| std::mem::replace(have, hash) == hash)
    }
}
