//! Properties of the file (`docProps/core.xml`): what search and archives show before anybody opens it. Written here
//! because the library writes neither title nor creator.

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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
