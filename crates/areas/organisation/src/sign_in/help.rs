//! What helps a person to whom something was refused: other reaches of theirs in which it may be done, else whom to ask. It
//! is told by roles alone; nothing is looked up of what was asked for.

use super::{SignIn, own_scope};
use crate::people::reach::{self, Acting};
use crate::people::{self, Grant, PersonFilter};
use crate::policies::Role;
use kit::locale::texts;
use kit::session::{Help, Session, Way};
use kit::web::Needed;
use kit::{Capability, Error, Lang};

/// Most people who are named as those to ask.
const MOST_NAMED: u64 = 3;

/// Value of the field that chooses a reach.
pub(super) fn value_of(choice: &Acting) -> &str {
    choice.agency_id.as_deref().unwrap_or("all")
}

/// A reach in words: the agency and the role.
pub(super) fn words_of(choice: &Acting, grants: &[Grant], lang: Lang) -> String {
    let place = match choice.agency_id.as_deref() {
        None => texts().text(lang, "me-acting-all"),
        Some(id) => {
            let grant = grants.iter().find(|grant| grant.agency_id == id);
            grant.map(|grant| grant.agency_name.clone()).unwrap_or_default()
        }
    };
    format!("{place} ({})", texts().text(lang, &format!("role-{}", choice.role)))
}

fn names<'role>(roles: impl Iterator<Item = &'role Role>, lang: Lang) -> String {
    roles.map(|role| texts().text(lang, &role.key())).collect::<Vec<_>>().join(", ")
}

impl SignIn {
    pub(super) async fn help_refused(&self, session: &Session, needed: Needed, lang: Lang) -> Result<Help, Error> {
        let Some(person) = session.scope.person_id() else { return Ok(Help::default()) };
        let scope = own_scope();
        let grants = people::grants_of(&self.db.scoped(&scope).read(), person).await?;
        let choices = reach::choices(&self.policies, &grants, self.clock.now());
        let allows = |choice: &&Acting| needed.is_met(|one| choice.capabilities.contains(&one));
        let way = |choice: &Acting| Way { agency: value_of(choice).to_owned(), name: words_of(choice, &grants, lang) };
        let ways: Vec<_> = choices.iter().filter(allows).map(way).collect();
        let ask = if ways.is_empty() { self.whom_to_ask(session, needed, lang).await? } else { String::new() };
        Ok(Help { ways, ask })
    }

    /// Roles that would do, who gives roles, and of these the people whom the asker may see.
    async fn whom_to_ask(&self, session: &Session, needed: Needed, lang: Lang) -> Result<String, Error> {
        let would_do = |role: &&Role| needed.is_met(|one| role.capabilities.contains(&one));
        let roles = names(self.policies.roles.iter().filter(would_do), lang);
        let givers: Vec<&Role> = self.policies.roles_with(Capability::ManagePeople).collect();
        let mut words = {
            let key = if roles.is_empty() { "refused-ask-none" } else { "refused-ask" };
            let givers = names(givers.iter().copied(), lang);
            texts().text_with(lang, key, &[("roles", roles.into()), ("givers", givers.into())])
        };
        let mut seen: Vec<String> = Vec::new();
        if session.scope.may(Capability::ViewPeople) {
            let view = self.db.scoped(&session.scope).read();
            for role in givers {
                let filter = PersonFilter {
                    role: role.id.clone(),
                    active: Some(true),
                    now: self.clock.now(),
                    ..PersonFilter::default()
                };
                let found = people::list(&view, &filter, MOST_NAMED, 0).await?;
                seen.extend(found.into_iter().map(|person| person.full_name));
            }
        }
        seen.truncate(MOST_NAMED as usize);
        if !seen.is_empty() {
            words += " ";
            words += &texts().text_with(lang, "refused-ask-people", &[("names", seen.join(", ").into())]);
        }
        Ok(words)
    }
}
