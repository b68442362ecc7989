//! Templates: what the records of a set are made of. Read from template sets of version 9 (RFC 3954 §5.2, §6.1) and
//! IPFIX (RFC 7011 §3.4), made by us for version 5.

use super::elements::{Elements, Kind};
use super::reader::Reader;
use event::Micros;
use std::sync::Arc;

/// Length in a template that says: each record states its own.
pub(super) const VARIABLE: u16 = u16::MAX;

/// One element of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) enterprise: u32,
    pub(super) id: u16,
    pub(super) length: u16,
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) fields: Vec<Field>,
    /// Its records tell about the exporter, not about a flow.
    pub(super) options: bool,
    /// Bytes of the shortest record.
    pub(super) least: usize,
    pub(super) learned: Micros,
    /// When it last gave records.
    pub(super) used: Option<Micros>,
}

/// One element as an exporter declares it: enterprise, number, length.
pub(super) type Declared = (u32, u16, u16);

/// What a template set holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Template {
        id: u16,
        options: bool,
        declared: Vec<Declared>,
    },
    /// IPFIX takes a template back, or all of a kind (by the number of their set).
    Withdrawn {
        id: u16,
    },
}

/// Scopes of version 9 (RFC 3954 §6.1) as elements of IANA: interface, line card. The others have none.
fn scope_element(kind: u16) -> (u32, u16) {
    match kind {
        2 => (0, 10),
        3 => (0, 141),
        5 => (0, 145),
        // Nobody's number, so that it is no element of flows.
        other => (0, 32_000_u16.saturating_add(other.min(255))),
    }
}

/// The next template of a set of version 9. `None` at its end, or where it is broken.
pub(super) fn of_version_9(set: &mut Reader<'_>, options: bool) -> Option<Said> {
    let id = set.short()?;
    if !options {
        let count = usize::from(set.short()?);
        let declared = (0..count).map(|_| Some((0, set.short()?, set.short()?))).collect::<Option<_>>()?;
        return Some(Said::Template { id, options, declared });
    }
    let (scope, others) = (usize::from(set.short()?), usize::from(set.short()?));
    let mut declared = Vec::new();
    for _ in 0..scope / 4 {
        let (enterprise, element) = scope_element(set.short()?);
        declared.push((enterprise, element, set.short()?));
    }
    for _ in 0..others / 4 {
        declared.push((0, set.short()?, set.short()?));
    }
    Some(Said::Template { id, options, declared })
}

/// The next template of an IPFIX set.
pub(super) fn of_ipfix(set: &mut Reader<'_>, options: bool) -> Option<Said> {
    let (id, count) = (set.short()?, usize::from(set.short()?));
    if count == 0 {
        return Some(Said::Withdrawn { id });
    }
    if options {
        set.short()?;
    }
    let mut declared = Vec::new();
    for _ in 0..count {
        let (number, length) = (set.short()?, set.short()?);
        let enterprise = if number & 0x8000 == 0 { 0 } else { set.long()? };
        declared.push((enterprise, number & 0x7fff, length));
    }
    Some(Said::Template { id, options, declared })
}

impl Template {
    /// A template as declared; `None` where it has too many elements or its records would have no bytes.
    pub(super) fn of(
        declared: &[Declared],
        options: bool,
        elements: &Elements,
        most: usize,
        now: Micros,
    ) -> Option<Self> {
        let field = |&(enterprise, id, length): &Declared| {
            let (name, kind) = elements.find(enterprise, id);
            Field { enterprise, id, length, name, kind }
        };
        // Elements without bytes say nothing, and many of them would make much of nothing.
        let fields: Vec<Field> = declared.iter().filter(|(_, _, length)| *length > 0).map(field).collect();
        let bytes = |field: &Field| if field.length == VARIABLE { 1 } else { usize::from(field.length) };
        let least: usize = fields.iter().map(bytes).sum();
        let sound = least > 0 && declared.len() <= most;
        sound.then_some(Self { fields, options, least, learned: now, used: None })
    }

