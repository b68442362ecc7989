//! The subset of STIX patterns that lists of indicators are written in: comparisons of one value (`=`, `IN`, and
//! `ISSUBSET` for addresses), joined by OR, inside and between observations. What asks for several things at once, for
//! an order or for a time is refused.

use super::super::{IndicatorKind, Refusal};

/// Why an object of a bundle is no indicator of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PatternRefusal {
    #[error("the object is not shaped as STIX 2.1 says")]
    Shape,
    #[error("a pattern in another language than STIX")]
    OtherLanguage,
    #[error("not a STIX pattern")]
    Syntax,
    #[error("asks for several things at once, or in an order")]
    Joined,
    #[error("asks for a time or a number of repetitions")]
    Qualified,
    #[error("a comparison other than =, IN and ISSUBSET, or a negated one")]
    Comparison,
    #[error("compares something else than domains, addresses, links, hashes, e-mail addresses and names of files")]
    Path,
    #[error(transparent)]
    Value(Refusal),
}

impl PatternRefusal {
    /// The reasons that are not about a value.
    pub const OWN: [Self; 7] =
        [Self::Shape, Self::OtherLanguage, Self::Syntax, Self::Joined, Self::Qualified, Self::Comparison, Self::Path];

    pub fn code(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::OtherLanguage => "other-language",
            Self::Syntax => "syntax",
            Self::Joined => "joined",
            Self::Qualified => "qualified",
            Self::Comparison => "comparison",
            Self::Path => "path",
            Self::Value(refusal) => refusal.code(),
        }
    }
}

/// Parentheses that may be open at once.
const DEEPEST: usize = 16;

/// A value that the pattern asks for, and its kind where the path says it.
type Comparison = (Option<IndicatorKind>, String);

/// The values of a pattern, any of which fulfils it.
pub(super) fn parse(pattern: &str) -> Result<Vec<Comparison>, PatternRefusal> {
    let mut parser = Parser { tokens: tokens(pattern)?.into_iter().peekable(), found: Vec::new(), depth: 0 };
    parser.observations()?;
    match parser.tokens.next() {
        None => Ok(parser.found),
        Some(token) => Err(parser.unexpected(&token)),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A bracket, parenthesis, comma, or operator sign.
    Sign(char),
    /// Keyword or object path.
    Word(String),
    Text(String),
}

fn tokens(pattern: &str) -> Result<Vec<Token>, PatternRefusal> {
    let mut tokens = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter.is_whitespace() => {}
            '\'' => tokens.push(Token::Text(quoted(&mut letters)?)),
            letter if letter.is_ascii_alphanumeric() => {
                let mut word = String::from(letter);
                // Parts of a path with a hyphen in their name stand in quotes: file:hashes.'SHA-256'.
                while let Some(next) = letters.next_if(|next| next.is_ascii_alphanumeric() || "-_:.'".contains(*next)) {
                    match next {
                        '\'' => word.push_str(&quoted(&mut letters)?),
                        next => word.push(next),
                    }
                }
                tokens.push(Token::Word(word));
            }
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    Ok(tokens)
}

/// The rest of a text in single quotes.
fn quoted(letters: &mut impl Iterator<Item = char>) -> Result<String, PatternRefusal> {
    let mut text = String::new();
    loop {
        match letters.next().ok_or(PatternRefusal::Syntax)? {
            '\'' => return Ok(text),
            '\\' => text.push(letters.next().ok_or(PatternRefusal::Syntax)?),
            letter => text.push(letter),
        }
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    found: Vec<Comparison>,
    depth: usize,
}

impl Parser {
    fn observations(&mut self) -> Result<(), PatternRefusal> {
        loop {
            if self.take(&Token::Sign('[')) {
                self.comparisons()?;
                self.expect(']')?;
            } else {
                self.expect('(')?;
                self.nested(Self::observations)?;
            }
            if !self.or() {
                return Ok(());
            }
        }
    }

    fn comparisons(&mut self) -> Result<(), PatternRefusal> {
        loop {
            if self.take(&Token::Sign('(')) {
                self.nested(Self::comparisons)?;
            } else {
                self.comparison()?;
            }
            if !self.or() {
                return Ok(());
            }
        }
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<(), PatternRefusal>) -> Result<(), PatternRefusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(PatternRefusal::Syntax);
        }
        inner(self)?;
        self.depth -= 1;
        self.expect(')')
    }

    fn comparison(&mut self) -> Result<(), PatternRefusal> {
        let path = self.word()?;
        if path == "NOT" {
            return Err(PatternRefusal::Comparison);
        }
        let kind = kind_of(&path)?;
        if self.take(&Token::Sign('=')) {
            self.take(&Token::Sign('='));
            let value = self.text()?;
            self.found.push((kind, value));
            return Ok(());
        }
        match self.tokens.next() {
            Some(Token::Word(word)) if word == "IN" => {
                self.expect('(')?;
                loop {
                    let value = self.text()?;
                    self.found.push((kind, value));
                    if !self.take(&Token::Sign(',')) {
                        return self.expect(')');
                    }
                }
            }
            Some(Token::Word(word)) if word == "ISSUBSET" && kind == Some(IndicatorKind::Address) => {
                let value = self.text()?;
                self.found.push((kind, value));
                Ok(())
            }
            Some(_) => Err(PatternRefusal::Comparison),
            None => Err(PatternRefusal::Syntax),
        }
    }

    fn or(&mut self) -> bool {
        self.take(&Token::Word("OR".to_owned()))
    }

    fn take(&mut self, token: &Token) -> bool {
        self.tokens.next_if_eq(token).is_some()
    }

    fn expect(&mut self, sign: char) -> Result<(), PatternRefusal> {
        match self.tokens.next() {
            Some(Token::Sign(have)) if have == sign => Ok(()),
            Some(token) => Err(self.unexpected(&token)),
            None => Err(PatternRefusal::Syntax),
        }
    }

    fn word(&mut self) -> Result<String, PatternRefusal> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(PatternRefusal::Syntax),
        }
    }

    fn text(&mut self) -> Result<String, PatternRefusal> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(text),
            // Numbers, times and binary values.
            Some(Token::Word(_)) => Err(PatternRefusal::Comparison),
            _ => Err(PatternRefusal::Syntax),
        }
    }

    fn unexpected(&self, token: &Token) -> PatternRefusal {
        match token {
            Token::Word(word) if word == "AND" || word == "FOLLOWEDBY" => PatternRefusal::Joined,
            Token::Word(word) if matches!(word.as_str(), "WITHIN" | "REPEATS" | "START") => PatternRefusal::Qualified,
            _ => PatternRefusal::Syntax,
        }
    }
}

