//! Tokens into a tree. `not` binds tighter than `and`, `and` than `or`; words side by side mean `and`.

use super::language::{Bound, Field, Node, Query, Term, Test};
use super::tokens::{Placed, Token, problem, tokens};
use super::values;
use crate::{StoreError, columns, observables};
use event::Micros;
use jiff::tz::TimeZone;
use std::net::IpAddr;

/// Deepest nesting and most terms of a search; a person needs a handful.
const DEEPEST: usize = 32;
pub(super) const MOST: usize = 256;
/// Regular expressions of a search; each may take a mebibyte.
const MOST_EXPRESSIONS: usize = 16;

/// Reads a search text. `zone` is that of times which name none.
///
/// # Errors
/// `StoreError::Search` with the place and what is wrong.
pub fn parse(text: &str, zone: &TimeZone) -> Result<Query, StoreError> {
    let tokens = tokens(text)?;
    let end = text.chars().count();
    let mut parser = Parser { tokens, zone: zone.clone(), next: 0, end, terms: 0, expressions: 0, depth: 0 };
    if parser.tokens.is_empty() {
        return Ok(Query { root: Node::All });
    }
    let root = parser.either(None)?;
    match parser.peek() {
        Some(Placed { token: Token::Close, at }) => Err(problem(
            *at,
            "search-close-without-open",
            "",
            "there is no ( for this )",
            "remove it or open one before",
        )),
        Some(placed) => Err(problem(placed.at, "search-goes-on", "", "the search cannot go on like this", "")),
        None => Ok(Query { root }),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    zone: TimeZone,
    next: usize,
    end: usize,
    terms: usize,
    expressions: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Placed> {
        self.tokens.get(self.next)
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |placed| placed.at)
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek().is_some_and(|placed| placed.token == *token);
        self.next += usize::from(found);
        found
    }

    fn either(&mut self, field: Option<&str>) -> Result<Node, StoreError> {
        let mut nodes = vec![self.both(field)?];
        while self.take(&Token::Or) {
            nodes.push(self.both(field)?);
        }
        Ok(if nodes.len() == 1 { nodes.swap_remove(0) } else { Node::Or(nodes) })
    }

    fn both(&mut self, field: Option<&str>) -> Result<Node, StoreError> {
        let mut nodes = vec![self.one(field)?];
        loop {
            let and = self.take(&Token::And);
            match self.peek().map(|placed| &placed.token) {
                None | Some(Token::Or | Token::Close | Token::And) if !and => break,
                _ => nodes.push(self.one(field)?),
            }
        }
        Ok(if nodes.len() == 1 { nodes.swap_remove(0) } else { Node::And(nodes) })
    }

    fn one(&mut self, field: Option<&str>) -> Result<Node, StoreError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(problem(self.at(), "search-too-deep", "", "the search is nested too deeply", ""));
        }
        let node = self.one_inside(field);
        self.depth -= 1;
        node
    }

    fn one_inside(&mut self, field: Option<&str>) -> Result<Node, StoreError> {
        let at = self.at();
        if self.take(&Token::Not) {
            return Ok(Node::Not(Box::new(self.one(field)?)));
        }
        if self.take(&Token::Open) {
            let node = self.either(field)?;
            return match self.take(&Token::Close) {
                true => Ok(node),
                false => Err(problem(at, "search-open", "", "the parenthesis is not closed", "add ) where it ends")),
            };
        }
        let Some(placed) = self.tokens.get(self.next).cloned() else {
            return Err(problem(
                self.end,
                "search-ends-early",
                "",
                "something is missing at the end",
                "add a word or remove and, or, not",
            ));
        };
        self.next += 1;
        match placed.token {
            Token::Field(name) => self.field(placed.at, &name),
            Token::Word { text, quoted } => self.term(placed.at, field, text, quoted),
            Token::Expression(source) => self.expression(placed.at, field, source),
            Token::Range { low, high, low_in, high_in } => {
                let Some(field) = field else {
                    return Err(problem(
                        placed.at,
                        "search-range-field",
                        "",
                        "a range needs a field",
                        "write field:[1 TO 5]",
                    ));
                };
                let field = resolve(field);
                let low = values::bound(placed.at, &field, &low, low_in, &self.zone)?;
                let high = values::bound(placed.at, &field, &high, high_in, &self.zone)?;
                self.count(placed.at)?;
                let test = values::range(placed.at, &field, low, high)?;
                Ok(Node::Term(Term { field, test }))
            }
            Token::And | Token::Or => Err(problem(
                placed.at,
                "search-word-before",
                "",
                "a word is missing before this",
                "put quotation marks around it to search for the word itself",
            )),
            Token::Close => {
                Err(problem(placed.at, "search-nothing-inside", "", "there is nothing in the parentheses", ""))
            }
            Token::Open | Token::Not => {
                Err(problem(placed.at, "search-goes-on", "", "the search cannot go on like this", ""))
            }
        }
    }

    fn count(&mut self, at: usize) -> Result<(), StoreError> {
        self.terms += 1;
        match self.terms > MOST {
            true => Err(problem(at, "search-too-many-terms", MOST, format!("a search has at most {MOST} terms"), "")),
            false => Ok(()),
        }
    }

    fn field(&mut self, at: usize, name: &str) -> Result<Node, StoreError> {
        match self.peek().map(|placed| placed.token.clone()) {
            Some(Token::Open) => self.one(Some(name)),
            Some(Token::Range { .. }) => self.one_inside(Some(name)),
            Some(Token::Word { text, quoted }) => {
                let place = self.at();
                self.next += 1;
                if name == "_exists_" {
                    self.count(at)?;
                    return Ok(Node::Term(Term { field: resolve(&text), test: Test::Exists }));
                }
                self.term(place, Some(name), text, quoted)
            }
            Some(Token::Expression(source)) if name != "_exists_" => {
                let place = self.at();
                self.next += 1;
                self.expression(place, Some(name), source)
            }
            _ => Err(problem(
                at,
                "search-value-missing",
                name,
                format!("a value is missing behind {name}:"),
                "write field:value, or field:* for any",
            )),
        }
    }

    fn expression(&mut self, at: usize, field: Option<&str>, source: String) -> Result<Node, StoreError> {
        self.count(at)?;
        self.expressions += 1;
        if self.expressions > MOST_EXPRESSIONS {
            let words = format!("a search has at most {MOST_EXPRESSIONS} regular expressions");
            let hint = "put several into one: /one|other/";
            return Err(problem(at, "search-too-many-expressions", MOST_EXPRESSIONS, words, hint));
        }
        let field = field.map_or(Field::Anywhere, resolve);
        let test = values::expression(at, &field, source)?;
        Ok(Node::Term(Term { field, test }))
    }

    fn term(&mut self, at: usize, field: Option<&str>, text: String, quoted: bool) -> Result<Node, StoreError> {
        self.count(at)?;
        let field = field.map_or(Field::Anywhere, resolve);
        let test = match field {
            _ if quoted => Test::Text(text),
            Field::Anywhere => values::anywhere(at, text)?,
            _ => values::of_field(at, &field, text, &self.zone)?,
        };
        if field == Field::Anywhere
            && let Test::Text(text) = &test
        {
            if text.is_empty() {
                return Ok(Node::All);
            }
            if let (false, Some(word)) = (quoted, observables::asked(text)) {
                return Ok(Node::Term(Term { field, test: Test::Observable(word) }));
            }
        }
        if field == Field::Anywhere
            && let Test::Network(network) = &test
            && let Some(addresses) = values::few_addresses(network)
        {
            let one = |address: IpAddr| {
                Node::Term(Term { field: Field::Anywhere, test: Test::Observable(address.to_string()) })
            };
            return Ok(Node::Or(addresses.into_iter().map(one).collect()));
        }
        if let Field::Column(name @ ("time" | "arrival")) = field
            && let Test::Text(text) = &test
        {
            return day_or_moment(at, name, text, &self.zone);
        }
        Ok(Node::Term(Term { field, test }))
    }
}

