//! What can be done with people. Nobody manages somebody who may do more than oneself: who could reset a
//! leader's password could act as the leader.

use super::{Person, roles, store};
use crate::audit::{Reading, Touched};
use crate::policies::Policies;
use crate::{agencies, audit, sign_in};
use kit::clock::Micros;
use kit::error::{FieldError, unfit};
use kit::fold::normalise;
use kit::id::new_id;
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

fn check(account: Option<&str>, change: &PersonChange) -> Result<(), Error> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, key| errors.push(FieldError { field: field.to_owned(), key });
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ".-_+@".contains(letter);
    match account {
        None => {}
        Some("") => wrong("account", "field-required"),
        Some(account) if account.len() > 100 => wrong("account", "field-too-long"),
        Some(account) if account.len() < 3 || !account.chars().all(fits) => wrong("account", "person-account-form"),
        Some(_) => {}
    }
    if change.full_name.is_empty() {
        wrong("full_name", "field-required");
    }
    if change.agency_id.is_empty() {
        wrong("agency_id", "field-required");
    }
    if !change.email.is_empty() && !change.email.contains('@') {
        wrong("email", "field-invalid");
    }
    for (field, text) in [
        ("full_name", &change.full_name),
        ("title", &change.title),
        ("signs_as", &change.signs_as),
        ("phone", &change.phone),
        ("email", &change.email),
    ] {
        if text.chars().count() > 200 {
            wrong(field, "field-too-long");
        }
    }
    if !Policies::in_force()?.account.kinds.contains(&change.kind) {
        wrong("kind", unfit(&change.kind));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn tidy(change: &mut PersonChange) {
    for text in [&mut change.full_name, &mut change.title, &mut change.phone, &mut change.email] {
        *text = normalise(text);
    }
    let lines = change.signs_as.lines().map(normalise).filter(|line| !line.is_empty());
    change.signs_as = lines.collect::<Vec<_>>().join("\n");
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
    tidy(&mut change);
    check(Some(&account), &change)?;
    agencies::require_in_scope(tx, &change.agency_id)
        .await
        .map_err(|_| Error::invalid("agency_id", "field-invalid"))?;
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
    tidy(&mut change);
    check(None, &change)?;
    if tx.scope().person_id() == Some(id) && policies.account.machines.contains(&change.kind) {
        return Err(Error::invalid("kind", "person-not-oneself"));
    }
    agencies::require_in_scope(tx, &change.agency_id)
        .await
        .map_err(|_| Error::invalid("agency_id", "field-invalid"))?;
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
    store::set_active(tx, id, false, now).await?;
    let ended = sign_in::end_sessions_of(tx, id, now).await?;
    let details = json!({ "reason": reason.chars().take(500).collect::<String>(), "sessions_ended": ended });
    audit::record(tx, now, "person.disable", "person", id, Some(&person.agency_id), details).await
}

/// Opens it again.
pub async fn enable(tx: &Tx<'_>, policies: &Policies, now: Micros, id: &str) -> Result<(), Error> {
    let person = roles::manageable(tx, policies, now, id).await?;
    store::set_active(tx, id, true, now).await?;
    audit::record(tx, now, "person.enable", "person", id, Some(&person.agency_id), json!({})).await
}