/// What an object path compares; inside `None` where values of several kinds stand.
fn kind_of(path: &str) -> Result<Option<IndicatorKind>, PatternRefusal> {
    Ok(match path {
        "domain-name:value" => Some(IndicatorKind::Domain),
        "ipv4-addr:value" | "ipv6-addr:value" => Some(IndicatorKind::Address),
        "url:value" => Some(IndicatorKind::Url),
        "email-addr:value" | "email-message:from_ref.value" | "email-message:sender_ref.value" => {
            Some(IndicatorKind::Mail)
        }
        "file:name" => Some(IndicatorKind::FileName),
        "network-traffic:src_ref.value" | "network-traffic:dst_ref.value" => None,
        path => {
            let method = path.strip_prefix("file:hashes.").ok_or(PatternRefusal::Path)?;
            let method = method.replace('-', "").to_ascii_uppercase();
            let known = ["MD5", "SHA1", "SHA256"].contains(&method.as_str());
            Some(known.then_some(IndicatorKind::Hash).ok_or(PatternRefusal::Path)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str) -> Result<Vec<String>, PatternRefusal> {
        parse(pattern).map(|found| found.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn values_joined_by_or_are_read_wherever_they_stand() {
        for (pattern, values) in [
            ("[domain-name:value='a.example']", vec!["a.example"]),
            ("([url:value = 'a'] OR ([url:value == 'b']))", vec!["a", "b"]),
            ("[(url:value = 'a' OR url:value IN ('b','c')) OR url:value = 'd']", vec!["a", "b", "c", "d"]),
            ("[file:hashes.MD5 = 'a' OR file:hashes.'SHA-256' = 'b' OR file:hashes.SHA1 = 'c']", vec!["a", "b", "c"]),
            ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", vec!["198.51.100.0/24"]),
            (r"[url:value = 'it\'s \\ here [AND]']", vec![r"it's \ here [AND]"]),
        ] {
            assert_eq!(check(pattern), Ok(values.into_iter().map(ToOwned::to_owned).collect()), "{pattern}");
        }
    }

    #[test]
    fn what_is_outside_the_subset_is_refused_with_its_reason() {
        let deep = format!("{}[url:value = 'a']{}", "(".repeat(100_000), ")".repeat(100_000));
        for (pattern, reason) in [
            ("", PatternRefusal::Syntax),
            ("[url:value = 'a'", PatternRefusal::Syntax),
            ("[url:value = 'a", PatternRefusal::Syntax),
            ("[url:value = 'a' AND url:value = 'b']", PatternRefusal::Joined),
            ("[url:value = 'a'] FOLLOWEDBY [url:value = 'b']", PatternRefusal::Joined),
            ("[url:value = 'a'] WITHIN 5 SECONDS", PatternRefusal::Qualified),
            ("[url:value LIKE '%a']", PatternRefusal::Comparison),
            ("[NOT url:value = 'a']", PatternRefusal::Comparison),
            ("[url:value != 'a']", PatternRefusal::Comparison),
            ("[url:value ISSUBSET 'a']", PatternRefusal::Comparison),
            ("[process:pid = 5]", PatternRefusal::Path),
            ("[file:hashes.'SHA-512' = 'a']", PatternRefusal::Path),
            (deep.as_str(), PatternRefusal::Syntax),
        ] {
            assert_eq!(check(pattern), Err(reason), "{:.60}", pattern);
        }
    }
}
