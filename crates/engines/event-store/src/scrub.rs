//! Reads segments again a part at a time, so that a disk that forgets is found out long before somebody asks for what it
//! forgot.

use crate::verify::Problem;
use crate::{Store, StoreError};

impl Store {
    /// Checks segments of some `bytes` in all, going on where the last call ended, and from the beginning after the last
    /// one. Those in the archive are left to it, and to `verify`: reading them would cost what it charges. What is damaged is left out of queries from then on.
    pub async fn scrub(&self, bytes: u64) -> Result<Vec<Problem>, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.scrub_now(bytes)).await.map_err(|_| StoreError::Closed)
    }

    fn scrub_now(&self, bytes: u64) -> Vec<Problem> {
        let shared = self.shared();
        let segments = shared.memory().segments.clone();
        let mut in_order: Vec<_> = segments.iter().filter(|one| !one.is_archived()).collect();
        in_order.sort_by(|a, b| a.row.path.cmp(&b.row.path));
        let mut cursor = shared.scrubbed();
        let next = in_order.iter().position(|one| one.row.path > *cursor).unwrap_or(0);
        in_order.rotate_left(next);
        let (mut read, mut problems) = (0, Vec::new());
        for one in in_order {
            if read >= bytes {
                break;
            }
            read += one.row.bytes;
            cursor.clone_from(&one.row.path);
            if let Err(reason) = one.check() {
                problems.push(Problem { part: "segment".to_owned(), file: one.row.path.clone(), reason });
            }
        }
        problems
    }
}
