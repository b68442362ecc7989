//! Signed checkpoints: they find what the chain alone cannot, in the database and in an exported file.

use crate::audit::{checkpoints, read, report, spoil, write};
use crate::province::{NOW, service};
use kit::Error;
use kit::bus::Bus;
use kit::clock::HOUR;
use kit::db::Db;
use organisation::audit::{
    Checkpoints, Fault, KeyTrouble, Problem, Report, TrailKey, export, head, verify_copy, verify_export,
};
use sea_orm::{ConnectionTrait, Statement};
use sha2::{Digest, Sha256};
use std::io::BufReader;
use test_support::on_each_database;

async fn sign(db: &Db, checkpoints: &Checkpoints, hour: i64) -> bool {
    checkpoints.make(db, &service(), NOW + hour * HOUR).await.unwrap().is_some()
}

/// Ten rows with readings, a checkpoint, ten more, a checkpoint, five more.
pub(crate) async fn signed_trail(db: &Db, checkpoints: &Checkpoints) {
    write(db, 9, "Sở Y tế").await;
    read(db, ["a", "b"]).await;
    assert!(sign(db, checkpoints, 1).await);
    write(db, 8, "row").await;
    read(db, ["b", "c"]).await;
    assert!(sign(db, checkpoints, 2).await);
    write(db, 5, "row").await;
}

fn told(report: &Report) -> Vec<(i64, i64, Fault)> {
    report.problems.iter().map(|Problem { first, last, fault }| (*first, *last, *fault)).collect()
}

/// Writes the hashes of all rows from `from` on anew, as somebody would who has the database and not the key.
async fn chain_anew(db: &Db, from: i64) {
    let scope = service();
    let tx = db.scoped(&scope).begin().await.unwrap();
    let backend = tx.get_database_backend();
    let columns = "sequence, at, actor_id, actor_name, on_behalf_of, action, object_kind, object_id, agency_id, \
                   origin, details, hash";
    let sql = format!("SELECT {columns} FROM audit_entries ORDER BY sequence");
    let mut previous = String::new();
    for row in tx.query_all_raw(Statement::from_string(backend, sql)).await.unwrap() {
        let text = |name: &str| row.try_get::<String>("", name).unwrap();
        let number = |name: &str| row.try_get::<i64>("", name).unwrap();
        let agency: Option<String> = row.try_get("", "agency_id").unwrap();
        let mut fields = serde_json::json!([
            number("sequence"),
            number("at"),
            text("actor_id"),
            text("actor_name"),
            text("action"),
            text("object_kind"),
            text("object_id"),
            agency,
            text("origin"),
            text("details"),
        ]);
        if !text("on_behalf_of").is_empty() {
            fields.as_array_mut().unwrap().push(text("on_behalf_of").into());
        }
        let hash = hex::encode(Sha256::digest(format!("{previous}\n{fields}").as_bytes()));
        if number("sequence") >= from {
            let sql = "UPDATE audit_entries SET hash = $1 WHERE sequence = $2";
            let values = [hash.as_str().into(), number("sequence").into()];
            tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.unwrap();
        } else {
            assert_eq!(hash, text("hash"), "the test reckons hashes as the trail does");
        }
        previous = hash;
    }
    let sql = "UPDATE audit_head SET hash = $1, sequence = (SELECT MAX(sequence) FROM audit_entries)";
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, [previous.into()])).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_checkpoint_is_made_when_there_is_something_to_sign() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let checkpoints = checkpoints(&directory, 1);
        assert!(!sign(&db, &checkpoints, 0).await, "an empty trail");
        signed_trail(&db, &checkpoints).await;
        assert!(sign(&db, &checkpoints, 3).await);
        assert!(!sign(&db, &checkpoints, 4).await, "nothing but the row about the last checkpoint");
        let found = report(&db, Some(&checkpoints)).await;
        assert_eq!((found.checkpoints, found.signed_rows, found.rows, told(&found)), (3, 26, 27, vec![]));
        assert_eq!(checkpoints.last().unwrap().unwrap().number, 3);
    })
    .await;
}

