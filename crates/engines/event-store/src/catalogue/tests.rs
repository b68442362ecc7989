//! One suite for every catalogue.

use super::listed::ListedCatalogue;
use super::*;
use crate::archive::byte_tests::{Place, each_place};
use crate::ledger::Cause;
use std::sync::Arc;

fn row(path: &str, max_time: i64) -> SegmentRow {
    let sources = Some(["source-a".to_owned()].into());
    let some = SegmentRow { path: path.into(), max_time, min_time: 0, sources, ..SegmentRow::empty(Some(20_000)) };
    SegmentRow { rows: 7, bytes: 9, min_seq: 1, max_seq: 7, newest: 5, checksums: vec![1, u32::MAX], ..some }
}

fn change(removed: &[&str], added: &[SegmentRow], catalogue: &dyn Catalogue) -> Result<(), StoreError> {
    let removed: Vec<_> = removed.iter().map(|path| (*path).to_owned()).collect();
    catalogue.replace(&Replacement::new(Cause::Merged, &removed, added, 0))
}

/// What every catalogue does. `open` opens the same one again, as another node would.
fn suite(open: &dyn Fn() -> Arc<dyn Catalogue>) {
    let (one, other) = (open(), open());
    assert_eq!(one.segments().unwrap(), []);
    change(&[], &[row("b", 2), row("a", 1), row("c", 1)], &*one).unwrap();
    let paths = |catalogue: &dyn Catalogue| -> Vec<String> {
        catalogue.segments().unwrap().into_iter().map(|row| row.path).collect()
    };
    assert_eq!(paths(&*other), ["a", "c", "b"], "seen by others, in order");
    assert_eq!(other.segments().unwrap()[0], row("a", 1), "every fact of it");
    change(&["a", "b"], &[row("d", 9)], &*other).unwrap();
    assert_eq!(paths(&*one), ["c", "d"]);
    assert!(change(&["c", "a"], &[row("e", 1)], &*one).is_err(), "one was taken out by another");
    assert!(change(&["c"], &[row("d", 9)], &*one).is_err(), "one is there already");
    assert_eq!(paths(&*one), ["c", "d"], "nothing of a refused change");
    let racing = (0..4).map(|node| {
        let catalogue = open();
        std::thread::spawn(move || {
            for number in 0..8 {
                let own = format!("{node}-{number}");
                change(&[], &[row(&own, 3)], &*catalogue).unwrap();
            }
            // Only one of them gets it.
            change(&["c"], &[row(&format!("won-{node}"), 4)], &*catalogue).is_ok()
        })
    });
    let won = racing.collect::<Vec<_>>().into_iter().filter_map(|node| node.join().ok()).filter(|won| *won).count();
    assert_eq!((won, one.segments().unwrap().len()), (1, 2 + 4 * 8));
    change(&["d"], &[], &*one).unwrap();
    assert_eq!(open().segments().unwrap().len(), 1 + 4 * 8);
}

#[test]
fn the_manifest_is_a_catalogue() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("manifest.sqlite");
    let manifest = Arc::new(Manifest::open(&path).unwrap());
    suite(&|| manifest.clone());
}

#[test]
fn numbered_lists_are_a_catalogue() {
    each_place(|Place { bytes, .. }| suite(&|| Arc::new(ListedCatalogue(bytes.clone()))));
}
