//! Every format file loads, and every sample in it is understood as it says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

#[test]
fn every_sample_is_understood_as_its_file_says() {
    let formats = support::formats();
    let (passed, failures) = formats.check_samples(luytre_ingest::SAMPLES_ARRIVED);
    for failure in &failures {
        println!("{}: {}\n    {}", failure.format, failure.difference, failure.line);
    }
    assert!(failures.is_empty(), "{} samples fail", failures.len());
    assert!(passed >= formats.names().len(), "each format carries a sample: {passed}");
}

#[test]
fn broken_format_files_are_all_named_with_their_reason() {
    let files = [
        ("a.toml", "name = \"a\""),
        ("b.toml", "name='b'\nversion=1\ntitle='b'\norder=1\nextract='patterns'\n[[pattern]]\nregex='('"),
        ("c.toml", "name='c'\nversion=1\ntitle='c'\norder=1\nextract='json'\n[columns]\nnonsense='x'"),
        ("d.toml", "name='d'\nversion=1\ntitle='d'\norder=1\nextract='json'\n[columns]\nuser_name='x|nonsense'"),
        ("e.toml", "name='e'\nversion=1\ntitle='e'\norder=1\nextract='json'\nunheard_of=1"),
    ];
    let files: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let errors = luytre_ingest::FormatSet::load(&files).unwrap_err();
    let named: Vec<&str> = errors.0.iter().map(|error| error.file.as_str()).collect();
    assert_eq!(named, ["a.toml", "b.toml", "c.toml", "d.toml", "e.toml"], "{errors}");
}
