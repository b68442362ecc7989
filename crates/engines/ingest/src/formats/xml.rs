//! A Windows event in XML, as forwarders send it, to the same flat fields as its EVTX rendered as JSON. No general
//! reader of XML: no document types, no entities but the predefined and numbered ones.

use super::draft::Draft;
use event::Value;

/// Elements inside one another.
const MAX_DEPTH: usize = 32;

/// Reads `<Event …>…</Event>`; `None` where the text begins otherwise. One that breaks off gives what it has.
pub(crate) fn event(text: &str) -> Option<Draft> {
    let mut rest = text.trim_start();
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>")?.1.trim_start();
    }
    let name_end = rest.strip_prefix("<Event")?.chars().next()?;
    if !(name_end.is_whitespace() || name_end == '>') {
        return None;
    }
    let mut reader = Reader { rest, open: Vec::new(), draft: Draft::default(), unnamed: Vec::new() };
    if !reader.run() {
        reader.draft.trouble("the XML breaks off");
    }
    let unnamed = std::mem::take(&mut reader.unnamed);
    if !unnamed.is_empty() {
        reader.draft.push("Event.EventData.Data", Value::List(unnamed));
    }
    Some(reader.draft)
}

/// An element that is open.
struct Element {
    /// Joined names of all open elements, as fields are called.
    path: String,
    /// `<Data>` without a name, of which there may be many.
    unnamed: bool,
    text: String,
    children: bool,
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<Element>,
    draft: Draft,
    unnamed: Vec<Value>,
}

impl<'a> Reader<'a> {
    /// Whether the event was read to its end.
    fn run(&mut self) -> bool {
        loop {
            let Some(at) = self.rest.find('<') else { return false };
            let (text, tag) = self.rest.split_at(at);
            if let Some(element) = self.open.last_mut() {
                element.text.push_str(&unescape(text));
            }
            let end = if let Some(inside) = tag.strip_prefix("<![CDATA[") {
                let Some((text, behind)) = inside.split_once("]]>") else { return false };
                if let Some(element) = self.open.last_mut() {
                    element.text.push_str(text);
                }
                behind
            } else if let Some(inside) = tag.strip_prefix("<!--") {
                let Some((_, behind)) = inside.split_once("-->") else { return false };
                behind
            } else {
                let Some((inside, behind)) = tag_end(tag) else { return false };
                if inside.starts_with('/') {
                    self.close();
                } else if !self.start(inside) {
                    return false;
                }
                behind
            };
            self.rest = end;
            if self.open.is_empty() {
                return true;
            }
        }
    }

    fn start(&mut self, inside: &'a str) -> bool {
        let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let name_end = inside.find(char::is_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(name_end);
        let name = name.rsplit(':').next().unwrap_or(name);
        if self.open.len() >= MAX_DEPTH {
            return false;
        }
        if let Some(parent) = self.open.last_mut() {
            parent.children = true;
        }
        let parent = self.open.last().map_or("", |element| element.path.as_str());
        let joined = |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
        let data = name == "Data" && parent == "Event.EventData";
        let named = if data { attribute(attributes, "Name") } else { None };
        let path = joined(named.as_deref().unwrap_or(name));
        if !data && parent.starts_with("Event.System") {
            for (attribute, value) in Attributes(attributes) {
                self.draft.push(&format!("{path}_{attribute}"), scalar(&path, unescape(value)));
            }
        }
        let unnamed = data && named.is_none();
        self.open.push(Element { path, unnamed, text: String::new(), children: false });
        if empty {
            self.close();
        }
        true
    }

    fn close(&mut self) {
        let Some(Element { path, unnamed, text, children }) = self.open.pop() else { return };
        if unnamed {
            self.unnamed.push(text.into());
        } else if !children && self.open.len() > 1 {
            let value = scalar(&path, text);
            // Elements that only carry attributes have no text of their own.
            if value.as_text().is_some_and(|text| !text.is_empty()) || !path.starts_with("Event.System") {
                self.draft.push(&path, value);
            }
        }
    }
}

/// Numbers of the header are numbers, as in EVTX.
fn scalar(path: &str, text: String) -> Value {
    let number = text.parse::<i64>().ok().filter(|_| path.starts_with("Event.System"));
    match number {
        Some(number) if number.to_string() == text => Value::Int(number),
        _ => text.into(),
    }
}

/// The inside of a tag and what follows it. A `>` within quotes does not end it.
fn tag_end(tag: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, one) in tag.char_indices().skip(1) {
        match (one, quote) {
            ('"' | '\'', None) => quote = Some(one),
            (one, Some(open)) if one == open => quote = None,
            ('>', None) => return Some((tag.get(1..at)?, tag.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_once('=')?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|one| matches!(one, '"' | '\''))?;
        let (value, rest) = rest.get(1..)?.split_once(quote)?;
        self.0 = rest;
        Some((name.trim(), value))
    }
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let found = Attributes(attributes).find(|(have, _)| *have == name);
    found.map(|(_, value)| unescape(value)).filter(|value| !value.is_empty())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after.find(';').filter(|end| *end <= 10).and_then(|end| after.split_at_checked(end));
        let one = entity.and_then(|(name, _)| match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = name.strip_prefix('#')?;
                let hex = number.strip_prefix(['x', 'X']).map(|digits| u32::from_str_radix(digits, 16));
                char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)
            }
        });
        match (one, entity) {
            (Some(one), Some((_, behind))) => {
                out.push(one);
                rest = behind.get(1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<(String, Value)> {
        event(text).unwrap().fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    #[test]
    fn an_event_has_the_names_of_its_evtx() {
        let text = "<?xml version=\"1.0\"?><Event xmlns='http://x'><System><Provider Name='P>' Guid=\"{1}\"/>\
            <EventID Qualifiers='16384'>7045</EventID><Security/></System><EventData><Data Name='A'>x &amp;&#32;&#x79;\
            </Data><Data Name='B'/><Data>1</Data><Data><![CDATA[<2>]]></Data></EventData></Event>\n";
        let text_of = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        assert_eq!(
            fields(text),
            [
                text_of("Event.System.Provider_Name", "P>"),
                text_of("Event.System.Provider_Guid", "{1}"),
                ("Event.System.EventID_Qualifiers".to_owned(), Value::Int(16384)),
                ("Event.System.EventID".to_owned(), Value::Int(7045)),
                text_of("Event.EventData.A", "x & y"),
                text_of("Event.EventData.B", ""),
                ("Event.EventData.Data".to_owned(), Value::List(vec!["1".into(), "<2>".into()])),
            ]
        );
    }

    #[test]
    fn an_event_that_breaks_off_gives_what_it_has_and_other_xml_nothing() {
        let draft = event("<Event><System><EventID>1</EventID><Channel>Secu").unwrap();
        assert_eq!(draft.get("Event.System.EventID"), Some(&Value::Int(1)));
        assert!(draft.problem.is_some());
        assert!(event("<Events><Event/></Events>").is_none() && event("<13>x").is_none() && event("<Event").is_none());
        let deep = "<Event>".to_owned() + &"<a>".repeat(100_000);
        assert!(event(&deep).unwrap().problem.is_some());
    }
}