    /// As it was declared.
    pub(super) fn declared(&self) -> Vec<Declared> {
        self.fields.iter().map(|field| (field.enterprise, field.id, field.length)).collect()
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.options == other.options && self.fields == other.fields
    }

    /// The bytes of each element of the next record, in `values`. `false` where the set ends before the record does.
    pub(super) fn read<'a>(&self, set: &mut Reader<'a>, values: &mut Vec<&'a [u8]>) -> bool {
        values.clear();
        for field in &self.fields {
            let length = match field.length {
                VARIABLE => match set.byte() {
                    Some(255) => set.short().map(usize::from),
                    short => short.map(usize::from),
                },
                fixed => Some(usize::from(fixed)),
            };
            match length.and_then(|length| set.take(length)) {
                Some(value) => values.push(value),
                None => return false,
            }
        }
        true
    }
}

/// The records of version 5: always the same elements, so they are read like those of a template.
pub(super) const VERSION_5: [Declared; 20] = [
    (0, 8, 4),
    (0, 12, 4),
    (0, 15, 4),
    (0, 10, 2),
    (0, 14, 2),
    (0, 2, 4),
    (0, 1, 4),
    (0, 22, 4),
    (0, 21, 4),
    (0, 7, 2),
    (0, 11, 2),
    (0, 210, 1),
    (0, 6, 1),
    (0, 4, 1),
    (0, 5, 1),
    (0, 16, 2),
    (0, 17, 2),
    (0, 9, 1),
    (0, 13, 1),
    (0, 210, 2),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn elements() -> Elements {
        Elements::parse("reverse = 29305\n[elements]\n1 = [\"octetDeltaCount\", \"unsigned64\"]\n").unwrap()
    }

    #[test]
    fn a_record_of_version_5_has_48_bytes() {
        assert_eq!(Template::of(&VERSION_5, false, &elements(), 64, 0).unwrap().least, 48);
    }

    #[test]
    fn templates_without_bytes_or_with_too_many_elements_are_none() {
        let of = |declared: &[Declared]| Template::of(declared, false, &elements(), 2, 0);
        assert!(of(&[(0, 1, 0)]).is_none() && of(&[]).is_none());
        assert!(of(&[(0, 1, 1), (0, 1, 0)]).is_some_and(|template| template.fields.len() == 1));
        assert!(of(&[(0, 1, 1); 3]).is_none());
    }

    #[test]
    fn lengths_of_one_and_of_three_bytes_are_read() {
        let template = Template::of(&[(0, 1, VARIABLE), (0, 1, 2)], false, &elements(), 2, 0).unwrap();
        let mut values = Vec::new();
        let mut long = vec![255, 1, 0];
        long.extend([7; 256]);
        long.extend([1, 2]);
        assert!(template.read(&mut Reader::new(&long), &mut values));
        assert_eq!((values[0].len(), values[1]), (256, &[1, 2][..]));
        assert!(template.read(&mut Reader::new(&[2, 5, 6, 8, 9]), &mut values));
        assert_eq!(values, [&[5_u8, 6][..], &[8, 9]]);
        assert!(!template.read(&mut Reader::new(&[200, 5]), &mut values));
    }

    #[test]
    fn enterprise_numbers_and_withdrawals_are_read() {
        let bytes = [1, 0, 0, 2, 0x80, 1, 255, 255, 0, 0, 0x72, 0x79, 0, 4, 0, 1, 1, 1, 0, 0];
        let mut set = Reader::new(&bytes);
        let declared = vec![(29_305, 1, VARIABLE), (0, 4, 1)];
        assert_eq!(of_ipfix(&mut set, false), Some(Said::Template { id: 256, options: false, declared }));
        assert_eq!(of_ipfix(&mut set, false), Some(Said::Withdrawn { id: 257 }));
        assert_eq!(of_ipfix(&mut set, false), None);
    }
}
