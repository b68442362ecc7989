//! Telling people what happens at the door of an account: its owner and whoever administers it.

use super::{Origin, SignIn};
use crate::inbox::{self, Message, Recipient};
use crate::people::Person;
use kit::clock::{Micros, SECOND};
use kit::page::Severity;
use kit::{Capability, Connection, Error, Tx};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// One place has tried too often and is locked out of the account.
    PlaceLocked,
    /// Many places try together; all but known devices are slowed.
    GuessedFromManyPlaces,
    /// Somebody who knows the password has tried too many codes.
    CodesLocked,
    /// A recovery code stood in for the second factor.
    RecoveryCodeUsed,
    /// A group elsewhere gives a role that separation of duties forbids.
    RoleKeptApart,
}

impl SignIn {
    /// Tells the owner of an account that it has one second factor more. Each time: who added it may be somebody else.
    pub(super) async fn tell_added(&self, tx: &Tx<'_>, person: &Person, now: Micros) -> Result<(), Error> {
        let message = Message {
            severity: Severity::Medium,
            title_key: "inbox-factor-added",
            title_arguments: vec![("account", person.account.clone()), ("address", tx.scope().origin().to_owned())],
            body: String::new(),
            link: "/me/second-factors".to_owned(),
            agency_id: Some(person.agency_id.clone()),
        };
        inbox::notify(tx, &self.live, now, Recipient::Person(&person.id), &message).await?;
        Ok(())
    }

    /// Puts it into the inboxes. Not again within the time of the policy: who guesses must not fill them.
    pub(super) async fn tell(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        origin: &Origin,
        trouble: Trouble,
        now: Micros,
    ) -> Result<(), Error> {
        let (title_key, severity) = match trouble {
            Trouble::PlaceLocked => ("inbox-account-locked", Severity::Medium),
            Trouble::GuessedFromManyPlaces => ("inbox-account-guessed", Severity::High),
            Trouble::CodesLocked => ("inbox-codes-locked", Severity::High),
            Trouble::RecoveryCodeUsed => ("inbox-recovery-code-used", Severity::Medium),
            Trouble::RoleKeptApart => ("inbox-account-role-refused", Severity::Medium),
        };
        let since = now - self.policies.session.lock_notice.every * SECOND;
        if inbox::told_since(tx, &person.id, title_key, since).await? {
            return Ok(());
        }
        let message = Message {
            severity,
            title_key,
            title_arguments: vec![("account", person.account.clone()), ("address", origin.text())],
            body: String::new(),
            link: "/me".to_owned(),
            agency_id: Some(person.agency_id.clone()),
        };
        inbox::notify(tx, &self.live, now, Recipient::Person(&person.id), &message).await?;
        let roles = self.policies.roles_with(Capability::Administer);
        let recipients: Vec<_> =
            roles.map(|role| Recipient::Role { role: &role.id, agency_id: Some(&person.agency_id) }).collect();
        let message = Message { link: format!("/people/{}", person.id), ..message };
        inbox::notify_all(tx, &self.live, now, &recipients, &message).await?;
        Ok(())
    }
}
