//! What can be done with lists: make one, change it, let it go, take one indicator off. Files are taken in `import`.

use super::settings::IndicatorSettings;
use super::{List, ListKind, Sharing, Tlp, store};
use crate::settings::Bounds;
use kit::clock::{DAY, Micros};
use kit::error::unfit;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Deserialize;
use serde_json::json;

/// What a form or the API gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ListInput {
    pub name: String,
    pub source: String,
    pub kind: String,
    pub tlp: String,
    pub sharing: String,
    pub confidence: String,
    pub valid_days: String,
    /// `true` where domains stand for everything below them.
    pub with_subdomains: String,
    /// `true` where events are looked up in it.
    pub enabled: String,
}

const LONGEST_NAME: usize = 200;

impl ListInput {
    /// What a new list begins with.
    pub fn new(settings: &IndicatorSettings, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: name.to_owned(),
            kind: ListKind::default().code().to_owned(),
            tlp: Tlp::default().code().to_owned(),
            sharing: Sharing::default().code().to_owned(),
            confidence: settings.confidence.default.to_string(),
            valid_days: settings.valid_days.default.to_string(),
            with_subdomains: "true".to_owned(),
            enabled: "true".to_owned(),
        }
    }

    pub fn of(list: &List) -> Self {
        let yes = |truth: bool| if truth { "true".to_owned() } else { String::new() };
        Self {
            name: list.name.clone(),
            source: list.source.clone(),
            kind: list.kind.code().to_owned(),
            tlp: list.tlp.code().to_owned(),
            sharing: list.sharing.code().to_owned(),
            confidence: list.confidence.to_string(),
            valid_days: list.valid_days.to_string(),
            with_subdomains: yes(list.with_subdomains),
            enabled: yes(list.enabled),
        }
    }

    /// The list with what was given, or everything that is wrong with it.
    fn on(&self, settings: &IndicatorSettings, list: List, now: Micros) -> Result<List, Error> {
        let mut faults = FieldFaults::default();
        let name = faults.required_line("name", &self.name, LONGEST_NAME);
        let source = faults.required_line("source", &self.source, LONGEST_NAME);
        let number =
            |text: &str, bounds: &Bounds| text.trim().parse::<i64>().ok().filter(|number| bounds.holds(*number));
        let confidence = number(&self.confidence, &settings.confidence);
        let valid_days = number(&self.valid_days, &settings.valid_days);
        let (kind, tlp) = (ListKind::from_code(&self.kind), Tlp::from_code(&self.tlp));
        let sharing = Sharing::from_code(&self.sharing);
        for (field, text, is_wrong) in [
            ("kind", &self.kind, kind.is_none()),
            ("tlp", &self.tlp, tlp.is_none()),
            ("sharing", &self.sharing, sharing.is_none()),
            ("confidence", &self.confidence, confidence.is_none()),
            ("valid_days", &self.valid_days, valid_days.is_none()),
        ] {
            if is_wrong {
                faults.add(field, unfit(text));
            }
        }
        faults.into_result()?;
        Ok(List {
            name,
            source,
            kind: kind.unwrap_or_default(),
            tlp: tlp.unwrap_or_default(),
            sharing: sharing.unwrap_or_default(),
            confidence: confidence.unwrap_or(settings.confidence.default),
            valid_days: valid_days.unwrap_or(settings.valid_days.default),
            with_subdomains: !self.with_subdomains.is_empty(),
            enabled: !self.enabled.is_empty(),
            updated_at: now,
            ..list
        })
    }
}

/// Makes a list; returns it.
pub async fn create(tx: &Tx<'_>, settings: &IndicatorSettings, input: &ListInput, now: Micros) -> Result<List, Error> {
    tx.scope().require(Capability::ManageRules)?;
    let empty = List {
        id: kit::id::new_id(now),
        name: String::new(),
        source: String::new(),
        kind: ListKind::default(),
        tlp: Tlp::default(),
        sharing: Sharing::default(),
        confidence: 0,
        valid_days: 0,
        with_subdomains: false,
        enabled: false,
        created_at: now,
        updated_at: now,
        indicators: 0,
        valid: 0,
    };
    let list = input.on(settings, empty, now)?;
    if store::by_name(tx, &list.name, now).await?.is_some() {
        return Err(Error::invalid("name", "indicator-list-name-taken"));
    }
    if store::list_total(tx).await? >= settings.most_lists {
        return Err(Error::Conflict("indicator-list-too-many"));
    }
    store::save(tx, &list, &tx.scope().actor().id()).await?;
    note(tx, "indicator-list.create", &list, now).await?;
    Ok(list)
}

