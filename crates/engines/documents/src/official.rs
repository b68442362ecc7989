//! What an official document consists of, before it is laid out. Boxes are named as in Decree 30/2020, Annex I, part I.

use crate::text::printable;
use jiff::civil::Date;
use thiserror::Error;

/// Upper bound of all text in one document, in characters. A report is a few thousand; this keeps memory bounded.
const MAX_CHARACTERS: usize = 2_000_000;
/// Upper bound of table cells in one document.
const MAX_CELLS: usize = 50_000;

/// An administrative document. All texts are plain; line breaks start a new paragraph where that makes sense.
#[derive(Clone, Debug)]
pub struct OfficialDocument {
    /// Superior body (box 2, upper line), printed in capitals; `None` where the issuer has none to name.
    pub issuer_parent: Option<String>,
    /// Issuing body (box 2), printed in bold capitals.
    pub issuer: String,
    /// Running number within issuer and year (box 3); `None` prints the blank of an unissued draft.
    pub number: Option<u32>,
    /// Symbol after the slash, such as `BC-CAT` (box 3).
    pub symbol: String,
    /// Place of issue (box 4).
    pub place: String,
    /// Day of issue (box 4); `None` prints the blanks of an unissued draft.
    pub date: Option<Date>,
    /// Named kind or official letter (boxes 5a and 5b).
    pub kind: DocumentKind,
    /// Who it is addressed to (box 6, first line).
    pub addressed_to: Addressees,
    /// Legal grounds, one each, without the closing mark.
    pub legal_bases: Vec<String>,
    /// The text itself (box 6).
    pub body: Vec<Block>,
    /// Who signs (box 7); `None` leaves the block out, as in working papers.
    pub signature: Option<Signature>,
    /// Recipients (box 9b), one a line; the last is by custom `Lưu: VT, …`.
    pub recipients: Vec<String>,
    /// Degree of urgency (box 10b).
    pub urgency: Option<Urgency>,
    /// Prints "DỰ THẢO" under the number: not approved yet.
    pub draft: bool,
    /// Appendices, each on a page of its own.
    pub appendices: Vec<Appendix>,
    /// When it was written, for the properties of the file.
    pub written: Written,
}

/// When a document was begun and last changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Begun.
    pub first: jiff::Timestamp,
    /// Changed last.
    pub last: jiff::Timestamp,
}

/// Named kind with title (báo cáo, kế hoạch, …) or official letter (công văn).
#[derive(Clone, Debug)]
pub enum DocumentKind {
    /// `title` is the kind, such as `BÁO CÁO`; `summary` says what about (box 5a).
    Titled {
        /// Name of the kind, printed in capitals.
        title: String,
        /// What it is about.
        summary: String,
    },
    /// Official letter; `summary` is printed as `V/v …` under the number (box 5b).
    Letter {
        /// What it is about, without `V/v`.
        summary: String,
    },
}

/// "Kính gửi": nobody (box left out), one or several.
#[derive(Clone, Debug, Default)]
pub struct Addressees(pub Vec<String>);

/// A piece of the text. Headings number themselves: I., II. … / 1., 2. … / a), b) ….
#[derive(Clone, Debug)]
pub enum Block {
    /// Level 1 to 3; deeper levels print as level 3.
    Heading {
        /// 1 (Roman), 2 (Arabic) or 3 (letters).
        level: u8,
        /// Without number.
        text: String,
    },
    /// Justified, first line indented.
    Paragraph(String),
    /// Lines that start with a dash.
    Items(Vec<String>),
    /// Label and value, one a line; an empty value prints a dotted blank to be filled by hand.
    Fields(Vec<Field>),
    /// A ruled table; cells beyond the columns are left out.
    Table {
        /// Heads and relative widths.
        columns: Vec<Column>,
        /// Cells, row by row.
        rows: Vec<Vec<String>>,
    },
}

/// One label with its value.
#[derive(Clone, Debug)]
pub struct Field {
    /// Printed before the colon.
    pub label: String,
    /// May have several lines; empty prints a dotted blank.
    pub value: String,
}

/// One column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Head, bold and centred.
    pub title: String,
    /// Relative width; all shares together make the text width.
    pub share: u32,
}

/// The signature block (boxes 7a to 7c).
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// Lines before the position: `TM. ỦY BAN NHÂN DÂN`, `KT. GIÁM ĐỐC` …
    pub authority: Vec<String>,
    /// Position of the person who signs.
    pub position: String,
    /// Full name (with rank where the issuer uses ranks); empty until signed.
    pub name: String,
}

/// Degree of urgency (Decree 30/2020, Annex I, II.10b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// HỎA TỐC
    Immediate,
    /// THƯỢNG KHẨN
    VeryUrgent,
    /// KHẨN
    Urgent,
}

/// An appendix with its own heading.
#[derive(Clone, Debug)]
pub struct Appendix {
    /// What it holds.
    pub title: String,
    /// Its text.
    pub body: Vec<Block>,
}

/// Why no document came out.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DocumentError {
    /// A part that every official document has is empty.
    #[error("the document has no {0}")]
    Missing(&'static str),
    /// The content goes beyond what one document may hold.
    #[error("the document is too large: {found} {unit}, at most {limit}")]
    TooLarge {
        /// What was counted.
        unit: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The package could not be written.
    #[error("the DOCX package could not be written: {0}")]
    Package(String),
}

impl OfficialDocument {
    /// Holds the document against what Decree 30/2020 Article 8 requires of every one, and against the bounds.
    pub(crate) fn check(&self) -> Result<(), DocumentError> {
        let summary = match &self.kind {
            DocumentKind::Titled { title, summary } => {
                require("title", title)?;
                summary
            }
            DocumentKind::Letter { summary } => summary,
        };
        require("issuing body", &self.issuer)?;
        require("symbol", &self.symbol)?;
        require("place of issue", &self.place)?;
        require("summary", summary)?;
        if self.body.is_empty() {
            return Err(DocumentError::Missing("text"));
        }
        let mut size = Size::default();
        for text in self.legal_bases.iter().chain(&self.recipients).chain(&self.addressed_to.0) {
            size.text(text);
        }
        for block in self.body.iter().chain(self.appendices.iter().flat_map(|appendix| &appendix.body)) {
            size.block(block);
        }
        size.within("characters", size.characters, MAX_CHARACTERS)?;
        size.within("table cells", size.cells, MAX_CELLS)
    }
}

fn require(part: &'static str, text: &str) -> Result<(), DocumentError> {
    if printable(text).trim().is_empty() { Err(DocumentError::Missing(part)) } else { Ok(()) }
}

#[derive(Default)]
struct Size {
    characters: usize,
    cells: usize,
}

impl Size {
    fn text(&mut self, text: &str) {
        self.characters = self.characters.saturating_add(text.len());
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { text, .. } | Block::Paragraph(text) => self.text(text),
            Block::Items(items) => items.iter().for_each(|item| self.text(item)),
            Block::Fields(fields) => fields.iter().for_each(|field| {
                self.text(&field.label);
                self.text(&field.value);
            }),
            Block::Table { columns, rows } => {
                self.cells = self.cells.saturating_add(columns.len().saturating_mul(rows.len().saturating_add(1)));
                rows.iter().flatten().for_each(|cell| self.text(cell));
            }
        }
    }

    fn within(&self, unit: &'static str, found: usize, limit: usize) -> Result<(), DocumentError> {
        if found > limit { Err(DocumentError::TooLarge { unit, found, limit }) } else { Ok(()) }
    }
}
