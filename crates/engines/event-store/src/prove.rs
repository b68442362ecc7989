//! Proofs of single events, made from segment and ledger.

use crate::ledger::{Ledger, Listed, Proof, find_row, path};
use crate::segment::hex;
use crate::{Store, StoreError};

impl Store {
    /// A proof that the event of this sequence was stored as it is.
    ///
    /// # Errors
    /// `Refused` where the event is not in a segment, or its segment not yet in a signed entry.
    pub async fn prove(&self, seq: u64) -> Result<Proof, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.prove_now(seq)).await.unwrap_or(Err(StoreError::Closed))
    }

    fn prove_now(&self, seq: u64) -> Result<Proof, StoreError> {
        let refused = |words: &str| StoreError::Refused(format!("event {seq} {words}"));
        let shared = self.shared();
        // A snapshot keeps the files from being removed meanwhile.
        let segments = shared.memory().segments.clone();
        let number = i64::try_from(seq).map_err(|_| refused("is not stored"))?;
        for one in segments.iter().filter(|one| (one.row.min_seq..=one.row.max_seq).contains(&seq)) {
            let Some((row, event, leaves)) = find_row(one, number)? else { continue };
            let segment = Listed::from(&one.row);
            if segment.rows_root.is_none() {
                return Err(refused("is in a file of an older layout, which proves nothing about single events"));
            }
            let ledger = Ledger::new(&*shared.files, &shared.dir);
            let mut entries = ledger.newest_first()?.filter_map(|(_, one)| one.ok());
            let entry = entries.find(|entry| Proof::names(entry, &segment));
            let entry = entry.ok_or_else(|| refused("is in a file that no signed entry names yet"))?;
            let path = path(&leaves, row).iter().map(|hash| hex(hash)).collect();
            return Ok(Proof { version: 1, event, segment, row: row as u64, path, entry });
        }
        Err(refused("is not in a segment"))
    }
}
