//! What can be done with the register of experts, by whoever manages people; calling is for whoever may see people, and
//! leaves a row.

use super::{Expert, store};
use crate::audit::{Reading, Touched, record_reading};
use crate::{agencies, audit};
use kit::clock::Micros;
use kit::error::unfit;
use kit::id::new_id;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Personal, Tx};
use serde_json::{Value, json};

/// What is known of an expert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpertData {
    pub agency_id: String,
    pub full_name: String,
    pub workplace: String,
    pub fields: String,
    pub phone: String,
    pub night_phone: String,
    pub night_call: String,
    pub email: String,
    pub at_night: bool,
    pub agreed_until: Option<Micros>,
}

const LONGEST: usize = 500;

async fn check(tx: &Tx<'_>, data: &mut ExpertData) -> Result<(), Error> {
    let mut faults = FieldFaults::default();
    data.full_name = faults.required_line("full_name", &data.full_name, LONGEST);
    data.workplace = faults.line("workplace", &data.workplace, LONGEST);
    data.fields = faults.required_lines("fields", &data.fields, LONGEST);
    data.phone = faults.telephone("phone", &data.phone, LONGEST);
    if data.phone.is_empty() {
        faults.add("phone", "field-required");
    }
    data.email = faults.line("email", &data.email, LONGEST);
    data.night_phone = faults.telephone("night_phone", &data.night_phone, LONGEST);
    data.night_call = faults.lines("night_call", &data.night_call, LONGEST);
    if data.at_night && data.night_phone.is_empty() && data.night_call.is_empty() {
        faults.add("night_call", "expert-night-how");
    }
    if !data.email.is_empty() && !data.email.contains('@') {
        faults.add("email", "field-invalid");
    }
    if !agencies::in_reach(tx, &data.agency_id).await? {
        faults.add("agency_id", unfit(&data.agency_id));
    }
    faults.into_result()
}

/// For the trail: numbers and addresses as masks, what is said at night not at all.
fn told(data: &ExpertData) -> Value {
    json!({
        "agency": data.agency_id, "full_name": data.full_name, "workplace": data.workplace, "fields": data.fields,
        "phone": Personal::from(data.phone.as_str()), "night_phone": Personal::from(data.night_phone.as_str()),
        "email": Personal::from(data.email.as_str()), "at_night": data.at_night, "agreed_until": data.agreed_until,
    })
}

/// Enters an expert. Returns the identifier.
pub async fn add(tx: &Tx<'_>, now: Micros, mut data: ExpertData) -> Result<String, Error> {
    tx.scope().require(Capability::ManagePeople)?;
    check(tx, &mut data).await?;
    let id = new_id(now);
    store::insert(tx, &id, &data, now).await?;
    audit::record(tx, now, "expert.add", "expert", &id, Some(&data.agency_id), told(&data)).await?;
    Ok(id)
}

pub async fn change(tx: &Tx<'_>, now: Micros, id: &str, mut data: ExpertData) -> Result<(), Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let before = store::find(tx, id).await?;
    check(tx, &mut data).await?;
    store::update(tx, id, &data, now).await?;
    let details = json!({
        "before": {
            "agency": before.agency_id, "full_name": before.full_name, "workplace": before.workplace,
            "fields": before.fields, "phone": before.phone, "night_phone": before.night_phone, "email": before.email,
            "at_night": before.at_night, "agreed_until": before.agreed_until,
        },
        "after": told(&data),
    });
    audit::record(tx, now, "expert.change", "expert", id, Some(&before.agency_id), details).await
}

/// Takes an expert out of the register, or back into it. The row stays: old incidents name it.
pub async fn close(tx: &Tx<'_>, now: Micros, id: &str, closed: bool) -> Result<(), Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let expert = store::find(tx, id).await?;
    store::set_active(tx, id, !closed, now).await?;
    let action = if closed { "expert.close" } else { "expert.reopen" };
    let details = json!({ "full_name": expert.full_name });
    audit::record(tx, now, action, "expert", id, Some(&expert.agency_id), details).await
}

/// Puts into the trail that somebody saw how an expert is reached. `purpose`: `call` or `edit`.
pub async fn record_reveal(tx: &Tx<'_>, now: Micros, expert: &Expert, purpose: &str) -> Result<(), Error> {
    let touched = Touched::from([(expert.agency_id.clone(), Some(1))]);
    let reading =
        Reading { object_kind: "expert", object_id: &expert.id, purpose, query: "", count: 1, touched: &touched };
    record_reading(tx, now, &reading).await
}
