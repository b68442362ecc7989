//! Official Vietnamese documents as DOCX, in the layout of Decree 30/2020/NĐ-CP, Annex I.
//!
//! The engine knows paper: margins, type sizes, the two-column head, numbering, the signature block. It knows nothing
//! of incidents or agencies; whoever calls it brings the words. The only Vietnamese words it adds itself are those
//! that the decree prescribes for every document (Quốc hiệu, Tiêu ngữ, "Số:", "Kính gửi:", "Nơi nhận:").

mod body;
mod head;
mod letterhead;
mod official;
mod page;
mod properties;
mod signature;
mod text;
mod text_width;

pub use official::{
    Addressees, Appendix, Block, Column, DocumentError, DocumentKind, Field, OfficialDocument, Signature, Urgency,
    Written,
};
pub use text::printable;

use docx_rs::{DocumentChild, Docx};
use std::io::Cursor;

/// Media type of what [`render`] returns.
pub const DOCX_MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// Renders the document as a DOCX package.
///
/// The same document gives the same `word/document.xml`, byte for byte, so that a stored hash can be checked again.
///
/// # Errors
/// [`DocumentError::Missing`] when a part that the decree requires is empty, [`DocumentError::TooLarge`] when the
/// content goes beyond the bounds, [`DocumentError::Package`] when the package cannot be written.
pub fn render(document: &OfficialDocument) -> Result<Vec<u8>, DocumentError> {
    document.check()?;
    let mut children = head::head(document);
    children.extend(body::body(document));
    children.extend(signature::signature(document));
    for (position, appendix) in document.appendices.iter().enumerate() {
        children.extend(body::appendix(position, document.appendices.len(), appendix));
    }
    let mut docx = page::page(Docx::new());
    for child in children {
        docx = match child {
            DocumentChild::Paragraph(paragraph) => docx.add_paragraph(*paragraph),
            DocumentChild::Table(table) => docx.add_table(*table),
            _ => docx,
        };
    }
    let mut package = Cursor::new(Vec::new());
    let mut parts = docx.build();
    parts.doc_props.core = properties::core(document);
    parts.doc_props.app = properties::app();
    parts.pack(&mut package).map_err(|error| DocumentError::Package(error.to_string()))?;
    Ok(package.into_inner())
}
