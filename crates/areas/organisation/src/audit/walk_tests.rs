use super::super::TrailKey;
use super::*;

fn entry(sequence: i64, previous: &str) -> AuditEntry {
    let mut entry = AuditEntry {
        sequence,
        at: 1,
        actor_id: "p".into(),
        actor_name: "P".into(),
        on_behalf_of: String::new(),
        action: "test.write".into(),
        object_kind: "row".into(),
        object_id: sequence.to_string(),
        agency_id: None,
        origin: String::new(),
        details: "{}".into(),
        hash: String::new(),
    };
    entry.hash = chain::hash(previous, &entry);
    entry
}

fn trail(rows: i64) -> Vec<AuditEntry> {
    let mut all: Vec<AuditEntry> = Vec::new();
    for sequence in 1..=rows {
        let previous = all.last().map(|last| last.hash.clone()).unwrap_or_default();
        all.push(entry(sequence, &previous));
    }
    all
}

fn walked(rows: &[AuditEntry], checkpoints: Vec<Line>, latest: i64) -> Vec<(i64, i64, Fault)> {
    let mut walk = Walk::new(checkpoints, Some(&[TrailKey::from_seeds(&[1; 64]).public()]));
    rows.iter().for_each(|row| walk.take(row, Index::Absent));
    let head = rows.last().map(|last| (last.sequence, last.hash.as_str()));
    let report = walk.finish(head, latest);
    report.problems.iter().map(|problem| (problem.first, problem.last, problem.fault)).collect()
}

fn signed(rows: &[AuditEntry], at: &[usize]) -> Vec<Line> {
    let key = TrailKey::from_seeds(&[1; 64]);
    let mut lines: Vec<Line> = Vec::new();
    for place in at {
        let last = lines.last().cloned().flatten();
        let row = &rows[place - 1];
        lines.push(Some(key.sign(last.as_ref(), 1, row.sequence, &row.hash)));
    }
    lines
}

#[test]
fn a_trail_that_grows_while_it_is_read_is_whole() {
    let rows = trail(10);
    assert_eq!(walked(&rows, signed(&rows, &[4, 8]), 10), []);
    // The checkpoint over row 8 was made after this walk began.
    assert_eq!(walked(&rows[..6], signed(&rows, &[4, 8]), 8), []);
    assert_eq!(walked(&rows[..6], signed(&rows, &[4, 8]), 6), [(7, 8, Fault::CutOff)]);
}

#[test]
fn an_altered_row_explains_a_checkpoint_that_no_longer_fits_and_hides_no_other() {
    let rows = trail(12);
    let checkpoints = signed(&rows, &[4, 8, 12]);
    let mut bent = rows.clone();
    bent[3].hash = "0".repeat(64);
    assert_eq!(walked(&bent, checkpoints.clone(), 12), [(4, 4, Fault::Altered)]);
    let mut rewritten = trail(12);
    rewritten[5].details = "{\"x\":1}".into();
    for place in 5..12 {
        let previous = rewritten[place - 1].hash.clone();
        rewritten[place].hash = chain::hash(&previous, &rewritten[place]);
    }
    let told = walked(&rewritten, checkpoints, 12);
    assert_eq!(told, [(5, 8, Fault::Rewritten), (9, 12, Fault::Rewritten)]);
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_next_ones_still_count() {
    let rows = trail(12);
    let mut checkpoints = signed(&rows, &[4, 8, 12]);
    checkpoints[1] = None;
    assert_eq!(walked(&rows, checkpoints.clone(), 12), [(2, 2, Fault::Checkpoint)]);
    checkpoints.remove(1);
    assert_eq!(walked(&rows, checkpoints, 12), [(2, 2, Fault::CheckpointMissing)]);
}

#[test]
fn a_checkpoint_before_which_another_was_put_is_found() {
    let rows = trail(12);
    let mut checkpoints = signed(&rows, &[4, 8]);
    let other = signed(&rows, &[3]);
    checkpoints[0] = other[0].clone();
    assert_eq!(walked(&rows, checkpoints, 12), [(2, 2, Fault::Checkpoint)]);
}
