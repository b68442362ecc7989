//! What can be done with channels.

use super::store::{self, Row};
use super::{Channel, Settings};
use crate::outbox::{self, NewRow};
use crate::policies::{NoticePolicy, OTHER};
use crate::{agencies, audit};
use kit::clock::Micros;
use kit::error::unfit;
use kit::id::new_id;
use kit::page::Severity;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;

/// What makes or changes a channel.
#[derive(Debug, Clone)]
pub struct ChannelInput {
    pub agency_id: String,
    pub name: String,
    /// Kinds of news posted to the channel itself.
    pub kinds: Vec<String>,
    pub settings: Settings,
}

/// Name, kinds and settings as they are kept.
async fn checked(
    tx: &Tx<'_>,
    policy: &NoticePolicy,
    input: &ChannelInput,
) -> Result<(String, String, Settings), Error> {
    let mut faults = FieldFaults::default();
    let name = faults.required_line("name", &input.name, 200);
    let settings = input.settings.checked(&mut faults);
    if !agencies::in_reach(tx, &input.agency_id).await? {
        faults.add("agency_id", unfit(&input.agency_id));
    }
    let posts = input.settings.kind().is_posted_to();
    if !posts && !input.kinds.is_empty() || input.kinds.iter().any(|id| policy.kind(id).is_none()) {
        faults.add("kinds", "field-invalid");
    }
    faults.into_result()?;
    let mut kinds = input.kinds.clone();
    kinds.sort();
    kinds.dedup();
    Ok((name, kinds.join(" "), settings))
}

/// Makes a channel; returns its identifier.
pub async fn create(tx: &Tx<'_>, policy: &NoticePolicy, now: Micros, input: &ChannelInput) -> Result<String, Error> {
    tx.scope().require(Capability::Administer)?;
    let (name, kinds, settings) = checked(tx, policy, input).await?;
    let id = new_id(now);
    let row = Row { agency_id: &input.agency_id, name: &name, kinds: &kinds, settings: &settings };
    store::insert(tx, &id, row, now).await?;
    let details = json!({ "name": name, "kind": settings.kind().code(), "host": settings.host(), "kinds": kinds });
    audit::record(tx, now, "channel.create", "channel", &id, Some(&input.agency_id), details).await?;
    Ok(id)
}

/// Changes one. Its kind stays.
pub async fn change(
    tx: &Tx<'_>,
    policy: &NoticePolicy,
    now: Micros,
    id: &str,
    input: &ChannelInput,
) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let before = store::find(tx, id).await?;
    if before.kind() != input.settings.kind() {
        return Err(Error::invalid("kind", "field-invalid"));
    }
    let host = store::opened(tx, id).await?.map(|settings| settings.host());
    let (name, kinds, settings) = checked(tx, policy, input).await?;
    let row = Row { agency_id: &input.agency_id, name: &name, kinds: &kinds, settings: &settings };
    store::update(tx, id, row, now).await?;
    let details = json!({
        "before": { "name": before.name, "host": host, "kinds": before.kinds, "agency": before.agency_id },
        "after": { "name": name, "host": settings.host(), "kinds": kinds, "agency": input.agency_id },
    });
    audit::record(tx, now, "channel.change", "channel", id, Some(&input.agency_id), details).await
}

/// Takes a channel out of use, or back into it. What waits is withdrawn by the sender.
pub async fn set_active(tx: &Tx<'_>, now: Micros, id: &str, active: bool) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let channel = store::find(tx, id).await?;
    if channel.active == active {
        return Ok(());
    }
    store::set_active(tx, id, active, now).await?;
    let action = if active { "channel.start" } else { "channel.stop" };
    audit::record(tx, now, action, "channel", id, Some(&channel.agency_id), json!({ "name": channel.name })).await
}

/// Puts a message into the outbox that says nothing but that it is a test: to who asks for it, and on a webhook to the
/// channel itself.
pub async fn queue_test(tx: &Tx<'_>, now: Micros, id: &str) -> Result<Channel, Error> {
    tx.scope().require(Capability::Administer)?;
    let channel = store::find(tx, id).await?;
    let person_id = tx.scope().person_id().filter(|_| channel.kind().is_personal());
    outbox::put(
        tx,
        NewRow {
            channel_id: id,
            person_id,
            message_id: None,
            kind: OTHER,
            severity: Severity::Informational.code(),
            title_key: "channel-test-title",
            title_arguments: "{}",
            link: "/me/notices",
            bundled: false,
            due_at: now,
        },
        now,
    )
    .await?;
    audit::record(tx, now, "channel.test", "channel", id, Some(&channel.agency_id), json!({ "name": channel.name }))
        .await?;
    Ok(channel)
}
