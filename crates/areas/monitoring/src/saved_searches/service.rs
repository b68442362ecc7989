//! What can be done with saved searches: keep one, change it, let it go. The owner alone changes it; others see it as
//! far as it is shared and keep a copy of their own if they want another.

use super::settings::SETTINGS;
use super::{Kind, SavedSearch, Sharing, store};
use crate::timespan::Timespan;
use event_store::Store;
use kit::clock::Micros;
use kit::error::FieldError;
use kit::fold::normalise;
use kit::page::Address;
use kit::{Connection, Error, Tx};
use organisation::audit;
use serde::Deserialize;
use serde_json::json;

/// What a form or the API gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SavedSearchInput {
    /// `search` or `sql`; a search that is there keeps its kind.
    pub kind: String,
    pub name: String,
    pub description: String,
    pub text: String,
    pub range: String,
    pub from: String,
    pub to: String,
    /// Names with commas between them.
    pub columns: String,
    pub sharing: String,
}

const LONGEST_NAME: usize = 200;
const LONGEST_DESCRIPTION: usize = 2_000;
/// Longest text of each kind, in characters; the pages take no more either.
const LONGEST_SEARCH: usize = 4_000;
const LONGEST_SQL: usize = 20_000;
const MOST_COLUMNS: usize = 12;

struct Checked {
    name: String,
    description: String,
    text: String,
    span: Timespan,
    columns: Vec<String>,
    sharing: Sharing,
}

impl SavedSearchInput {
    fn checked(&self, kind: Kind, has_agency: bool, now: Micros) -> Result<Checked, Error> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, key: &'static str| errors.push(FieldError { field: field.into(), key });
        let (name, description) = (normalise(&self.name), normalise(&self.description));
        if name.is_empty() {
            wrong("name", "field-required");
        } else if name.chars().count() > LONGEST_NAME {
            wrong("name", "field-too-long");
        }
        if description.chars().count() > LONGEST_DESCRIPTION {
            wrong("description", "field-too-long");
        }
        let text = match kind {
            // On the page a search is one line.
            Kind::Search => normalise(&self.text.replace(['\r', '\n', '\t'], " ")),
            Kind::Sql => normalise(&self.text.replace("\r\n", "\n")),
        };
        let longest = if kind == Kind::Search { LONGEST_SEARCH } else { LONGEST_SQL };
        if text.chars().count() > longest {
            wrong("text", "field-too-long");
        } else if kind == Kind::Sql && text.is_empty() {
            wrong("text", "field-required");
        } else if kind == Kind::Search && event_store::search::parse(&text).is_err() {
            wrong("text", "saved-search-text-wrong");
        }
        let sharing = Sharing::from_code(&self.sharing).unwrap_or_default();
        if sharing == Sharing::Agency && !has_agency {
            wrong("sharing", "saved-search-no-agency");
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let span = self.span(now);
        Ok(Checked { name, description, text, span, columns: columns(&self.columns), sharing })
    }

    /// The time as the search page reads it.
    fn span(&self, now: Micros) -> Timespan {
        let given = [("range", &self.range), ("from", &self.from), ("to", &self.to)];
        let filled = given.into_iter().filter(|(_, value)| !value.is_empty());
        let address = filled.fold(Address::parse("/search"), |address, (name, value)| address.with(name, value));
        Timespan::of(&address, now, "24h")
    }
}

fn columns(text: &str) -> Vec<String> {
    let known = Store::event_columns();
    let mut columns: Vec<String> = Vec::new();
    for name in text.split([',', ' ']).map(str::trim) {
        if known.iter().any(|column| column.name == name) && !columns.iter().any(|have| have == name) {
            columns.push(name.to_owned());
        }
    }
    columns.truncate(MOST_COLUMNS);
    columns
}

/// The person behind the transaction: machines keep nothing.
fn owner(tx: &Tx<'_>) -> Result<String, Error> {
    tx.scope().person_id().map(ToOwned::to_owned).ok_or(Error::Forbidden("person"))
}

/// One's own search, for a change.
pub async fn own(tx: &impl Connection, id: &str) -> Result<SavedSearch, Error> {
    let saved = store::find(tx, id).await?;
    let is_own = saved.is_owned_by(tx.scope().person_id());
    is_own.then_some(saved).ok_or(Error::Forbidden("saved-search-of-another"))
}

fn filled(saved: SavedSearch, checked: Checked, now: Micros) -> SavedSearch {
    // The ends of a range move on with the clock; only ends that were given are kept.
    let given = checked.span.range.is_empty();
    SavedSearch {
        name: checked.name,
        description: checked.description,
        text: checked.text,
        range: checked.span.range.to_owned(),
        from: checked.span.from.filter(|_| given),
        to: checked.span.to.filter(|_| given),
        columns: if saved.kind == Kind::Search { checked.columns } else { Vec::new() },
        sharing: checked.sharing,
        updated_at: now,
        ..saved
    }
}

