//! Week.
