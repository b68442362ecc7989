//! Many events out of a recording: each copy has other hosts, accounts, process numbers, GUIDs, offsets and record
//! numbers, the same wherever they stand in a record. What says which kind of event it is stays.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Fields that say what kind of event it is, or when it happened.
const KEPT: &[&str] = &[
    "EventID",
    "Channel",
    "SourceName",
    "Provider_Name",
    "ProviderGuid",
    "Task",
    "Version",
    "Opcode",
    "OpcodeValue",
    "EventType",
    "Severity",
    "SeverityValue",
    "Keywords",
    "Level",
    "GrantedAccess",
    "LogonType",
    "AccessMask",
    "Category",
    "@version",
    "SourceModuleName",
    "SourceModuleType",
];

/// How one copy spells digits and names.
struct Spelling {
    digits: [u8; 10],
    letters: [u8; 6],
    copy: usize,
}

impl Spelling {
    fn of(copy: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ (copy as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (mut digits, mut letters) = (*b"0123456789", *b"abcdef");
        // No number begins with a zero that had none before.
        digits[1..].shuffle(&mut random);
        letters.shuffle(&mut random);
        Self { digits, letters, copy }
    }

    fn vary(&self, text: &str) -> String {
        let text = text
            .replace("mordor", &format!("agency{}", self.copy))
            .replace("MORDOR", &format!("AGENCY{}", self.copy))
            .replace("\\Users\\", &format!("\\Users\\u{}-", self.copy))
            .replace("WORKSTATION", &format!("PC-{}-", self.copy));
        let mut bytes = text.into_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let end =
                bytes[at..].iter().position(|byte| !byte.is_ascii_hexdigit()).map_or(bytes.len(), |more| at + more);
            let run = &mut bytes[at..end];
            if run.len() >= 4 && run.iter().any(u8::is_ascii_digit) {
                run.iter_mut().for_each(|byte| *byte = self.byte(*byte));
            }
            at = end.max(at) + 1;
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    fn byte(&self, byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => self.digits[usize::from(byte - b'0')],
            b'a'..=b'f' => self.letters[usize::from(byte - b'a')],
            b'A'..=b'F' => self.letters[usize::from(byte - b'A')].to_ascii_uppercase(),
            other => other,
        }
    }
}

/// The events of `copies` copies in an order of chance, each made when it is asked for.
pub struct Expanded<'e> {
    events: &'e [Value],
    spellings: Vec<Spelling>,
    order: Vec<(u32, u32)>,
}

impl<'e> Expanded<'e> {
    pub fn new(events: &'e [Value], copies: usize, seed: u64) -> Self {
        let mut order: Vec<(u32, u32)> =
            (0..copies as u32).flat_map(|copy| (0..events.len() as u32).map(move |event| (copy, event))).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        Self { events, spellings: (0..copies).map(|copy| Spelling::of(copy, seed)).collect(), order }
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The lines of a stretch.
    pub fn lines(&self, stretch: std::ops::Range<usize>) -> Vec<String> {
        self.order[stretch].iter().map(|(copy, event)| self.line(*copy as usize, *event as usize)).collect()
    }

    fn line(&self, copy: usize, event: usize) -> String {
        let spelling = &self.spellings[copy];
        let mut event = self.events[event].clone();
        if copy > 0
            && let Value::Object(members) = &mut event
        {
            for (name, value) in members.iter_mut() {
                if KEPT.contains(&name.as_str()) || name.contains("Time") || name.contains("timestamp") {
                    continue;
                }
                match value {
                    Value::String(text) => *text = spelling.vary(text),
                    Value::Number(number) => {
                        if let Some(varied) =
                            number.as_u64().and_then(|one| spelling.vary(&one.to_string()).parse::<u64>().ok())
                        {
                            *number = varied.into();
                        }
                    }
                    _ => {}
                }
            }
        }
        event.to_string()
    }
}
