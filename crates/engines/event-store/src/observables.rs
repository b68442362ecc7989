//! Finds what analysts search for anywhere: addresses, e-mail addresses, domains and hashes, lower case and
//! in one spelling. The result is the `observables` column: ` 192.0.2.1 x@example.org `, each between spaces,
//! so that `LIKE '% 192.0.2.1 %'` answers in every engine.

use crate::seen::Seen;
use event::observables::{Observable, classify, in_text};
use event::{Column, Event, Value};
use std::fmt::Write;
use std::net::IpAddr;

/// More than these in one record are not listed one by one; the mark `+` says so, and a search then looks
/// into the record itself.
const MOST: usize = 64;
const OVERFLOW: &str = "+";

/// Of one event.
pub(crate) fn of_event(event: &Event) -> Option<String> {
    Finder { barren: None }.of(event)
}

/// Looks into events one after the other.
pub(crate) struct Finder<'e> {
    /// Texts in which nothing was found.
    barren: Option<Seen<'e>>,
}

impl Default for Finder<'_> {
    fn default() -> Self {
        Self { barren: Some(Seen::default()) }
    }
}

impl<'e> Finder<'e> {
    pub(crate) fn of(&mut self, event: &'e Event) -> Option<String> {
        let mut found = Found::default();
        // Escapes in JSON glue letters to what follows (`\t10.0.0.1`), so its decoded fields are read instead.
        let json = matches!(event.raw.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['))
            && !event.fields.is_empty();
        let in_fields = |text: &str| event.fields.iter().any(|(_, value)| is_text(value, text));
        for (column, value) in event.columns.iter() {
            if let Value::Text(text) = value {
                match column {
                    Column::DestinationDomain | Column::DnsQuestionName | Column::UrlDomain => found.domain(text),
                    // Read with the fields.
                    _ if json && in_fields(text) => {}
                    _ => self.text(text, &mut found),
                }
            }
        }
        if json {
            for (_, value) in event.fields.iter() {
                match value {
                    Value::Text(text) => self.text(text, &mut found),
                    Value::Null | Value::Bool(_) | Value::Int(_) => {}
                    Value::Float(_) | Value::List(_) => {
                        value.any_text(&mut |text| {
                            found.text(text);
                            false
                        });
                    }
                }
            }
        } else {
            let raw = String::from_utf8_lossy(&event.raw);
            found.text(&raw);
            // What a format decoded, such as command lines in hexadecimal, does not stand in the record as it came.
            for (_, value) in event.fields.iter() {
                value.any_text(&mut |text| {
                    if may_hold_any(text) && memchr::memmem::find(&event.raw, text.as_bytes()).is_none() {
                        found.text(text);
                    }
                    false
                });
            }
            // A message that ends the record, as in syslog, has been read with it, but for what was glued to its beginning.
            if let Some(message) = event.message.as_deref().filter(|message| raw.ends_with(*message)) {
                let first = message.find(|letter: char| letter.is_whitespace()).unwrap_or(message.len());
                found.text(message.get(..first).unwrap_or_default());
                return found.finish();
            }
        }
        if let Some(message) = event.message.as_deref().filter(|message| !json || !in_fields(message)) {
            found.text(message);
        }
        found.finish()
    }

    /// Looks into a text that may come again.
    fn text(&mut self, text: &'e str, found: &mut Found) {
        if !may_hold_any(text) || self.barren.as_ref().is_some_and(|barren| barren.has(text)) {
            return;
        }
        if !found.text(text)
            && let Some(barren) = &mut self.barren
        {
            barren.keep(text);
        }
    }
}

fn is_text(value: &Value, text: &str) -> bool {
    matches!(value, Value::Text(have) if have == text)
}

/// Whether a text has a sign of an address or e-mail address, or the length of a hash.
fn may_hold_any(text: &str) -> bool {
    text.len() >= 32 || text.len() >= 3 && memchr::memchr3(b'.', b':', b'@', text.as_bytes()).is_some()
}

/// What was found in one event.
#[derive(Default)]
struct Found {
    /// As it is stored, but for a mark of more.
    list: String,
    count: usize,
    more: bool,
}

impl Found {
    /// Whether there was anything.
    fn text(&mut self, text: &str) -> bool {
        let mut any = false;
        // Any name of a file looks like a domain; those that are one stand in their columns.
        in_text(text, |_| false, &mut |observable| match observable {
            Observable::Mail(mail) => {
                any = true;
                if let Some((_, domain)) = mail.split_once('@') {
                    self.push(|list| list.push_str(domain));
                }
                self.push(|list| list.push_str(mail));
            }
            Observable::Name(_) | Observable::Link(_) => {}
            Observable::Address(address) => {
                any = true;
                // Nothing can refuse it.
                self.push(|list| write!(list, "{address}").unwrap_or_default());
            }
            Observable::Hash(hash) => {
                any = true;
                self.push(|list| list.push_str(hash));
            }
        });
        any
    }

    fn domain(&mut self, text: &str) {
        let domain = text.trim_end_matches('.').to_lowercase();
        match domain.parse::<IpAddr>() {
            Ok(address) => self.push(|list| write!(list, "{address}").unwrap_or_default()),
            Err(_) if !domain.is_empty() && domain.len() <= 253 && !domain.contains(char::is_whitespace) => {
                self.push(|list| list.push_str(&domain));
            }
            Err(_) => {}
        }
    }

    /// Adds what is written, in lower case, unless it is there.
    fn push(&mut self, write: impl FnOnce(&mut String)) {
        if self.list.is_empty() {
            self.list.push(' ');
        }
        let start = self.list.len();
        write(&mut self.list);
        if let Some(word) = self.list.get_mut(start..) {
            word.make_ascii_lowercase();
        }
        let (have, word) = self.list.split_at(start);
        let is_known = have.split(' ').any(|one| one == word);
        if is_known || self.count == MOST {
            self.more |= !is_known;
            self.list.truncate(start);
        } else {
            self.count += 1;
            self.list.push(' ');
        }
    }

    fn finish(mut self) -> Option<String> {
        if self.more {
            self.list.push_str(OVERFLOW);
            self.list.push(' ');
        }
        (self.count > 0).then_some(self.list)
    }
}

/// The one spelling.
fn spelled(observable: Observable<'_>) -> String {
    match observable {
        Observable::Address(address) => address.to_string(),
        Observable::Mail(text) | Observable::Hash(text) | Observable::Name(text) | Observable::Link(text) => {
            text.to_ascii_lowercase()
        }
    }
}

/// What somebody looks for as a whole, in its one spelling: an address, e-mail address or hash and nothing beside it.
pub(crate) fn asked(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return (!(address.is_ipv6() && address.is_unspecified())).then(|| address.to_string());
    }
    let word = word(text)?;
    (word == text.to_ascii_lowercase() && !word.contains(':')).then_some(word)
}

/// What a run of such letters is as a whole, in its one spelling.
pub(crate) fn word(run: &str) -> Option<String> {
    classify(run).map(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use event::Fields;

    fn of(text: &str) -> String {
        of_event(&Event { raw: Bytes::from(text.to_owned()), ..Event::default() }).unwrap_or_default()
    }

    #[test]
    fn addresses_are_found_in_running_text_in_one_spelling() {
        assert_eq!(of("Failed password for root from 183.62.140.253 port 22 ssh2"), " 183.62.140.253 ");
        assert_eq!(of("src=10.0.0.1:443, dst=[2001:DB8:0::1]:80."), " 10.0.0.1 2001:db8::1 ");
        assert_eq!(of("at 06:55:46 version 1.2.3 and std::vec::Vec or 2026-11-21T00:00:00"), "");
    }

    #[test]
    fn addresses_and_hashes_are_found_glued_to_what_is_beside_them() {
        for text in [
            "GET /fetch?url=http%3A%2F%2F198.51.100.66%2Fx.sh",
            "ssh root@198.51.100.66:22 connected",
            "backend tcp:198.51.100.66:443 up",
            "range 198.51.100.66-198.51.100.70 blocked",
            "client=::ffff:198.51.100.66 ok",
            "file beacon_198.51.100.66.bin",
            "reverse 198.51.100.66.static.example.net",
            "path 198.51.100.66:443:/srv/data",
            "q=a%20198.51.100.66%20b",
        ] {
            assert!(of(text).contains(" 198.51.100.66 "), "{text}: {}", of(text));
        }
        assert!(!of("10.198.51.100.66 and 198.51.100.660").contains(" 198.51.100.66 "));
        let hash = "d41d8cd98f00b204e9800998ecf8427e";
        assert!(of(&format!("x{hash}y z")).contains(hash), "{}", of(&format!("x{hash}y z")));
        assert_eq!(asked("198.51.100.66").as_deref(), Some("198.51.100.66"));
        assert_eq!((asked("198.51.100.66:9999"), asked("IP:198.51.100.66"), asked("10:11:12")), (None, None, None));
        assert_eq!(asked("An@Example.ORG").as_deref(), Some("an@example.org"));
    }

    #[test]
    fn a_message_that_ends_the_record_is_read_with_it() {
        let of = |raw: &str, message: &str| {
            let raw = Bytes::from(raw.to_owned());
            of_event(&Event { raw, message: Some(message.to_owned()), ..Event::default() }).unwrap_or_default()
        };
        assert_eq!(of("<38>from 192.0.2.1 to 192.0.2.2", "to 192.0.2.2"), " 192.0.2.1 192.0.2.2 ");
        assert_eq!(of("x9192.0.2.1 came", "192.0.2.1 came"), " 192.0.2.1 ");
        assert_eq!(of("<38>one", "192.0.2.3"), " 192.0.2.3 ");
    }

    #[test]
    fn hashes_and_mail_addresses_are_found() {
        let hash = "D41D8CD98F00B204E9800998ECF8427E";
        assert_eq!(
            of(&format!("MD5={hash},x from=<An.Nguyen@Example.ORG>")),
            format!(" {} example.org an.nguyen@example.org ", hash.to_lowercase())
        );
    }

    #[test]
    fn json_is_read_by_its_decoded_fields() {
        let mut fields = Fields::default();
        fields.push("Message", "Address:\t10.9.8.7\r\n");
        let raw = Bytes::from(r#"{"Message":"Address:\t10.9.8.7\r\n"}"#);
        let event = Event { raw, fields, ..Event::default() };
        assert_eq!(of_event(&event).unwrap(), " 10.9.8.7 ");
    }

    #[test]
    fn what_a_format_decoded_is_read_beside_the_record() {
        let mut fields = Fields::default();
        fields.push("proctitle", "nc 10.9.8.7 44444");
        fields.push("pid", 4_711);
        let raw = Bytes::from("type=PROCTITLE proctitle=6E632031302E392E382E37203434343434 pid=4711");
        assert_eq!(of_event(&Event { raw, fields, ..Event::default() }).unwrap(), " 10.9.8.7 ");
    }

    #[test]
    fn what_was_looked_into_before_is_found_as_if_it_were_new() {
        let event = |number: usize| {
            let mut event = Event::default();
            let image = format!("C:\\Program Files\\{}.exe", number % 3);
            let address = format!("10.0.0.{}", number % 5);
            event.fields.push("Image", image.as_str());
            event.fields.push("Address", address.as_str());
            event.fields.push("Score", Value::Float(1.5));
            event.columns.set(Column::SourceIp, &Value::from(address.as_str()));
            event.columns.set(Column::ProcessExecutable, &Value::from(image.as_str()));
            event.columns.set(Column::UrlDomain, &Value::from("Cong.Example.VN."));
            event.raw = Bytes::from(format!(r#"{{"Address":"{address}"}}"#));
            event
        };
        let events: Vec<Event> = (0..40).map(event).collect();
        let mut finder = Finder::default();
        for (number, event) in events.iter().enumerate() {
            let found = finder.of(event);
            assert_eq!(found, of_event(event));
            assert_eq!(found.unwrap(), format!(" cong.example.vn 10.0.0.{} ", number % 5));
        }
    }

    #[test]
    fn too_many_are_marked() {
        let text: String = (0..100).map(|number| format!("10.0.0.{number} ")).collect();
        assert!(of(&text).ends_with(" + "));
    }
}