#[tokio::test]
async fn a_history_written_anew_is_found_between_its_checkpoints() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let checkpoints = checkpoints(&directory, 1);
        signed_trail(&db, &checkpoints).await;
        spoil(&db, "UPDATE audit_entries SET actor_name = 'somebody else' WHERE sequence = 15").await;
        chain_anew(&db, 15).await;
        assert!(report(&db, None).await.ok(), "the chain alone is whole again");
        let found = report(&db, Some(&checkpoints)).await;
        assert_eq!(told(&found), [(11, 20, Fault::Rewritten)]);
    })
    .await;
}

#[tokio::test]
async fn an_end_that_was_cut_off_after_it_was_signed_is_found() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let checkpoints = checkpoints(&directory, 1);
        signed_trail(&db, &checkpoints).await;
        spoil(&db, "DELETE FROM audit_readings WHERE sequence > 18").await;
        spoil(&db, "DELETE FROM audit_entries WHERE sequence > 18").await;
        chain_anew(&db, 19).await;
        assert!(report(&db, None).await.ok(), "the chain alone ends like any other");
        assert_eq!(told(&report(&db, Some(&checkpoints)).await), [(19, 20, Fault::CutOff)]);
    })
    .await;
}

#[tokio::test]
async fn a_copy_of_the_trail_is_judged_by_the_checkpoints_over_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let own = checkpoints(&directory, 1);
        assert!(own.over(100).unwrap().is_empty(), "there is none yet");
        signed_trail(&db, &own).await;
        let scope = service();
        let (rows, _) = head(&db.scoped(&scope).read()).await.unwrap();
        assert_eq!(rows, 26);
        let copy = directory.path().join("copy.jsonl");
        std::fs::write(&copy, own.over(rows).unwrap()).unwrap();
        let found = verify_copy(&db.scoped(&scope).read(), &copy, own.known()).await.unwrap();
        assert_eq!((found.checkpoints, told(&found)), (2, vec![]));
        // A copy with 19 rows knows the first checkpoint; the second counts a row more.
        assert_eq!(own.over(20).unwrap(), own.over(rows).unwrap());
        std::fs::write(&copy, own.over(19).unwrap()).unwrap();
        let found = verify_copy(&db.scoped(&scope).read(), &copy, own.known()).await.unwrap();
        assert_eq!((found.checkpoints, told(&found)), (1, vec![(2, 2, Fault::CheckpointMissing)]));
    })
    .await;
}

#[tokio::test]
async fn checkpoints_by_another_key_and_lost_ones_are_found() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let own = checkpoints(&directory, 1);
        signed_trail(&db, &own).await;
        let foreign = report(&db, Some(&checkpoints(&directory, 2))).await;
        assert_eq!(foreign.problems[0].fault, Fault::Checkpoint);
        assert_eq!((foreign.checkpoints, foreign.signed_rows), (0, 0));
        let path = directory.path().join("checkpoints.jsonl");
        let whole = std::fs::read_to_string(&path).unwrap();
        let (first, second) = whole.trim_end().split_once('\n').unwrap();
        std::fs::write(&path, format!("{first}\n")).unwrap();
        assert_eq!(told(&report(&db, Some(&own)).await), [(2, 2, Fault::CheckpointMissing)]);
        std::fs::write(&path, format!("{second}\n")).unwrap();
        let once = [(1, 1, Fault::CheckpointMissing)];
        assert_eq!(told(&report(&db, Some(&own)).await), once, "what the next one and the trail both say is told once");
        std::fs::remove_file(&path).unwrap();
        let lost = [(1, 1, Fault::CheckpointMissing), (2, 2, Fault::CheckpointMissing)];
        assert_eq!(told(&report(&db, Some(&own)).await), lost);
        // What a crash left unfinished is no checkpoint, and the next one takes its place.
        std::fs::write(&path, format!("{whole}{}", &second[..100])).unwrap();
        assert_eq!(told(&report(&db, Some(&own)).await), []);
        assert!(sign(&db, &own, 3).await);
        let found = report(&db, Some(&own)).await;
        assert_eq!((found.checkpoints, told(&found)), (3, vec![]));
    })
    .await;
}

