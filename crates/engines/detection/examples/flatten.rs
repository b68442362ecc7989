//! Prints the records of Windows JSON files as `tests/golden/make_shared.py` reads them: one line of log source and fields
//! each, through the same flattening as the tests. `flatten PATH…`, where a path is a folder of recordings (`*.json`) or a
//! file of JSON lines.

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for folder in std::env::args().skip(1) {
        for (file, event) in support::windows_records(std::path::Path::new(&folder))? {
            let fields: serde_json::Map<String, serde_json::Value> = event
                .fields
                .iter()
                .map(|(name, value)| Ok((name.to_owned(), serde_json::to_value(value)?)))
                .collect::<Result<_, serde_json::Error>>()?;
            let source = &event.log_source;
            let words = |words: &[std::sync::Arc<str>]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
            let line = serde_json::json!({
                "file": file,
                "product": source.product.as_deref(),
                "categories": words(&source.categories),
                "services": words(&source.services),
                "fields": fields,
            });
            println!("{line}");
        }
    }
    Ok(())
}
