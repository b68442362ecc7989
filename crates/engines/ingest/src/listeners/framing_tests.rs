//! Framing over streams cut anywhere.

use super::*;

fn all(parts: &[&[u8]], longest: usize) -> Vec<(String, bool)> {
    let mut framing = SyslogFraming::new(longest);
    let mut out = Vec::new();
    let text = |framed: Framed| (String::from_utf8_lossy(&framed.message).into_owned(), framed.truncated);
    for part in parts {
        framing.buffer().extend_from_slice(part);
        while let Some(framed) = framing.next() {
            out.push(text(framed));
        }
    }
    out.extend(framing.finish().map(text));
    out
}

fn messages(parts: &[&[u8]]) -> Vec<String> {
    all(parts, 1000).into_iter().map(|(message, _)| message).collect()
}

#[test]
fn lines_and_counted_messages_are_told_apart() {
    assert_eq!(messages(&[b"<1>a\r\n\n<2>", b"b\n<3>c"]), ["<1>a", "<2>b", "<3>c"]);
    assert_eq!(messages(&[b"4 <1>a7 <2>b\nc\n3 <3>"]), ["<1>a", "<2>b\nc", "<3>"]);
    assert_eq!(messages(&[b"2026-01-01T00:00:00Z x\n"]), ["2026-01-01T00:00:00Z x"]);
    assert_eq!(messages(&[b"1", b"2", b" <1>abcdefghi"]), ["<1>abcdefghi"]);
}

#[test]
fn long_messages_are_cut_and_the_next_is_whole() {
    let expected = [("<1>ab".to_owned(), true), ("<2>c".to_owned(), false)];
    assert_eq!(all(&[b"<1>abcdefgh\n<2>c\n"], 5), expected);
    assert_eq!(all(&[b"<1>abcd", b"efgh\n<2>c\n"], 5), expected);
    assert_eq!(all(&[b"11 <1>abcdefgh4 <2>c"], 5), expected);
    assert_eq!(all(&[b"11 <1>abc", b"defgh4 <2>c"], 5), expected);
}

#[test]
fn a_counted_stream_out_of_step_counts_again_at_the_next_line_or_count() {
    assert_eq!(messages(&[b"4 <1>aXX<9>lost\n5 <2>\nb4 <3>c"]), ["<1>a", "XX<9>lost", "<2>\nb", "<3>c"]);
    assert_eq!(messages(&[b"4 <1>alost7 <22>\nbc4 <3>d"]), ["<1>a", "lost", "<22>\nbc", "<3>d"]);
    assert_eq!(messages(&[b"4 <1>a0 x\n4 <2>b"]), ["<1>a", "0 x", "<2>b"]);
    assert_eq!(
        messages(&[b"4 <1>aodd 12 <x> 3\n1234567890 <1>\n4 <2>b"]),
        ["<1>a", "odd 12 <x> 3", "1234567890 <1>", "<2>b"]
    );
}

#[test]
fn what_is_out_of_step_is_told_and_cut_where_it_is_too_long() {
    let mut framing = SyslogFraming::new(5);
    framing.buffer().extend_from_slice(b"4 <1>aabcdefghi7 <2>bcde");
    let all: Vec<Framed> = std::iter::from_fn(|| framing.next()).collect();
    let told: Vec<(&[u8], bool, bool)> =
        all.iter().map(|one| (&one.message[..], one.truncated, one.out_of_step)).collect();
    assert_eq!(told, [(&b"<1>a"[..], false, false), (b"abcde", true, true), (b"<2>bc", true, false)]);
}

#[test]
fn a_nul_within_a_line_makes_no_second_message() {
    assert_eq!(messages(&[b"<1>a\n<2>b\0<3>forged\n<4>c\n"]), ["<1>a", "<2>b\0<3>forged", "<4>c"]);
    assert_eq!(messages(&[b"<1>a\0b\n<2>c\n"]), ["<1>a\0b", "<2>c"]);
    assert_eq!(messages(&[b"<1>a\0\n\0<2>b\n\0<3>c\0"]), ["<1>a", "<2>b", "<3>c"], "a trailer, not a part");
    assert_eq!(messages(&[b"<1>a", b"\0", b"b\0\0", b"\n<2>c\n"]), ["<1>a\0b", "<2>c"]);
    let cut = [("<1>ab".to_owned(), true), ("<2>c".to_owned(), false)];
    assert_eq!(all(&[b"<1>abcd\0efgh\n<2>c\n"], 5), cut);
}

#[test]
fn old_senders_end_every_message_with_a_nul() {
    assert_eq!(messages(&[b"<1>a\0<2>b\0<3>c\0"]), ["<1>a", "<2>b", "<3>c"]);
    assert_eq!(messages(&[b"<1>a", b"\0", b"<", b"2>b\0", b"<3>c\0"]), ["<1>a", "<2>b", "<3>c"]);
    let cut = [("<1>ab".to_owned(), true), ("<2>c".to_owned(), false)];
    assert_eq!(all(&[b"<1>abcdefgh\0", b"<2>c\0"], 5), cut);
}
