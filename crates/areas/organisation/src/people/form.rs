//! Form of a person.
