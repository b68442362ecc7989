//! Files that are read as a whole, once: event logs of Windows, packed files, JSON over many lines. They are known by
//! their content, as `luytre import` knows them, so that neither reads again what the other has read.

use super::marks::Mark;
use super::packed::read_before;
use super::{Watch, WatchError, blocking};
use crate::import::files::{Piece, hash, read, unread};
use event::RawRecord;
use ingest::files::{Limits, Place};
use std::io;
use std::path::Path;

impl Watch {
    pub(super) async fn whole(&mut self, folder: usize, path: &Path) -> Result<(), WatchError> {
        let (hashed, store) = (path.to_owned(), self.store.clone());
        let content = blocking(move || hash(&hashed)).await?;
        if store.import_known(&content)?.is_some() {
            return Ok(());
        }
        let packed = path.to_owned();
        let before = blocking(move || read_before(&store, &packed)).await?.map_or(0, |known| known.place.lines);
        let key = format!("watch/whole/{content}");
        let name = path.display().to_string();
        let mut mark = match Mark::load(&self.store, &key).await? {
            Some(mark) => mark,
            None => Mark { path: name.clone(), ..Mark::default() },
        };
        let mut origin = self.origin(folder, &mark.path);
        let (mut chunks, reading) = read(path.to_owned(), Limits::default(), None);
        // Records of the file, in the order in which every reading gives them.
        let mut number = 0;
        while let Some(chunk) = chunks.recv().await {
            let arrival = self.arrival();
            let (mut records, mut rejected) = (Vec::new(), 0);
            for Piece { file, position, header, result } in chunk.pieces {
                number += 1;
                if number <= mark.done.lines || position <= before {
                    continue;
                }
                // Under the name that it had when it was begun.
                let file = file.strip_prefix(name.as_str()).map_or(mark.path.clone(), |rest| mark.path.clone() + rest);
                let bytes = match result {
                    Ok(bytes) => bytes,
                    Err(reason) => {
                        rejected += 1;
                        unread(&file, position, &reason)
                    }
                };
                if origin.file.as_deref() != Some(file.as_str()) {
                    origin = self.origin(folder, &file);
                }
                origin = origin.under(header.as_deref());
                records.push(RawRecord { bytes, arrival, origin: origin.clone(), position });
            }
            if number <= mark.done.lines {
                continue;
            }
            let count = records.len() as u64;
            self.store.pace().await;
            let to = Place { bytes: 0, lines: number };
            mark.advance(&self.store, &key, to, String::new(), records).await?;
            self.board.read(folder, count, rejected, arrival);
        }
        reading.await.map_err(io::Error::other)?;
        self.store.remember_import(&content, &format!("{name}, {number} records"))?;
        self.board.whole(folder);
        Ok(())
    }
}
