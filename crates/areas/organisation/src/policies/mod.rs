//! Policies of the area as data: roles, accounts, passwords, sessions, second factors, roster, messages, qualifications,
//! duties kept apart, rights for a while, dates to come (`content/organisation/`). Built into the program; a directory with files of the same
//! names takes their place.

mod account;
mod date;
mod elevation;
mod notice;
mod password;
mod qualification;
mod second_factor;
mod separation;
mod session;

pub use account::{AccountPolicy, IdleLimits};
pub use date::{Ahead, DatePolicy, TOO_FAR_AHEAD};
pub use elevation::{Binding, CHANGE_LAW, EXPORT, ElevationKind, ElevationPolicy, FOREIGN_EVENTS, KEY_ROWS, RESTORE};
pub use notice::{Escalation, Kind, NoticePolicy, OTHER, Retry, Step};
pub use password::{HashCost, PasswordPolicy, PasswordRules, Strength, Temporary};
pub use qualification::QualificationPolicy;
pub use second_factor::{Confirmation, First, Required, SecondFactorPolicy};
pub use separation::{Apart, Separation};
pub use session::{
    DeviceLimits, LinkLimits, LockNotice, RefusalLimits, SessionLimits, SessionPolicy, SlowLimits, StrictTransport,
    ThrottleLimits,
};

use kit::{App, Capability};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};

/// Where a value comes from. Pages show it; `luytre content check` wants it in every file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Basis {
    pub document: String,
    pub valid_from: String,
    pub text_seen: bool,
}

/// How far a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The whole centre.
    Province,
    /// The agency it was given at and everything below.
    Subtree,
}

/// Whose raw events a role reads that may view events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RawEvents {
    /// Of every agency it reaches.
    #[default]
    Reach,
    /// Of an agency for which somebody has approved it, for a while.
    ByElevation,
}

/// One role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub id: String,
    pub reach: Reach,
    /// Promises to hold no capability that changes anything; checked when the file is read.
    #[serde(default)]
    pub reads_only: bool,
    #[serde(default)]
    pub raw_events: RawEvents,
    pub capabilities: BTreeSet<Capability>,
}

impl Role {
    /// Key of its name.
    pub fn key(&self) -> String {
        format!("role-{}", self.id)
    }

