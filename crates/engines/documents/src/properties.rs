//! Properties of the file (`docProps/core.xml` and `app.xml`): what search and archives show before anybody opens it.
//! Written here because the library writes neither title nor creator, and nothing of the program.

use crate::official::{DocumentKind, OfficialDocument};
use crate::text::single_line;

pub(crate) fn core(document: &OfficialDocument) -> Vec<u8> {
    let title = match &document.kind {
        DocumentKind::Titled { title, summary } => format!("{}: {}", single_line(title), single_line(summary)),
        DocumentKind::Letter { summary } => single_line(summary),
    };
    let (title, issuer) = (escaped(&title), escaped(&single_line(&document.issuer)));
    let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (created, modified) = (time(document.written.first), time(document.written.last));
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:dcmitype="http://purl.org/dc/dcmitype/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{title}</dc:title><dc:creator>{issuer}</dc:creator><cp:lastModifiedBy>{issuer}</cp:lastModifiedBy><dcterms:created xsi:type="dcterms:W3CDTF">{created}</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">{modified}</dcterms:modified><dc:language>vi-VN</dc:language></cp:coreProperties>"#
    );
    xml.into_bytes()
}

/// The program and its version in the form that the standard asks for (`16.0300`): two numbers with a point.
pub(crate) fn app() -> Vec<u8> {
    let mut numbers = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let patch = numbers.next().unwrap_or(0);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"><Application>Lũy Tre</Application><AppVersion>{major}.{minor:02}{patch:02}</AppVersion></Properties>"#
    )
    .into_bytes()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