/// Keeps a search; returns its id. `agency_id` is the agency that the person acts for.
pub async fn create(tx: &Tx<'_>, input: &SavedSearchInput, agency_id: &str, now: Micros) -> Result<String, Error> {
    let kind = Kind::from_code(&input.kind).ok_or_else(|| Error::invalid("kind", "field-invalid"))?;
    tx.scope().require(kind.capability())?;
    let owner_id = owner(tx)?;
    let checked = input.checked(kind, !agency_id.is_empty(), now)?;
    let (kept, _) = store::kept_by(tx, &owner_id).await?;
    if i64::try_from(kept).unwrap_or(i64::MAX) >= SETTINGS.searches_per_person {
        return Err(Error::Conflict("saved-search-too-many"));
    }
    let empty = SavedSearch {
        id: kit::id::new_id(now),
        kind,
        name: String::new(),
        description: String::new(),
        text: String::new(),
        range: String::new(),
        from: None,
        to: None,
        columns: Vec::new(),
        sharing: Sharing::Private,
        owner_id,
        owner_name: String::new(),
        agency_id: Some(agency_id.to_owned()).filter(|id| !id.is_empty()),
        agency_name: None,
        created_at: now,
        updated_at: now,
        schedule: None,
    };
    let saved = filled(empty, checked, now);
    store::save(tx, &saved).await?;
    note(tx, "saved-search.create", &saved, now).await?;
    Ok(saved.id)
}

/// Changes one's own search. A schedule goes on with what it asks from now on.
pub async fn change(tx: &Tx<'_>, id: &str, input: &SavedSearchInput, now: Micros) -> Result<(), Error> {
    let saved = own(tx, id).await?;
    let checked = input.checked(saved.kind, saved.agency_id.is_some(), now)?;
    let saved = filled(saved, checked, now);
    store::save(tx, &saved).await?;
    let renewed = "UPDATE search_schedules SET revision = revision + 1, error_key = NULL, error_words = NULL, \
                   error_at = NULL WHERE saved_search_id = $1";
    store::execute(tx, renewed, [id.into()]).await?;
    note(tx, "saved-search.change", &saved, now).await
}

/// Lets one's own search go, with its schedule. Alerts that it raised stay.
pub async fn delete(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let saved = own(tx, id).await?;
    store::delete(tx, id).await?;
    note(tx, "saved-search.delete", &saved, now).await
}

async fn note(tx: &Tx<'_>, action: &str, saved: &SavedSearch, now: Micros) -> Result<(), Error> {
    let details = json!({ "name": saved.name, "kind": saved.kind, "sharing": saved.sharing, "text": saved.text });
    audit::record(tx, now, action, "saved-search", &saved.id, saved.agency_id.as_deref(), details).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_795_227_120_000_000;

    fn input(text: &str) -> SavedSearchInput {
        SavedSearchInput { name: "Tên".into(), text: text.into(), ..SavedSearchInput::default() }
    }

    #[test]
    fn a_text_that_cannot_be_read_is_not_kept() {
        let keys = |input: SavedSearchInput, kind| match input.checked(kind, true, NOW) {
            Err(Error::Invalid(fields)) => fields.into_iter().map(|one| (one.field, one.key)).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        assert_eq!(keys(input("(a"), Kind::Search), [("text".to_owned(), "saved-search-text-wrong")]);
        assert_eq!(keys(input(""), Kind::Search), []);
        assert_eq!(keys(input(" "), Kind::Sql), [("text".to_owned(), "field-required")]);
        assert_eq!(keys(SavedSearchInput { name: " ".into(), ..input("a") }, Kind::Search).len(), 1);
        let shared = SavedSearchInput { sharing: "agency".into(), ..input("a") };
        assert!(shared.checked(Kind::Search, false, NOW).is_err(), "shared with an agency that is not there");
    }

    #[test]
    fn a_range_is_kept_as_its_code_and_columns_only_where_they_exist() {
        let wanted =
            SavedSearchInput { range: "7d".into(), columns: "user_name, nonsense,user_name".into(), ..input("a") };
        let checked = wanted.checked(Kind::Search, true, NOW).expect("sound");
        assert_eq!((checked.span.range, checked.columns), ("7d", vec!["user_name".to_owned()]));
        let ends = SavedSearchInput { from: "2026-11-21T07:00".into(), ..wanted };
        let checked = ends.checked(Kind::Search, true, NOW).expect("sound");
        assert_eq!((checked.span.range, checked.span.from), ("", Some(1_795_219_200_000_000)));
    }
}
