use super::*;

const PLACE: Place<'_> = Place { table: "people", column: "phone", row: "p1" };

fn ring(keys: &[&str]) -> KeyRing {
    KeyRing::parse(&keys.join("\n")).unwrap()
}

#[test]
fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
    let keys = ring(&[&KeyRing::fresh_key()]);
    let sealed = keys.seal(PLACE, "0912 345 678").unwrap();
    assert!(!sealed.contains("345"));
    assert_eq!(keys.open(PLACE, &sealed).unwrap(), "0912 345 678");
    for elsewhere in
        [Place { row: "p2", ..PLACE }, Place { column: "email", ..PLACE }, Place { table: "systems", ..PLACE }]
    {
        assert_eq!(keys.open(elsewhere, &sealed), Err(Unopened::Damaged), "{elsewhere:?}");
    }
    assert_ne!(keys.seal(PLACE, "0912 345 678").unwrap(), sealed, "equal texts are not seen to be equal");
}

#[test]
fn every_altered_character_is_noticed() {
    let keys = ring(&[&KeyRing::fresh_key()]);
    let sealed = keys.seal(PLACE, "0912").unwrap();
    for at in 0..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(bytes).unwrap();
        assert!(keys.open(PLACE, &altered).is_err(), "character {at}");
    }
    for cut in 0..sealed.len() {
        assert!(cut == 0 || keys.open(PLACE, &sealed[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn the_first_key_seals_and_every_key_opens() {
    let (old, new) = (KeyRing::fresh_key(), KeyRing::fresh_key());
    let sealed = ring(&[&old]).seal(PLACE, "0912").unwrap();
    let both = ring(&[&new, &old]);
    assert_eq!(both.open(PLACE, &sealed).unwrap(), "0912");
    let anew = both.seal(PLACE, "0912").unwrap();
    assert_eq!(ring(&[&new]).open(PLACE, &anew).unwrap(), "0912");
    assert!(matches!(ring(&[&old]).open(PLACE, &anew), Err(Unopened::UnknownKey(_))));
}

#[test]
fn nothing_is_sealed_without_a_key_and_an_empty_text_needs_none() {
    assert!(KeyRing::default().seal(PLACE, "0912").is_err());
    assert_eq!(KeyRing::default().seal(PLACE, "").unwrap(), "");
    assert_eq!(KeyRing::default().open(PLACE, "").unwrap(), "");
    assert_eq!(KeyRing::default().open(PLACE, "0912"), Err(Unopened::NotSealed));
}

#[test]
fn keys_are_read_from_lines_and_from_a_list_and_never_printed() {
    let (one, two) = (KeyRing::fresh_key(), KeyRing::fresh_key());
    let keys = KeyRing::parse(&format!("{one},{two}\n")).unwrap();
    assert_eq!(keys.names().count(), 2);
    let shown = format!("{keys:?}");
    assert!(!shown.contains(&one) && !shown.contains(&two), "{shown}");
    assert_eq!(KeyRing::parse(" \n").unwrap_err(), BadKeys::None);
    assert_eq!(KeyRing::parse(&format!("{one} 12ab")).unwrap_err(), BadKeys::Form(2));
    assert_eq!(KeyRing::parse(&"z".repeat(64)).unwrap_err(), BadKeys::Form(1));
}
