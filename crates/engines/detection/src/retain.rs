//! Taking detections back before correlations look at them: whoever runs the engine may know of rules that are off
//! and of exceptions.

use crate::matches::{Detection, Matches};

impl Matches {
    /// Keeps the detections of the last record that `keep` wants.
    pub fn retain(&mut self, keep: impl FnMut(&Detection) -> bool) {
        self.detections.retain(keep);
    }
}
