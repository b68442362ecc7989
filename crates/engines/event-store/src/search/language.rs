//! What a search text means: a tree of terms.
//!
//! ```text
//! word  "a phrase"  power*          anywhere in message or record; accents and case do not matter
//! 192.0.2.1  an@example.vn          addresses and hashes as a whole (not in 192.0.2.10); quoted: as any text
//! field:value  field:"a phrase"  field:adm?n  field:*        whole value of a common column or own field
//! field:>=400  field:<500  field:[400 TO 499]  field:{a TO *}   numbers and times
//! source_ip:10.0.0.0/8  _exists_:field
//! a b = a and b   a or b   not a   -a   (a or b) c   field:(a or b)
//! ```

use ipnet::IpNet;

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
    Range {
        low: Bound,
        high: Bound,
    },
    Network(IpNet),
    Exists,
}

/// One end of a range. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    Open,
    /// The value itself belongs to the range.
    Including(f64),
    Excluding(f64),
}