/// Changes a list. What stands on it keeps its own confidence and time.
pub async fn change(
    tx: &Tx<'_>,
    settings: &IndicatorSettings,
    id: &str,
    input: &ListInput,
    now: Micros,
) -> Result<(), Error> {
    tx.scope().require(Capability::ManageRules)?;
    let list = input.on(settings, store::find(tx, id, now).await?, now)?;
    if store::by_name(tx, &list.name, now).await?.is_some_and(|other| other.id != id) {
        return Err(Error::invalid("name", "indicator-list-name-taken"));
    }
    store::save(tx, &list, "").await?;
    note(tx, "indicator-list.change", &list, now).await
}

/// Lets a list go with everything on it. Alerts that it raised stay.
pub async fn delete(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageRules)?;
    let list = store::find(tx, id, now).await?;
    store::delete(tx, id).await?;
    note(tx, "indicator-list.delete", &list, now).await
}

/// Takes one indicator off a list, for example because it is no longer bad.
pub async fn take_off(tx: &Tx<'_>, list_id: &str, indicator_id: &str, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageRules)?;
    let list = store::find(tx, list_id, now).await?;
    let filter = store::Filter {
        list_id: Some(list.id.clone()),
        indicator_id: Some(indicator_id.to_owned()),
        ..store::Filter::default()
    };
    let listed = store::rows(tx, &filter, 1, 0).await?.pop().ok_or(Error::NotFound)?;
    if !store::take_off(tx, list_id, indicator_id).await? {
        return Err(Error::NotFound);
    }
    let details = json!({ "name": list.name, "indicator": listed.text, "reference": listed.reference });
    audit::record(tx, now, "indicator.take-off", "indicator-list", list_id, None, details).await
}

/// Forgets what ended long ago.
pub async fn forget(tx: &Tx<'_>, settings: &IndicatorSettings, now: Micros) -> Result<(), Error> {
    let gone = store::forget(tx, now - settings.keep_expired_days * DAY).await?;
    match gone {
        0 => Ok(()),
        gone => {
            let details = json!({ "forgotten": gone });
            audit::record(tx, now, "indicator.forget", "indicator-list", "", None, details).await
        }
    }
}

async fn note(tx: &Tx<'_>, action: &str, list: &List, now: Micros) -> Result<(), Error> {
    let details = json!({
        "name": list.name,
        "source": list.source,
        "kind": list.kind,
        "tlp": list.tlp,
        "sharing": list.sharing,
        "confidence": list.confidence,
        "valid_days": list.valid_days,
        "with_subdomains": list.with_subdomains,
        "enabled": list.enabled,
    });
    audit::record(tx, now, action, "indicator-list", &list.id, None, details).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_with_a_list_is_said_at_once() {
        let list = List {
            id: "l".into(),
            name: String::new(),
            source: String::new(),
            kind: ListKind::Other,
            tlp: Tlp::Amber,
            sharing: Sharing::Everyone,
            confidence: 0,
            valid_days: 0,
            with_subdomains: true,
            enabled: true,
            created_at: 0,
            updated_at: 0,
            indicators: 0,
            valid: 0,
        };
        let settings = crate::settings::Settings::embedded().expect("sound").indicators;
        let input = ListInput { valid_days: "0".into(), tlp: "white".into(), ..ListInput::new(&settings, " ") };
        let Err(Error::Invalid(errors)) = input.on(&settings, list.clone(), 5) else { panic!("taken") };
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "source", "tlp", "valid_days"]);
        let kept = ListInput::new(&settings, "NCSC").on(&settings, list, 5).expect("sound");
        assert_eq!(ListInput::of(&kept), ListInput::new(&settings, "NCSC"));
    }
}
