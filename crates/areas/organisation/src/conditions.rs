//! Conditions of a list, gathered piece by piece with their values. Placeholders are numbered here, so a
//! value never becomes part of the SQL text.

use sea_orm::Value;

/// Pieces joined by AND.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    pieces: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// A piece without values; `piece` is our own text, never input.
    pub(crate) fn plain(&mut self, piece: impl Into<String>) {
        self.pieces.push(piece.into());
    }

    /// A piece whose `?` stands for `value`.
    pub(crate) fn with(&mut self, piece: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.pieces.push(piece.replace('?', &format!("${}", self.values.len())));
    }

    /// Keeps rows where one of the folded columns holds every word of `text`.
    pub(crate) fn words(&mut self, columns: &[&str], text: &str) {
        self.words_or(columns, &[], text);
    }

    /// The same, or where one of `pieces` holds the word; its `?` stands for the pattern of the word.
    pub(crate) fn words_or(&mut self, columns: &[&str], pieces: &[&str], text: &str) {
        for word in kit::fold::fold(text).split(' ').filter(|word| !word.is_empty()).take(8) {
            let own = columns.iter().map(|column| format!("{column} LIKE ? ESCAPE '!'"));
            let alternatives: Vec<_> = own.chain(pieces.iter().map(|piece| (*piece).to_owned())).collect();
            self.with(&format!("({})", alternatives.join(" OR ")), format!("%{}%", like_escape(word)));
        }
    }

    /// `WHERE …`, or nothing.
    pub(crate) fn sql(&self) -> String {
        if self.pieces.is_empty() { String::new() } else { format!("WHERE {}", self.pieces.join(" AND ")) }
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        self.values.clone()
    }
}

/// What stands for itself in a pattern of `LIKE … ESCAPE '!'`.
pub fn like_escape(word: &str) -> String {
    word.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_never_becomes_sql() {
        let mut conditions = Conditions::default();
        conditions.plain("1 = 1");
        conditions.words(&["name_fold", "code"], "sở' OR 100%");
        assert_eq!(
            conditions.sql(),
            "WHERE 1 = 1 AND (name_fold LIKE $1 ESCAPE '!' OR code LIKE $1 ESCAPE '!') \
             AND (name_fold LIKE $2 ESCAPE '!' OR code LIKE $2 ESCAPE '!') \
             AND (name_fold LIKE $3 ESCAPE '!' OR code LIKE $3 ESCAPE '!')"
        );
        assert_eq!(conditions.values()[2], Value::from("%100!%%"));
    }
}