    /// Whether it reads raw events of everything it reaches.
    pub fn reads_raw_events(&self) -> bool {
        self.raw_events == RawEvents::Reach && self.capabilities.contains(&Capability::ViewEvents)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterPolicy {
    pub basis: Basis,
    pub posts: Vec<String>,
    /// Posts of those who are told only when nobody acknowledges, or nobody else is on watch.
    #[serde(default)]
    pub on_call: Vec<String>,
    pub when_nobody_is_on_duty: Vec<String>,
    pub longest_shift_hours: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesFile {
    #[expect(dead_code, reason = "its presence and form are what reading checks")]
    basis: Basis,
    role: Vec<Role>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    pub roles: Vec<Role>,
    pub password: PasswordPolicy,
    pub session: SessionPolicy,
    pub account: AccountPolicy,
    pub second_factor: SecondFactorPolicy,
    pub roster: RosterPolicy,
    pub separation: Separation,
    pub elevation: ElevationPolicy,
    pub notice: NoticePolicy,
    pub qualification: QualificationPolicy,
    pub dates: DatePolicy,
}

/// A policy file that does not read or contradicts itself.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("{file}: {reason}")]
    Content { file: &'static str, reason: String },
}

const ROLES: (&str, &str) = ("roles.toml", include_str!("../../../../../content/organisation/roles.toml"));
const PASSWORD: (&str, &str) =
    ("password-policy.toml", include_str!("../../../../../content/organisation/password-policy.toml"));
const SESSION: (&str, &str) =
    ("session-policy.toml", include_str!("../../../../../content/organisation/session-policy.toml"));
const ACCOUNT: (&str, &str) =
    ("account-policy.toml", include_str!("../../../../../content/organisation/account-policy.toml"));
const SECOND_FACTOR: (&str, &str) =
    ("second-factor-policy.toml", include_str!("../../../../../content/organisation/second-factor-policy.toml"));
const SEPARATION: (&str, &str) =
    ("separation.toml", include_str!("../../../../../content/organisation/separation.toml"));
const ELEVATION: (&str, &str) =
    ("elevations.toml", include_str!("../../../../../content/organisation/elevations.toml"));
const ROSTER: (&str, &str) = ("roster.toml", include_str!("../../../../../content/organisation/roster.toml"));
const QUALIFICATIONS: (&str, &str) =
    ("qualifications.toml", include_str!("../../../../../content/organisation/qualifications.toml"));
const DATES: (&str, &str) = ("dates.toml", include_str!("../../../../../content/organisation/dates.toml"));
const NOTICES: (&str, &str) = ("notices.toml", include_str!("../../../../../content/organisation/notices.toml"));

static EMBEDDED: LazyLock<Result<Arc<Policies>, PolicyError>> = LazyLock::new(|| Policies::load(None).map(Arc::new));
static IN_FORCE: OnceLock<Arc<Policies>> = OnceLock::new();

impl Policies {
    /// The policies built into the program. An error here is a broken build; a test keeps it from happening.
    pub fn embedded() -> Result<Arc<Policies>, kit::Error> {
        EMBEDDED.as_ref().map(Arc::clone).map_err(kit::Error::internal)
    }

    /// The policies for what is told in the middle of another area's transaction, where no handler is at hand: those
    /// of [`Policies::put_in_force`], else the embedded ones.
    pub fn in_force() -> Result<Arc<Policies>, kit::Error> {
        IN_FORCE.get().map_or_else(Self::embedded, |policies| Ok(Arc::clone(policies)))
    }

    /// Puts policies in force for the whole process; the first call counts. For `luytre` alone.
    pub fn put_in_force(policies: &Arc<Policies>) {
        let _ = IN_FORCE.set(Arc::clone(policies));
    }

    /// The program's policies: those `luytre` put among the ports, else the embedded ones.
    pub fn of(app: &App) -> Result<Arc<Policies>, kit::Error> {
        app.ports.get::<Policies>().map_or_else(Self::embedded, Ok)
    }

    /// Reads the files of `directory` where they exist, the embedded ones otherwise.
    pub fn load(directory: Option<&Path>) -> Result<Self, PolicyError> {
        let policies = Self {
            roles: read::<RolesFile>(directory, ROLES)?.role,
            password: read(directory, PASSWORD)?,
            session: read(directory, SESSION)?,
            account: read(directory, ACCOUNT)?,
            second_factor: read(directory, SECOND_FACTOR)?,
            roster: read(directory, ROSTER)?,
            separation: read(directory, SEPARATION)?,
            elevation: read(directory, ELEVATION)?,
            notice: read(directory, NOTICES)?,
            qualification: read(directory, QUALIFICATIONS)?,
            dates: read(directory, DATES)?,
        };
        let wrong = |file, reason: String| Err(PolicyError::Content { file, reason });
        for role in &policies.roles {
            let changes = role.capabilities.iter().find(|capability| !reads(**capability));
            if let Some(capability) = changes.filter(|_| role.reads_only) {
                return wrong(ROLES.0, format!("role {} only reads but holds {}", role.id, capability.name()));
            }
        }
        let cost = &policies.password.argon2id;
        if argon2::Params::new(cost.memory_kib, cost.passes, cost.lanes, None).is_err() || cost.at_once == 0 {
            return wrong(PASSWORD.0, "impossible cost of argon2id".to_owned());
        }
        if policies.password.temporary.hours < 1 {
            return wrong(PASSWORD.0, "temporary passwords that end before anybody can use them".to_owned());
        }
        if policies.password.rules.longest_run < 2 {
            return wrong(PASSWORD.0, "longest_run below two refuses every password".to_owned());
        }
        if let Some(role) = policies.second_factor.required.roles.iter().find(|id| policies.role(id).is_none()) {
            return wrong(SECOND_FACTOR.0, format!("no role is called {role}"));
        }
        let first = policies.second_factor.first;
        if first.days < 1 || first.proof < 60 {
            return wrong(SECOND_FACTOR.0, "a first second factor that nobody has the time to add".to_owned());
        }
        let account = &policies.account;
        let mut named = account.machines.iter().chain(&account.idle.kinds);
        if account.kinds.is_empty() || named.any(|kind| !account.kinds.contains(kind)) {
            return wrong(ACCOUNT.0, "a type of account that the list of kinds does not hold".to_owned());
        }
        let mut apart = policies.separation.roles.iter().flat_map(|rule| rule.one.iter().chain(&rule.other));
        if let Some(role) = apart.find(|id| policies.role(id).is_none()) {
            return wrong(SEPARATION.0, format!("no role is called {role}"));
        }
        let elevation = &policies.elevation;
        let is_short = |kind: &ElevationKind| kind.minutes < 1 && kind.binding() != Binding::Key;
        if elevation.lapses_after_hours < 1 || elevation.elevation.iter().any(is_short) {
            return wrong(ELEVATION.0, "a time shorter than a minute".to_owned());
        }
        let roster = &policies.roster;
        if let Some(post) = roster.on_call.iter().find(|post| !roster.posts.contains(post)) {
            return wrong(ROSTER.0, format!("no post is called {post}"));
        }
        if !policies.dates.is_possible() {
            return wrong(DATES.0, "a bound below one day".to_owned());
        }
        if let Some(fault) = policies.notice.fault(&policies.roster.posts, &policies.roles) {
            return wrong(NOTICES.0, fault);
        }
        let limits = &policies.session.session;
        if [limits.idle, limits.administrator_idle, limits.absolute].iter().any(|seconds| *seconds < 60) {
            return wrong(SESSION.0, "a session shorter than a minute".to_owned());
        }
        let rates = [policies.session.requests, policies.session.key_requests];
        if rates.iter().any(|rate| rate.burst < 100 || rate.each_second < 1) {
            return wrong(SESSION.0, "so few requests that no page could be opened".to_owned());
        }
        let slow = &policies.session.account_slow;
        if slow.first_wait < 1 || slow.longest_wait < slow.first_wait || slow.window < slow.longest_wait {
            return wrong(SESSION.0, "waits of account_slow contradict each other".to_owned());
        }
        Ok(policies)
    }

    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// Roles that hold a capability.
    pub fn roles_with(&self, capability: Capability) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(move |role| role.capabilities.contains(&capability))
    }
}

/// Whether a capability changes nothing. Exports leave the house and so are no mere reading.
pub fn reads(capability: Capability) -> bool {
    capability.name().starts_with("view-") || capability == Capability::QuerySql
}

fn read<T: serde::de::DeserializeOwned>(
    directory: Option<&Path>,
    (file, embedded): (&'static str, &'static str),
) -> Result<T, PolicyError> {
    let wrong = |reason: String| PolicyError::Content { file, reason };
    let own = match directory.map(|directory| directory.join(file)) {
        Some(path) if path.exists() => Some(std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?),
        _ => None,
    };
    toml::from_str(own.as_deref().unwrap_or(embedded)).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::locale::{Lang, texts};

    #[test]
    fn the_embedded_policies_read_and_every_role_and_capability_has_a_name() {
        let policies = Policies::embedded().unwrap();
        for lang in Lang::ALL {
            for role in &policies.roles {
                assert!(texts().has(lang, &role.key()), "{}", role.key());
            }
            for capability in Capability::ALL {
                let key = format!("capability-{}", capability.name());
                assert!(texts().has(lang, &key), "{key}");
            }
            for kind in &policies.account.kinds {
                assert!(texts().has(lang, &format!("account-kind-{kind}")), "{kind}");
            }
            for post in &policies.roster.posts {
                assert!(texts().has(lang, &format!("roster-post-{post}")), "{post}");
            }
        }
        for role in &policies.roster.when_nobody_is_on_duty {
            assert!(policies.role(role).is_some(), "{role}");
        }
    }

    #[test]
    fn the_auditor_reads_everything_and_changes_nothing() {
        let policies = Policies::embedded().unwrap();
        let auditor = policies.role("auditor").unwrap();
        assert!(auditor.reads_only);
        for capability in Capability::ALL.iter().filter(|capability| capability.name().starts_with("view-")) {
            assert!(auditor.capabilities.contains(capability), "{}", capability.name());
        }
        assert!(auditor.capabilities.iter().all(|capability| reads(*capability)));
    }

    #[test]
    fn a_reading_role_with_a_changing_capability_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let text = ROLES.1.replacen("\"view-people\", \"view-audit\",", "\"view-audit\", \"manage-people\",", 1);
        assert_ne!(text, ROLES.1);
        std::fs::write(directory.path().join("roles.toml"), text).unwrap();
        let error = Policies::load(Some(directory.path())).unwrap_err();
        assert!(error.to_string().contains("auditor"), "{error}");
    }
}
