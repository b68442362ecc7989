//! What a search text means: a tree of terms.
//!
//! ```text
//! word  "a phrase"  power*          anywhere in message or record; accents and case do not matter
//! 192.0.2.1  an@example.vn          addresses and hashes as a whole (not in 192.0.2.10); quoted: as any text
//! field:value  field:"a phrase"  field:adm?n  field:*        whole value of a common column or own field
//! field:>=400  field:<500  field:[400 TO 499]  field:{a TO *}   numbers and times
//! /id=\d{8}/  field:/^cmd.*\.exe$/   a regular expression somewhere in the record or the value; accents and case do not
//!                                    matter; a slash in it is written \/ and /etc/ or /var/log/ are texts
//! 10.0.0.0/8  source_ip:10.0.0.0/8  message:10.0.0.0/8   an address of the network anywhere, in the column, in the text
//! _exists_:field
//! a b = a and b   a or b   not a   -a   (a or b) c   field:(a or b)
//! ```

use ipnet::IpNet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub root: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// An empty search finds everything.
    All,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Term(Term),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub field: Field,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// No field named: message and record.
    Anywhere,
    /// A column of `events`.
    Column(&'static str),
    /// A field of the record's own format.
    Own(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Without a field: somewhere in the text. With one: the whole value.
    Text(String),
    /// An address, e-mail address or hash, in its one spelling: there as a whole, wherever in the record.
    Observable(String),
    /// With `*` or `?`.
    Wildcard(String),
    /// A regular expression, somewhere in the text.
    Expression(String),
    Range {
        low: Bound,
        high: Bound,
    },
    /// An address in it: the value of a column of addresses, or wherever in a text or the record.
    Network(IpNet),
    Exists,
    /// What somebody else knows of the value; no text of a search reads as this.
    Known(Predicate),
}

/// What is known of a value outside of the store, such as from which country an address is. It must not fail and not
/// change. Two are the same where one is a copy of the other.
#[derive(Clone)]
pub struct Predicate(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Predicate {
    pub fn new(holds: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    pub fn holds(&self, value: &str) -> bool {
        (self.0)(value)
    }

    fn place(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }
}

impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Predicate {}

impl Hash for Predicate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place().hash(state);
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Predicate")
    }
}

/// One end of a range. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    Open,
    /// The value itself belongs to the range.
    Including(f64),
    Excluding(f64),
}
