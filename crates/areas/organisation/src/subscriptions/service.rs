//! Everybody's own wishes. Nobody sets those of another.

use super::{Habits, store};
use crate::channels::{self, ChannelKind};
use crate::policies::NoticePolicy;
use crate::{audit, people};
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Connection, Error, Personal, Tx};
use serde_json::json;

/// What a person wants on a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    pub channel_id: String,
    pub kinds: Vec<String>,
    /// Identifier at the gateway; nothing for mail.
    pub address: String,
}

/// Sets the own wish for one channel. No kinds: nothing more comes from there.
pub async fn set_wish(tx: &Tx<'_>, policy: &NoticePolicy, now: Micros, mut wish: Wish) -> Result<(), Error> {
    let id = tx.scope().person_id().ok_or(Error::Forbidden("notices"))?.to_owned();
    let person = people::find(tx, &id).await?;
    let offered = channels::offered_to(tx, &person.agency_id).await?;
    let channel = offered.iter().find(|channel| channel.id == wish.channel_id).ok_or(Error::NotFound)?;
    if wish.kinds.iter().any(|kind| policy.kind(kind).is_none()) {
        return Err(Error::invalid("kinds", "field-invalid"));
    }
    wish.kinds.sort();
    wish.kinds.dedup();
    let address = match channel.kind() {
        ChannelKind::Mail | ChannelKind::Webhook => {
            if person.email.is_empty() && !wish.kinds.is_empty() {
                return Err(Error::invalid(format!("address-{}", channel.id), "news-no-mail-address"));
            }
            String::new()
        }
        ChannelKind::Gateway => {
            let mut faults = FieldFaults::default();
            let address = faults.line(&format!("address-{}", channel.id), &wish.address, 200);
            faults.into_result()?;
            address
        }
    };
    if channel.kind() == ChannelKind::Gateway && address.is_empty() && !wish.kinds.is_empty() {
        return Err(Error::invalid(format!("address-{}", channel.id), "field-required"));
    }
    let kinds = wish.kinds.join(" ");
    store::set(tx, &channel.id, &kinds, &address, now).await?;
    let details = json!({ "channel": channel.name, "kinds": kinds, "address": Personal::from(address.as_str()) });
    audit::record(tx, now, "subscription.change", "person", &id, Some(&person.agency_id), details).await
}

/// Sets own quiet hours, digest and language.
pub async fn set_habits(tx: &Tx<'_>, now: Micros, habits: &Habits) -> Result<(), Error> {
    let id = tx.scope().person_id().ok_or(Error::Forbidden("notices"))?.to_owned();
    let person = people::find(tx, &id).await?;
    let minutes = 0..24 * 60;
    if habits.quiet.is_some_and(|(from, until)| !minutes.contains(&from) || !minutes.contains(&until)) {
        return Err(Error::invalid("quiet_from", "field-invalid"));
    }
    store::set_habits(tx, habits, now).await?;
    let details = json!({ "quiet": habits.quiet, "digest": habits.digest.code(), "lang": habits.lang.code() });
    audit::record(tx, now, "subscription.habits", "person", &id, Some(&person.agency_id), details).await
}
