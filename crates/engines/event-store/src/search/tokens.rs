//! Splits a search text into words, quoted phrases, parentheses and ranges, each with its place.

use crate::StoreError;
use crate::mistake::Mistake;
use std::fmt::Display;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    Not,
    And,
    Or,
    /// A bare word; `quoted` when it stood in quotation marks and is taken literally.
    Word {
        text: String,
        quoted: bool,
    },
    /// What stands between `/` and `/`.
    Expression(String),
    /// `field:` directly before what it applies to.
    Field(String),
    /// `[a TO b]` or `{a TO b}`; whether each end belongs to it.
    Range {
        low: String,
        high: String,
        low_in: bool,
        high_in: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub token: Token,
    pub at: usize,
}

/// A mistake at a place: its code, the word or number that its sentence names, and both in English with what to do.
pub(super) fn problem(
    position: usize,
    code: &'static str,
    subject: impl Display,
    message: impl Display,
    hint: &str,
) -> StoreError {
    let words = if hint.is_empty() { message.to_string() } else { format!("{message}; {hint}") };
    let subject = subject.to_string();
    let mistake = Mistake::new(code, words);
    let mistake = if subject.is_empty() { mistake } else { mistake.with("subject", subject) };
    StoreError::Search { position, mistake: Box::new(mistake) }
}

/// What makes a regular expression of a text between slashes. A dot does not: `/conf.d/` is a folder.
const SIGNS: [char; 13] = ['\\', '[', ']', '{', '}', '(', ')', '|', '^', '$', '*', '+', '?'];

/// Longest search text, in characters.
const LONGEST: usize = 4096;

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, StoreError> {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() > LONGEST {
        return Err(problem(
            LONGEST,
            "search-too-long",
            LONGEST,
            format!("the search is longer than {LONGEST} characters"),
            "",
        ));
    }
    let mut input = Input { letters: &letters, at: 0 };
    let mut tokens = Vec::new();
    while let Some(letter) = input.peek() {
        let at = input.at;
        // Directly behind `field:` a word is a value, whatever it looks like.
        let value = matches!(tokens.last(), Some(Placed { token: Token::Field(_), .. }));
        let token = match letter {
            letter if letter.is_whitespace() => {
                if value {
                    return Err(problem(
                        at,
                        "search-value-space",
                        "",
                        "a value is missing behind the colon",
                        "write field:value without a space",
                    ));
                }
                input.at += 1;
                continue;
            }
            '(' => input.single(Token::Open),
            ')' => input.single(Token::Close),
            '"' => Token::Word { text: input.quoted()?, quoted: true },
            '[' | '{' if value => input.range()?,
            '/' if input.expression_end().is_some() => input.expression(),
            '-' | '!' if !value && input.letters.get(at + 1).is_some_and(|next| !next.is_whitespace()) => {
                input.single(Token::Not)
            }
            _ => input.word(value),
        };
        tokens.push(Placed { token, at });
    }
    Ok(tokens)
}

struct Input<'a> {
    letters: &'a [char],
    at: usize,
}

impl Input<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn single(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.letters.get(from..to).unwrap_or_default().iter().collect()
    }

    /// Behind the opening mark: up to the closing one. `\"` is a mark and `\\` a backslash; any other backslash
    /// is itself, so that paths can be pasted.
    fn quoted(&mut self) -> Result<String, StoreError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(letter) = self.peek() {
            self.at += 1;
            match letter {
                '"' => return Ok(text),
                '\\' => match self.peek() {
                    Some(next @ ('"' | '\\')) => {
                        self.at += 1;
                        text.push(next);
                    }
                    _ => text.push('\\'),
                },
                letter => text.push(letter),
            }
        }
        Err(problem(
            start,
            "search-phrase-open",
            "",
            "the quotation mark is not closed",
            "add \" at the end of the phrase",
        ))
    }

    /// Where a regular expression that begins here is closed: by the next slash without a backslash, with nothing but a
    /// blank or parenthesis behind it. What has no sign of an expression in it is a text, as a path with more slashes is.
    fn expression_end(&self) -> Option<usize> {
        let mut end = self.at + 1;
        loop {
            match self.letters.get(end)? {
                '/' => break,
                '\\' => end += 2,
                _ => end += 1,
            }
        }
        let inside = self.letters.get(self.at + 1..end)?;
        let behind = self.letters.get(end + 1).is_none_or(|next| next.is_whitespace() || matches!(next, '(' | ')'));
        let blank = |letter: Option<&char>| letter.is_none_or(|letter| letter.is_whitespace());
        let signed = inside.iter().any(|letter| SIGNS.contains(letter));
        (behind && signed && !blank(inside.first()) && !blank(inside.last())).then_some(end)
    }

    fn expression(&mut self) -> Token {
        let (start, end) = (self.at + 1, self.expression_end().unwrap_or(self.at));
        self.at = end + 1;
        Token::Expression(self.text(start, end))
    }

    fn range(&mut self) -> Result<Token, StoreError> {
        let start = self.at;
        let low_in = self.peek() == Some('[');
        let Some(length) =
            self.letters.get(start..).and_then(|rest| rest.iter().position(|one| matches!(one, ']' | '}')))
        else {
            return Err(problem(start, "search-range-open", "", "the range is not closed", "write field:[1 TO 5]"));
        };
        let end = start + length;
        let high_in = self.letters.get(end) == Some(&']');
        let inside = self.text(start + 1, end);
        self.at = end + 1;
        let words: Vec<&str> = inside.split_whitespace().collect();
        match words.as_slice() {
            [low, to, high] if to.eq_ignore_ascii_case("to") => {
                Ok(Token::Range { low: (*low).to_owned(), high: (*high).to_owned(), low_in, high_in })
            }
            _ => Err(problem(
                start,
                "search-range-ends",
                "",
                "a range has two ends",
                "write field:[1 TO 5] or field:[1 TO *]",
            )),
        }
    }

    fn word(&mut self, value: bool) -> Token {
        let start = self.at;
        while let Some(letter) = self.peek() {
            if letter.is_whitespace() || matches!(letter, '(' | ')') || (letter == '"' && self.at > start && !value) {
                break;
            }
            if letter == ':' && !value && self.is_field(start) {
                let name = self.text(start, self.at);
                self.at += 1;
                return Token::Field(name);
            }
            self.at += 1;
        }
        let text = self.text(start, self.at);
        match text.as_str() {
            _ if value => Token::Word { text, quoted: false },
            "and" | "AND" | "And" | "&&" => Token::And,
            "or" | "OR" | "Or" | "||" => Token::Or,
            "not" | "NOT" | "Not" => Token::Not,
            _ => Token::Word { text, quoted: false },
        }
    }

    /// Whether what stands before this colon is the name of a field, rather than a web address, a drive, a time
    /// or an IPv6 address.
    fn is_field(&self, start: usize) -> bool {
        let name = self.letters.get(start..self.at).unwrap_or_default();
        let rest = self.letters.get(self.at + 1..).unwrap_or_default();
        let named = !name.is_empty()
            && name.iter().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '@'))
            && name.iter().any(|letter| letter.is_alphabetic());
        let web = rest.starts_with(&['/', '/']);
        let drive = name.len() == 1 && rest.first() == Some(&'\\');
        let end = self.letters.get(start..).unwrap_or_default();
        let word: String = end.iter().take_while(|one| !one.is_whitespace() && !matches!(one, '(' | ')')).collect();
        let address = crate::pattern::network(&word).is_some();
        named && !web && !drive && !address
    }
}
