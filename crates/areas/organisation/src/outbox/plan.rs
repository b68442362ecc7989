//! What of a message leaves, for whom and when: rows of the outbox, in the transaction that causes the message.

use super::store::{self, NewRow};
use crate::policies::{NoticePolicy, OTHER};
use crate::{channels, subscriptions};
use kit::clock::{HOUR, Micros};
use kit::page::Severity;
use kit::{Error, Tx};
use subscriptions::DueRules;

/// A message as it stands in inboxes.
pub(crate) struct Planned<'a> {
    pub(crate) severity: Severity,
    pub(crate) title_key: &'a str,
    pub(crate) title_arguments: &'a str,
    pub(crate) link: &'a str,
    pub(crate) agency_id: Option<&'a str>,
    /// Who has it in the inbox, and the identifier there.
    pub(crate) told: &'a [(String, String)],
    /// Whether it is also posted to channels themselves; not so where more people hear of the same.
    pub(crate) posted: bool,
}

pub(crate) async fn plan(tx: &Tx<'_>, policy: &NoticePolicy, now: Micros, message: &Planned<'_>) -> Result<(), Error> {
    let kind = policy.kind_of(message.title_key).map_or(OTHER, |kind| kind.id.as_str());
    let row = NewRow {
        channel_id: "",
        person_id: None,
        message_id: None,
        kind,
        severity: message.severity.code(),
        title_key: message.title_key,
        title_arguments: message.title_arguments,
        link: message.link,
        bundled: false,
        due_at: now,
    };
    if message.posted {
        for channel in channels::posting(tx, message.agency_id).await? {
            if channels::holds(&channel.kinds, kind) {
                store::put(tx, NewRow { channel_id: &channel.id, ..row }, now).await?;
            }
        }
    }
    let rules = DueRules { through: policy.through_quiet_hours, daily_minute: policy.daily_digest_minute };
    let people: Vec<String> = message.told.iter().map(|(person, _)| person.clone()).collect();
    for wanting in subscriptions::wanting(tx, &people, kind).await? {
        let (mut due_at, mut bundled) = subscriptions::due(&wanting.habits, message.severity, rules, now);
        // A storm of messages goes out together.
        if !bundled
            && store::sent_to(tx, &wanting.person_id, &wanting.channel_id, now - HOUR).await? >= policy.most_per_hour
        {
            (due_at, bundled) = (subscriptions::next_hour(now), true);
        }
        let own = message.told.iter().find(|(person, _)| *person == wanting.person_id);
        let row = NewRow {
            channel_id: &wanting.channel_id,
            person_id: Some(&wanting.person_id),
            message_id: own.map(|(_, message)| message.as_str()),
            due_at,
            bundled,
            ..row
        };
        store::put(tx, row, now).await?;
    }
    Ok(())
}
