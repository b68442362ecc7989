//! The seam for more than one node: which segments there are, changed by one transaction at a time. The manifest is one
//! implementation; the other keeps numbered lists beside the segments in a bucket, where several nodes reach it. What
//! else the manifest holds (cursors of one node, holds, changes for the ledger) is not part of it.

mod listed;

#[cfg(test)]
mod tests;

use crate::StoreError;
use crate::manifest::{Manifest, Replacement, SegmentRow};

/// Which segments there are.
pub(crate) trait Catalogue: Send + Sync {
    /// All segments of one moment, by their last event time and path.
    fn segments(&self) -> Result<Vec<SegmentRow>, StoreError>;

    /// Takes segments out and others in, together or not at all, seen by everyone from then on.
    ///
    /// # Errors
    /// `Manifest` where one to be taken out is not there, or one to come in is: somebody else was faster, and nothing
    /// has changed.
    fn replace(&self, done: &Replacement<'_>) -> Result<(), StoreError>;
}

impl Catalogue for Manifest {
    fn segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        Manifest::segments(self)
    }

    fn replace(&self, done: &Replacement<'_>) -> Result<(), StoreError> {
        Manifest::replace(self, done)
    }
}
