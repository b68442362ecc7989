//! Splits a rule file into its YAML documents, remembering where each begins: the parser does not say.

/// One document of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Document<'t> {
    /// 1-based line of its first line.
    pub(super) line: usize,
    pub(super) text: &'t str,
}

/// The documents that say anything. A file that uses `action:` (rule collections of the older specification) is
/// one document, because its parts need each other.
pub(super) fn split(text: &str) -> Vec<Document<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let mut start = 0;
    let mut start_line = 1;
    let mut at = 0;
    let mut has_action = false;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let bare = line.trim_end();
        has_action |= bare.starts_with("action:");
        if bare == "---" || bare == "..." || bare.starts_with("--- ") {
            push(&mut documents, text.get(start..at), start_line);
            // What stands behind the marker on its line belongs to the next document; comments are no loss.
            start = at + line.len();
            start_line = index + 2;
        }
        at += line.len();
    }
    push(&mut documents, text.get(start..), start_line);
    if has_action {
        return vec![Document { line: 1, text }];
    }
    documents
}

fn push<'t>(documents: &mut Vec<Document<'t>>, text: Option<&'t str>, line: usize) {
    let Some(text) = text else { return };
    let says_something = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with(['#', '%']);
    if text.lines().find(says_something).is_some() {
        documents.push(Document { line, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_know_their_first_line() {
        let text = "# head\n---\ntitle: a\n---\n\ntitle: b\n";
        let found = split(text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, found[0].text), (3, "title: a\n"));
        assert_eq!((found[1].line, found[1].text), (5, "\ntitle: b\n"));
        assert_eq!(split("action: global\n---\ntitle: b\n").len(), 1);
        assert!(split("---\n# nothing\n").is_empty());
    }
}