/// A column by its name, also with the dots of ECS; anything else is a field of the record's own format.
fn resolve(name: &str) -> Field {
    let underscored = name.replace('.', "_");
    match columns::docs().iter().find(|doc| doc.name == underscored) {
        Some(doc) => Field::Column(doc.name),
        None => Field::Own(name.to_owned()),
    }
}

fn day_or_moment(at: usize, name: &'static str, text: &str, zone: &TimeZone) -> Result<Node, StoreError> {
    let Some((from, to)) = moment(text, zone) else {
        return Err(problem(
            at,
            "search-no-time",
            text,
            format!("{text:?} is no time"),
            "write 2026-11-21 or 2026-11-21T08:30",
        ));
    };
    let test = Test::Range { low: Bound::Including(from as f64), high: Bound::Excluding(to as f64) };
    Ok(Node::Term(Term { field: Field::Column(name), test }))
}

/// First microsecond of a day, minute or second and the first behind it.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<(Micros, Micros)> {
    const SECOND: Micros = 1_000_000;
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some((time.as_microsecond(), time.as_microsecond() + SECOND));
    }
    let length = match text.len() {
        10 => 86_400 * SECOND,
        13 => 3_600 * SECOND,
        16 => 60 * SECOND,
        _ => SECOND,
    };
    let padded = if text.len() == 13 { format!("{text}:00") } else { text.to_owned() };
    let time = padded.parse::<jiff::civil::DateTime>().ok()?;
    let from = time.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond();
    Some((from, from + length))
}
