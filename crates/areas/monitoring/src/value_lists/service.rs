//! What can be done with lists of values: put a value on one, take it off. It holds within seconds for what arrives from
//! then on, and rules that expand the list are loaded anew.

use super::store::{self, TABLE};
use super::{ListedValue, identity};
use crate::enrichment::kept_for;
use crate::rules::settings::EnrichmentSettings;
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Deserialize;
use serde_json::{Value, json};

const LONGEST_LIST: usize = 60;
const LONGEST_VALUE: usize = 250;
const LONGEST_NOTE: usize = 500;

/// What a form or a line of a table gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ValueInput {
    pub list: String,
    pub value: String,
    /// Empty for the whole centre.
    pub agency_id: String,
    pub note: String,
}

/// A value as it is kept now, and as it was where it was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub before: Option<ListedValue>,
    pub after: ListedValue,
}

/// Puts a value on a list, or gives one that is there another note or spelling.
pub async fn keep(tx: &Tx<'_>, settings: &EnrichmentSettings, input: &ValueInput, now: Micros) -> Result<Kept, Error> {
    tx.scope().require(Capability::ManageSources)?;
    let mut faults = FieldFaults::default();
    let list = faults.required_line("list", &input.list, LONGEST_LIST);
    if !list.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-' | '.')) {
        faults.add("list", "value-list-name-signs");
    }
    let value = faults.required_line("value", &input.value, LONGEST_VALUE);
    if value.contains(['*', '?']) {
        faults.add("value", "value-list-no-pattern");
    }
    let note = faults.line("note", &input.note, LONGEST_NOTE);
    let agency_id = kept_for(tx, &input.agency_id, &mut faults).await?;
    faults.into_result()?;
    let id = identity(&list, &value, agency_id.as_deref());
    let before = TABLE.by_id(tx, &id).await?;
    if before.is_none() && TABLE.total(tx).await? >= settings.most_values {
        return Err(Error::Conflict("value-list-too-many"));
    }
    if let Some(before) = before.clone()
        && (&before.value, &before.note) == (&value, &note)
    {
        return Ok(Kept { after: before.clone(), before: Some(before) });
    }
    let wanted = ListedValue { id: id.clone(), list, value, agency_id, note, ..ListedValue::default() };
    store::save(tx, &wanted, now).await?;
    let after = TABLE.find(tx, &id).await?;
    let details = json!({ "before": before.as_ref().map(told), "after": told(&after) });
    audit::record(tx, now, "value-list.keep", "value-list", &id, after.agency_id.as_deref(), details).await?;
    Ok(Kept { before, after })
}

/// Takes a value off its list.
pub async fn delete(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let value = TABLE.find(tx, id).await?;
    TABLE.delete(tx, id).await?;
    let details = json!({ "before": told(&value) });
    audit::record(tx, now, "value-list.delete", "value-list", id, value.agency_id.as_deref(), details).await
}

fn told(value: &ListedValue) -> Value {
    json!({ "list": value.list, "value": value.value, "note": value.note })
}
