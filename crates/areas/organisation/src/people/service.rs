//! What can be done with people. Nobody manages somebody who may do more than oneself: who could reset a
//! leader's password could act as the leader.

use super::{Person, roles, store};
use crate::audit::{Reading, Touched};
use crate::policies::Policies;
use crate::{agencies, audit, sign_in};
use kit::clock::Micros;
use kit::error::unfit;
use kit::id::new_id;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Personal, Tx};
use serde_json::json;

/// What makes a new account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPerson {
    /// User name or e-mail address: letters without accents, digits and `. _ - + @`.
    pub account: String,
    pub full_name: String,
    pub agency_id: String,
    pub title: String,
    pub signs_as: String,
    pub phone: String,
    pub email: String,
    /// Type of the account; empty for the ordinary one.
    pub kind: String,
}

/// What can be changed later. The account stays: the trail knows people by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonChange {
    pub full_name: String,
    pub agency_id: String,
    pub title: String,
    pub signs_as: String,
    pub phone: String,
    pub email: String,
    /// Type of the account; empty leaves it as it is.
    pub kind: String,
}

const LONGEST: usize = 200;
const LONGEST_REASON: usize = 500;

/// Texts are brought into the form in which they are kept.
fn check(account: Option<&str>, change: &mut PersonChange) -> Result<(), Error> {
    let mut faults = FieldFaults::default();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ".-_+@".contains(letter);
    match account {
        None => {}
        Some("") => faults.add("account", "field-required"),
        Some(account) if account.len() > 100 => faults.add("account", "field-too-long"),
        Some(account) if account.len() < 3 || !account.chars().all(fits) => {
            faults.add("account", "person-account-form");
        }
        Some(_) => {}
    }
    change.full_name = faults.required_line("full_name", &change.full_name, LONGEST);
    if change.agency_id.is_empty() {
        faults.add("agency_id", "field-required");
    }
    change.title = faults.line("title", &change.title, LONGEST);
    let signs_as = faults.lines("signs_as", &change.signs_as, LONGEST);
    let lines = signs_as.lines().map(str::trim).filter(|line| !line.is_empty());
    change.signs_as = lines.collect::<Vec<_>>().join("\n");
    change.phone = faults.telephone("phone", &change.phone, LONGEST);
    change.email = faults.line("email", &change.email, LONGEST);
    if !change.email.is_empty() && !change.email.contains('@') {
        faults.add("email", "field-invalid");
    }
    if !Policies::in_force()?.account.kinds.contains(&change.kind) {
        faults.add("kind", unfit(&change.kind));
    }
    faults.into_result()
}

/// Adds an account without a password; a password is set apart ([`sign_in::set_password`]).
pub async fn create(tx: &Tx<'_>, now: Micros, new: NewPerson) -> Result<Person, Error> {
    tx.scope().require(Capability::ManagePeople)?;
    // As typed: what a name must not hold is refused, not taken away.
    let account = new.account.trim().to_lowercase();
    let mut change = PersonChange {
        full_name: new.full_name,
        agency_id: new.agency_id,
        title: new.title,
        signs_as: new.signs_as,
        phone: new.phone,
        email: new.email,
        kind: if new.kind.is_empty() { Policies::in_force()?.account.ordinary().to_owned() } else { new.kind },
    };
    check(Some(&account), &mut change)?;
    agencies::require_open(tx, now, "agency_id", &change.agency_id).await?;
    if store::account_is_taken(tx, &account).await? {
        return Err(Error::invalid("account", "field-taken"));
    }
    let id = new_id(now);
    let PersonChange { full_name, agency_id, title, signs_as, phone, email, kind } = change;
    store::insert(tx, &id, &NewPerson { account, full_name, agency_id, title, signs_as, phone, email, kind }, now)
        .await?;
    let person = store::signed_in(tx, &id).await?.ok_or(Error::NotFound)?;
    let details = json!({ "account": person.account, "full_name": person.full_name, "kind": person.kind });
    audit::record(tx, now, "person.create", "person", &id, Some(&person.agency_id), details).await?;
    Ok(person)
}

/// Changes a person's data.
pub async fn change(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    id: &str,
    mut change: PersonChange,
) -> Result<(), Error> {
    let person = roles::manageable(tx, policies, now, id).await?;
    if change.kind.is_empty() {
        change.kind = person.kind.clone();
    }
    check(None, &mut change)?;
    if tx.scope().person_id() == Some(id) && policies.account.machines.contains(&change.kind) {
        return Err(Error::invalid("kind", "person-not-oneself"));
    }
    if change.agency_id == person.agency_id {
        agencies::require_named(tx, "agency_id", &change.agency_id).await?;
    } else {
        agencies::require_open(tx, now, "agency_id", &change.agency_id).await?;
    }
    store::update(tx, id, &change, now).await?;
    let (phone, email) = (Personal::from(change.phone.as_str()), Personal::from(change.email.as_str()));
    let details = json!({
        "before": { "full_name": person.full_name, "agency": person.agency_id, "title": person.title,
                    "signs_as": person.signs_as, "phone": person.phone, "email": person.email, "kind": person.kind },
        "after": { "full_name": change.full_name, "agency": change.agency_id, "title": change.title,
                   "signs_as": change.signs_as, "phone": phone, "email": email, "kind": change.kind },
        // The masks may be equal where the texts are not.
        "contact_changed": phone != person.phone || email != person.email,
    });
    audit::record(tx, now, "person.change", "person", id, Some(&person.agency_id), details).await
}

/// Puts into the trail that somebody saw a person's telephone number and address in full. `purpose`: `reveal`, `edit`,
/// `call`.
pub(crate) async fn record_reveal(tx: &Tx<'_>, now: Micros, person: (&str, &str), purpose: &str) -> Result<(), Error> {
    let (id, agency_id) = person;
    let touched = Touched::from([(agency_id.to_owned(), Some(1))]);
    let reading = Reading { object_kind: "person", object_id: id, purpose, query: "", count: 1, touched: &touched };
    audit::record_reading(tx, now, &reading).await
}

/// Closes an account: no sign-in, every session ends at once. Nobody closes the own account.
pub async fn disable(tx: &Tx<'_>, policies: &Policies, now: Micros, id: &str, reason: &str) -> Result<(), Error> {
    let person = roles::manageable(tx, policies, now, id).await?;
    if tx.scope().person_id() == Some(id) {
        return Err(Error::Conflict("person-not-oneself"));
    }
    let mut faults = FieldFaults::default();
    let reason = faults.lines("reason", reason, LONGEST_REASON);
    faults.into_result()?;
    store::set_active(tx, id, false, now).await?;
    let ended = sign_in::end_sessions_of(tx, id, now).await?;
    let details = json!({ "reason": reason, "sessions_ended": ended });
    audit::record(tx, now, "person.disable", "person", id, Some(&person.agency_id), details).await
}

/// Opens it again.
pub async fn enable(tx: &Tx<'_>, policies: &Policies, now: Micros, id: &str) -> Result<(), Error> {
    let person = roles::manageable(tx, policies, now, id).await?;
    store::set_active(tx, id, true, now).await?;
    audit::record(tx, now, "person.enable", "person", id, Some(&person.agency_id), json!({})).await
}
