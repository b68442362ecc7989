//! Own page.
