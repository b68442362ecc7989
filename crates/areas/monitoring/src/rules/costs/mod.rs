//! What rules cost, in nanoseconds per event: measured on demand, each rule alone over the newest events of the store. It
//! says which rule to look at, and no more: in the pipeline rules share their work.

pub mod pages;
pub mod service;
pub mod store;

use kit::clock::Micros;
use kit::page::Page;

/// Cost of a rule when it was measured last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Per event of the rule's kind of log; nothing where there was none.
    pub nanoseconds: Option<f64>,
    /// Events of its kind, and all that were looked at.
    pub events: i64,
    pub sample: i64,
    pub measured_at: Micros,
}

/// Nanoseconds as people read them: less than one is nothing that a clock tells.
pub(in crate::rules) fn whole(page: &Page, nanoseconds: &f64) -> String {
    page.format.decimal(*nanoseconds, 0)
}

/// The order in which rules are measured while there is time: never measured first, then the longest ago.
fn due(ids: impl IntoIterator<Item = (usize, Option<Micros>)>) -> Vec<usize> {
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_by_key(|(position, measured_at)| (*measured_at, *position));
    ids.into_iter().map(|(position, _)| position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_measured_comes_first() {
        assert_eq!(due([(0, Some(9)), (1, None), (2, Some(3)), (3, None)]), [1, 3, 2, 0]);
    }
}
