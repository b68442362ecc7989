//! What can be done with saved searches: keep one, change it, let it go. The owner alone changes it; others see it as
//! far as it is shared and keep a copy of their own if they want another.

use super::schedules::{self, Schedule, StopReason};
use super::settings::SavedSearchSettings;
use super::{Kind, SavedSearch, Sharing, store};
use crate::timespan::Timespan;
use event_store::Store;
use kit::clock::Micros;
use kit::page::Address;
use kit::scope::Agencies;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
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
        let mut faults = FieldFaults::default();
        let name = faults.required_line("name", &self.name, LONGEST_NAME);
        let description = faults.lines("description", &self.description, LONGEST_DESCRIPTION);
        let text = match kind {
            // On the page a search is one line.
            Kind::Search => faults.line("text", &self.text.replace(['\r', '\n'], " "), LONGEST_SEARCH),
            Kind::Sql => faults.required_lines("text", &self.text, LONGEST_SQL),
        };
        if kind == Kind::Search && event_store::search::parse(&text, &kit::calendar::zone()).is_err() {
            faults.add("text", "saved-search-text-wrong");
        }
        let sharing = Sharing::from_code(&self.sharing).unwrap_or_default();
        if sharing == Sharing::Agency && !has_agency {
            faults.add("sharing", "saved-search-no-agency");
        }
        if kind == Kind::Search {
            Timespan::problems(&self.address()).into_iter().for_each(|wrong| faults.add(wrong.field, wrong.key));
        }
        faults.into_result()?;
        let span = Timespan::of(&self.address(), now, "24h");
        Ok(Checked { name, description, text, span, columns: columns(&self.columns), sharing })
    }

    /// The time as the search page reads it from its address.
    fn address(&self) -> Address {
        let given = [("range", &self.range), ("from", &self.from), ("to", &self.to)];
        let filled = given.into_iter().filter(|(_, value)| !value.is_empty());
        filled.fold(Address::parse("/search"), |address, (name, value)| address.with(name, value))
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
pub async fn create(
    tx: &Tx<'_>,
    settings: &SavedSearchSettings,
    input: &SavedSearchInput,
    agency_id: &str,
    now: Micros,
) -> Result<String, Error> {
    let kind = Kind::from_code(&input.kind).ok_or_else(|| Error::unfit("kind", &input.kind))?;
    tx.scope().require(kind.capability())?;
    let owner_id = owner(tx)?;
    let checked = input.checked(kind, !agency_id.is_empty(), now)?;
    let (kept, _) = store::kept_by(tx, &owner_id).await?;
    if i64::try_from(kept).unwrap_or(i64::MAX) >= settings.searches_per_person {
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
        owner_left: false,
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

/// Lets a search go, with its schedule: one's own, or one that was left behind. Alerts that it raised stay.
pub async fn delete(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let saved = match own(tx, id).await {
        Err(Error::Forbidden(_)) => left_behind(tx, id).await?,
        own => own?,
    };
    store::delete(tx, id).await?;
    note(tx, "saved-search.delete", &saved, now).await
}

/// Whether this search was left behind and whoever asks administers its agency.
pub async fn may_clear(connection: &impl Connection, saved: &SavedSearch) -> Result<bool, Error> {
    let scope = connection.scope();
    if !saved.owner_left || saved.sharing == Sharing::Private || !scope.may(Capability::Administer) {
        return Ok(false);
    }
    let Some(agency_id) = &saved.agency_id else { return Ok(*scope.agencies() == Agencies::All) };
    organisation::agencies::in_reach(connection, agency_id).await
}

async fn left_behind(tx: &Tx<'_>, id: &str) -> Result<SavedSearch, Error> {
    let saved = store::find(tx, id).await?;
    let may = may_clear(tx, &saved).await?;
    may.then_some(saved).ok_or(Error::Forbidden("saved-search-of-another"))
}

/// Makes a search that was left behind one's own. Its schedule stops: it ran with the rights of another person.
pub async fn take_over(tx: &Tx<'_>, settings: &SavedSearchSettings, id: &str, now: Micros) -> Result<(), Error> {
    let saved = left_behind(tx, id).await?;
    tx.scope().require(saved.kind.capability())?;
    let owner_id = owner(tx)?;
    let (kept, _) = store::kept_by(tx, &owner_id).await?;
    if i64::try_from(kept).unwrap_or(i64::MAX) >= settings.searches_per_person {
        return Err(Error::Conflict("saved-search-too-many"));
    }
    if saved.schedule.as_ref().is_some_and(Schedule::is_active) {
        schedules::halt(tx, &saved, StopReason::Owner, now).await?;
    }
    let sql = "UPDATE saved_searches SET owner_id = $2, updated_at = $3 WHERE id = $1";
    store::execute(tx, sql, [id.into(), owner_id.into(), now.into()]).await?;
    let details = json!({ "name": saved.name, "kind": saved.kind, "sharing": saved.sharing, "from": saved.owner_id });
    audit::record(tx, now, "saved-search.take-over", "saved-search", id, saved.agency_id.as_deref(), details).await
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
