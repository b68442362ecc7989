//! From the name of a field to its number. Every field of every record is asked for, so the table compares two words of eight bytes instead
//! of texts.

/// A name's beginning and end, which together are the whole of a name of at most sixteen bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends(u64, u64);

impl Ends {
    fn of(name: &[u8]) -> Self {
        if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
            return Self(u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
        }
        if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
            return Self(u64::from(u32::from_le_bytes(*head)), u64::from(u32::from_le_bytes(*tail)));
        }
        match name {
            [] => Self(0, 0),
            [one] => Self(u64::from(*one), 1),
            [first, second] => Self(u64::from(*first), 2 | u64::from(*second) << 8),
            [first, second, third, ..] => Self(u64::from(*first) | u64::from(*second) << 8, 3 | u64::from(*third) << 8),
        }
    }

    fn hash(self, length: usize) -> usize {
        let mixed = (self.0 ^ self.1.rotate_left(31) ^ (length as u64) << 57).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize
    }
}

#[derive(Debug)]
struct Known {
    ends: Ends,
    name: Box<str>,
    slot: usize,
}

/// Names and their numbers, counted from 0. Only for names that are bounded by who fills it: the table is made for speed, not against
/// names chosen to collide, which cost a look at each of them.
#[derive(Debug, Default)]
pub struct Names {
    /// As long as a power of two, at most a quarter full; a name stands at its hash or behind it.
    table: Vec<Option<Known>>,
    len: usize,
}

impl Names {
    /// How many names have numbers; the next one gets this.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get(&self, name: &str) -> Option<usize> {
        let mask = self.table.len().checked_sub(1)?;
        let ends = Ends::of(name.as_bytes());
        let mut at = ends.hash(name.len()) & mask;
        while let Some(known) = self.table.get(at)?.as_ref() {
            if known.ends == ends && known.name.len() == name.len() && (name.len() <= 16 || *known.name == *name) {
                return Some(known.slot);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Number of a name, which it gets now unless it has one.
    pub fn intern(&mut self, name: &str) -> usize {
        if let Some(slot) = self.get(name) {
            return slot;
        }
        if self.table.len() < 4 * (self.len + 1) {
            let size = (self.table.len() * 2).max(16);
            let old = std::mem::replace(&mut self.table, std::iter::repeat_with(|| None).take(size).collect());
            old.into_iter().flatten().for_each(|known| self.put(known));
        }
        let slot = self.len;
        self.len += 1;
        self.put(Known { ends: Ends::of(name.as_bytes()), name: name.into(), slot });
        slot
    }

    fn put(&mut self, known: Known) {
        let mask = self.table.len().saturating_sub(1);
        let mut at = known.ends.hash(known.name.len()) & mask;
        while let Some(place) = self.table.get_mut(at) {
            if place.is_none() {
                *place = Some(known);
                return;
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_keeps_its_number() {
        let mut names = Names::default();
        let all: Vec<String> =
            (0..400).map(|number| "Name_of_a_long_field"[..number % 20].to_owned() + &number.to_string()).collect();
        for (slot, name) in all.iter().enumerate() {
            assert_eq!(names.get(name), None);
            assert_eq!(names.intern(name), slot);
        }
        for (slot, name) in all.iter().enumerate() {
            assert_eq!((names.intern(name), names.get(name)), (slot, Some(slot)));
            assert_eq!(names.get(&format!("{name}x")), None);
        }
        assert_eq!(names.len(), all.len());
    }
}
