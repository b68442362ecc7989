//! A record that nothing matches costs no memory.

use detection::{Engine, Matches, RuleSet};
use event::{Origin, RawRecord};
use luytre_rsigma_comparison::{formats, shared_data};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn records_without_a_match_allocate_nothing() {
    let engine = Engine::new(RuleSet::from_directory(&shared_data("sigma")).0);
    let formats = formats().unwrap();
    let origin = Arc::new(Origin::default());
    let noise = std::fs::File::open(shared_data("windows-json").join("noise.jsonl.gz")).unwrap();
    let events: Vec<_> = BufReader::new(flate2::read::GzDecoder::new(noise))
        .lines()
        .map(|line| {
            let bytes = line.unwrap().into();
            formats.parse(&RawRecord { bytes, arrival: 1_600_000_000_000_000, origin: origin.clone(), position: 0 })
        })
        .collect();
    let mut matches = Matches::default();
    events.iter().for_each(|event| engine.evaluate(event, &mut matches));
    let (mut silent, mut allocating, mut allocations) = (0, 0, 0);
    for event in &events {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        engine.evaluate(event, &mut matches);
        let made = ALLOCATIONS.load(Ordering::Relaxed) - before;
        if matches.is_empty() {
            silent += 1;
            allocating += usize::from(made > 0);
            allocations += made;
        }
    }
    println!("{silent} records without a match, {allocating} of them made {allocations} allocations");
    assert!(silent > 10_000);
    // Where the rule that is a candidate asks every text of the record, or a list of texts with capitals, they are folded.
    assert!(allocating * 100 < silent, "{allocating} of {silent}");
}
