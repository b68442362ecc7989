//! Envelopes as senders really write them.

use super::*;

#[test]
fn both_standards_and_their_relatives_open() {
    let old = open("<34>Oct 11 22:14:15 mymachine su: 'su root' failed").unwrap();
    assert_eq!((old.priority, old.host, old.program, old.pid), (Some(34), Some("mymachine"), Some("su"), None));
    assert_eq!(old.message, "'su root' failed");
    let new = open("<165>1 2003-10-11T22:14:15.003Z host evntslog 7 ID47 [ex@1 iut=\"3\" e=\"A\\]p\"][b@2] \u{feff}Hi")
        .unwrap();
    assert_eq!((new.host, new.program, new.pid), (Some("host"), Some("evntslog"), Some("7")));
    assert_eq!(new.structured_data, Some("[ex@1 iut=\"3\" e=\"A\\]p\"][b@2]"));
    assert_eq!(new.message, "Hi");
    let iso = open("2026-01-31T10:00:00.5+07:00 web nginx: x").unwrap();
    assert_eq!((iso.priority, iso.host, iso.program), (None, Some("web"), Some("nginx")));
    let pam = open("Jun 14 15:16:01 combo sshd(pam_unix)[19939]: x").unwrap();
    assert_eq!((pam.program, pam.module, pam.pid), (Some("sshd"), Some("pam_unix"), Some("19939")));
    let hostless = open("<13>Jan  1 00:00:00 cron[3]: x").unwrap();
    assert_eq!((hostless.host, hostless.program), (None, Some("cron")));
    let versioned = open("Jun 19 04:08:57 combo syslogd 1.4.1: restart.").unwrap();
    assert_eq!((versioned.program, versioned.message), (Some("syslogd"), "restart."));
    assert_eq!(open("<13>only text").unwrap().message, "only text");
    assert_eq!(open("only text"), None);
    assert_eq!(open("<999>x"), None);
}

#[test]
fn structured_data_becomes_fields() {
    let envelope = open("<165>1 - - - - - [ex@1 iut=\"3\" name=\"a b\"] Hi").unwrap();
    let draft = fields(&envelope);
    assert_eq!(draft.get("sd.ex@1.name"), Some(&"a b".into()));
    assert_eq!(draft.get("severity"), Some(&event::Value::Int(5)));
}

#[test]
fn cisco_headers_open() {
    let header = |line| {
        let envelope = open(line).unwrap();
        (envelope.timestamp, envelope.zone, envelope.host, envelope.message)
    };
    let long = Some("Nov 20 2026 10:11:12");
    let short = Some("Nov 20 10:11:14");
    for (line, expected) in [
        ("<166>Nov 20 2026 10:11:12 asa1 : %ASA-6-1: x", (long, None, Some("asa1"), "%ASA-6-1: x")),
        ("<166>Nov 20 2026 10:11:12: %ASA-6-1: x", (long, None, None, "%ASA-6-1: x")),
        ("<166>Nov 20 2026 10:11:12 UTC: %ASA-6-1: x", (long, Some("UTC"), None, "%ASA-6-1: x")),
        ("<166>Nov 20 10:11:14 asa1 %ASA-4-1: x", (short, None, Some("asa1"), "%ASA-4-1: x")),
        ("<166>Nov 20 10:11:14 %ASA-4-1: x", (short, None, None, "%ASA-4-1: x")),
        ("<166>:Nov 20 10:11:14 +07: %ASA-session-6-1: x", (short, Some("+07"), None, "%ASA-session-6-1: x")),
        ("<189>45: *Nov 20 10:11:14: %SYS-5-C: x", (short, None, None, "%SYS-5-C: x")),
        ("<189>45: sw-1: 000046: .Nov 20 10:11:14 ICT: %SYS-5-C: x", (short, Some("ICT"), Some("sw-1"), "%SYS-5-C: x")),
        ("<166>%ASA-4-1: x", (None, None, None, "%ASA-4-1: x")),
    ] {
        assert_eq!(header(line), expected, "{line}");
    }
}

#[test]
fn a_zone_behind_the_time_is_no_host() {
    for zone in ["+07:00", "+0700", "+07", "-03:30"] {
        let line = format!("<13>Nov 20 10:11:12 {zone} h app: x");
        let envelope = open(&line).unwrap();
        assert_eq!((envelope.zone, envelope.host, envelope.program), (Some(zone), Some("h"), Some("app")), "{zone}");
    }
    let envelope = open("<13>Nov 20 10:11:12 GW app: x").unwrap();
    assert_eq!((envelope.zone, envelope.host), (None, Some("GW")));
}

#[test]
fn what_cannot_be_a_host_is_text() {
    for text in ["CEF:0|A|B|1|2|c d|3|src=192.0.2.1", "date=2026-11-20 time=10:11:12", "{\"a\": 1}", "system,info x"] {
        let line = format!("<13>Nov 20 10:11:12 {text}");
        let envelope = open(&line).unwrap();
        assert_eq!((envelope.host, envelope.message), (None, text));
    }
}

#[test]
fn structured_data_without_an_end_swallows_nothing() {
    let envelope = open("<13>1 - h app 7 - [bad@1 a=\"b Failed password").unwrap();
    assert_eq!((envelope.structured_data, envelope.message), (None, "[bad@1 a=\"b Failed password"));
    assert!(envelope.unclosed);
    let empty = open("<13>1 - h app 7 - [a@1 b=\"c\"]").unwrap();
    assert_eq!((empty.structured_data, empty.message, empty.unclosed), (Some("[a@1 b=\"c\"]"), "", false));
}