#[tokio::test]
async fn another_key_signs_only_once_the_trail_says_that_it_was_accepted() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let key = |seed: u8| Some(TrailKey::from_seeds(&[seed; 64]));
        let open = |key| Checkpoints::open(directory.path(), key).unwrap();
        assert!(!Checkpoints::are_begun(directory.path()));
        signed_trail(&db, &open(key(1))).await;
        assert!(Checkpoints::are_begun(directory.path()));
        for (at_hand, trouble) in [(None, KeyTrouble::Missing), (key(2), KeyTrouble::Other)] {
            let troubled = open(at_hand);
            assert_eq!(troubled.trouble(), Some(trouble));
            let refused = troubled.make(&db, &service(), NOW + 3 * HOUR).await;
            assert!(matches!(refused, Err(Error::Conflict(key)) if key == trouble.key()), "{refused:?}");
            let found = report(&db, Some(&troubled)).await;
            assert_eq!((told(&found), found.signed_rows), (vec![], 20), "what was signed can still be judged");
        }
        // Whoever only makes the key known, without a row of the trail, is found.
        let keys = directory.path().join("keys.jsonl");
        let before = std::fs::read_to_string(&keys).unwrap();
        let known = serde_json::to_string(&TrailKey::from_seeds(&[2; 64]).public()).unwrap();
        let checkpoints = std::fs::read(directory.path().join("checkpoints.jsonl")).unwrap();
        std::fs::write(&keys, format!("{before}{known}\n")).unwrap();
        write(&db, 3, "row").await;
        let forced = open(key(2));
        assert!(sign(&db, &forced, 3).await);
        assert_eq!(told(&report(&db, Some(&forced)).await), [(3, 3, Fault::Key)]);
        std::fs::write(directory.path().join("checkpoints.jsonl"), checkpoints).unwrap();
        std::fs::write(&keys, before).unwrap();

        let scope = service();
        let accepted = open(None).accept(TrailKey::from_seeds(&[2; 64]), &db, &scope, NOW + 4 * HOUR, "mất máy").await;
        assert_eq!(accepted.unwrap().trouble(), None);
        let own = open(key(2));
        assert_eq!((own.trouble(), own.known().len()), (None, 2));
        assert!(sign(&db, &own, 5).await);
        let found = report(&db, Some(&own)).await;
        let lost = [(3, 3, Fault::CheckpointMissing)];
        assert_eq!(told(&found), lost, "but for the one that was forced and taken away");
        assert_eq!(found.key, own.known()[1].fingerprint());
        let mut file = Vec::new();
        export(&db.scoped(&scope).read(), &own, &mut file).await.unwrap();
        let exported = verify_export(&mut BufReader::new(file.as_slice())).unwrap().unwrap();
        assert_eq!((told(&exported), exported.signed_rows), (lost.to_vec(), found.signed_rows));
        assert_eq!(open(key(1)).trouble(), Some(KeyTrouble::Other), "the old key signs no more");
    })
    .await;
}

#[tokio::test]
async fn an_altered_byte_a_lost_line_and_exchanged_lines_of_an_exported_file_are_found() {
    let database = test_support::sqlite(organisation::MIGRATIONS, Bus::default()).await;
    let db = &database.db;
    let directory = tempfile::tempdir().unwrap();
    let checkpoints = checkpoints(&directory, 1);
    signed_trail(db, &checkpoints).await;
    let mut file = Vec::new();
    let scope = service();
    let done = export(&db.scoped(&scope).read(), &checkpoints, &mut file).await.unwrap();
    assert_eq!((done.rows, done.checkpoints), (26, 2));
    let verified = |file: &[u8]| verify_export(&mut BufReader::new(file)).unwrap();
    let sound = verified(&file).unwrap();
    assert_eq!((told(&sound), sound.rows, sound.signed_rows), (vec![], 26, 20));
    assert_eq!(sound.key, checkpoints.known()[0].fingerprint());
    // A sample: every byte would take minutes.
    let rows = file.windows(6).position(|six| six == b"{\"row\"").unwrap();
    for at in (0..rows).step_by(97).chain((rows..file.len()).step_by(7)) {
        let mut bent = file.clone();
        bent[at] ^= 1;
        assert!(verified(&bent).is_none_or(|report| !report.ok()), "byte {at} of {}", file.len());
    }
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    for gone in 1..lines.len() {
        let rest: Vec<u8> =
            lines.iter().enumerate().filter(|(line, _)| *line != gone).flat_map(|(_, line)| line.to_vec()).collect();
        assert!(verified(&rest).is_some_and(|report| !report.ok()), "without line {gone}");
    }
    let mut moved = lines.clone();
    moved.swap(6, 7);
    assert!(verified(&moved.concat()).is_some_and(|report| !report.ok()), "two rows exchanged");
}
