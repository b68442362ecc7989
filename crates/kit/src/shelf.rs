//! Something that is in force and is exchanged as a whole: rules, settings, what registers know.

use std::sync::{Arc, PoisonError, RwLock};

/// Holds what is in force. Clones share it; a reader keeps what it took while something new is put up.
#[derive(Debug, Default)]
pub struct Shelf<T>(Arc<RwLock<Arc<T>>>);

impl<T> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Shelf<T> {
    pub fn new(one: impl Into<Arc<T>>) -> Self {
        Self(Arc::new(RwLock::new(one.into())))
    }

    pub fn current(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn replace(&self, one: impl Into<Arc<T>>) {
        let one = one.into();
        let before = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), one);
        // What was large takes a while to be taken apart, and no reader waits for it.
        drop(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_is_in_force_and_readers_keep_what_they_took() {
        let shelf = Shelf::<i32>::new(1);
        let (other, taken) = (shelf.clone(), shelf.current());
        shelf.replace(2);
        assert_eq!((*other.current(), *taken), (2, 1));
        let three = Arc::new(3);
        shelf.replace(three.clone());
        assert!(Arc::ptr_eq(&other.current(), &three), "what is shared already is not copied");
    }

    /// Asks the shelf while it is taken apart.
    struct Asks(Option<Shelf<Asks>>);

    impl Drop for Asks {
        fn drop(&mut self) {
            if let Some(shelf) = &self.0 {
                assert!(shelf.current().0.is_none());
            }
        }
    }

    #[test]
    fn no_reader_waits_until_what_was_in_force_is_taken_apart() {
        let shelf = Shelf::<Asks>::new(Asks(None));
        shelf.replace(Asks(Some(shelf.clone())));
        shelf.replace(Asks(None));
        assert!(shelf.current().0.is_none());
    }
}
