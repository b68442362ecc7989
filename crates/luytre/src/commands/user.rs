//! `luytre user`: accounts from the command line, for the first start and for emergencies.

use super::tables::TableFile;
use super::{plain, print_json, say, tell, text, user_of_the_system};
use crate::centre::Registers;
use crate::configuration::Configuration;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use kit::clock::Micros;
use kit::live::Live;
use kit::locale::Argument;
use kit::page::{Format, iso};
use kit::{Capability, Scope, Tx};
use organisation::agencies::Agency;
use organisation::api_keys::{self, NewKey};
use organisation::elevations;
use organisation::people::{self, NewPerson, PersonFilter};
use organisation::sign_in::Owner;
use organisation::{agencies, sign_in};
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an account. The password is read from standard input.
    Add {
        /// Name that signs in, for example `quantri`.
        account: String,
        /// Full name.
        #[arg(long)]
        name: String,
        /// Role of `content/organisation/roles.toml`, for example `administrator`.
        #[arg(long)]
        role: String,
        /// Code of the agency; the centre itself where not given.
        #[arg(long)]
        agency: Option<String>,
    },
    /// List accounts.
    List {
        #[arg(long)]
        json: bool,
    },
    /// Make an API key that may send events; it is shown once.
    AddKey {
        /// What it is for, for example `rsyslog at the portal`.
        name: String,
        /// Code of the agency; the centre itself where not given.
        #[arg(long)]
        agency: Option<String>,
        /// Networks or addresses it may be used from, with commas between; anywhere where not given.
        #[arg(long, default_value = "")]
        networks: String,
        #[arg(long)]
        json: bool,
    },
    /// List the API keys that are not revoked: when each ends, and how many rows may leave by it.
    ListKeys {
        #[arg(long)]
        json: bool,
    },
    /// Take every second factor of an account away, for whoever has lost them. Its sessions end.
    ResetSecondFactors { account: String },
    /// Let an account add its first second factor with the password alone once more, for the days of the policy.
    OpenSecondFactor { account: String },
    /// End every session of an account, or with --all of everybody.
    EndSessions {
        #[arg(required_unless_present = "all")]
        account: Option<String>,
        #[arg(long, conflicts_with = "account", requires = "reason")]
        all: bool,
        /// Why everybody has to sign in again; kept in the audit trail.
        #[arg(long, requires = "all")]
        reason: Option<String>,
    },
    /// Take a table (CSV or .xlsx) of people: new accounts are made without a password, known ones changed, roles
    /// given. A wrong line is named and spoils no other; the exit code is then 2.
    Import(TableFile),
    /// Set a password, read from standard input.
    SetPassword { account: String },
}

impl User {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        match &self.command {
            Command::Import(file) => import(&registers, file).await,
            _ => self.act(&registers, &configuration.centre).await.map(|()| ExitCode::SUCCESS),
        }
    }

    async fn act(&self, registers: &Registers, centre: &str) -> Result<()> {
        let scope = kit::Scope::service("command line");
        let scoped = registers.db.scoped(&scope);
        let now = registers.clock.now();
        match &self.command {
            Command::Add { account, name, role, agency } => {
                let password = read_password()?;
                let rules = &registers.policies.password.rules;
                let wrong =
                    sign_in::check_rules(rules, &password, Owner { about: &[account, name], second_factor: false });
                if !wrong.is_empty() {
                    bail!(unfit_password(&wrong));
                }
                let tx = scoped.begin().await?;
                let agency = agency_of(centre, &tx, agency.as_deref(), now).await?;
                let new = NewPerson {
                    account: account.clone(),
                    full_name: name.clone(),
                    agency_id: agency.id.clone(),
                    ..NewPerson::default()
                };
                let person = people::create(&tx, now, new).await?;
                people::grant_role(&tx, &registers.policies, now, &person.id, role, &agency.id, now, None).await?;
                tx.commit().await?;
                if let Err(error) = registers.sign_in(true)?.set_password(&scope, &person.id, &password).await {
                    // An account without a password cannot sign in; a second try starts with `set-password`.
                    let reason = password_error(error).to_string();
                    bail!(text("command-password-not-set", &[("reason", reason.into())]));
                }
                tell("command-user-added", &about(account));
            }
            Command::List { json } => {
                let people = people::list(&scoped.read(), &PersonFilter::default(), 10_000, 0).await?;
                if *json {
                    let rows: Vec<_> = people
                        .iter()
                        .map(|person| {
                            serde_json::json!({
                                "id": person.id, "account": person.account, "full_name": person.full_name,
                                "agency": person.agency_name, "active": person.active,
                            })
                        })
                        .collect();
                    print_json(&rows)?;
                } else {
                    for person in people {
                        let state = if person.active { String::new() } else { text("command-user-disabled", &[]) };
                        let line =
                            format!("{:<20} {} – {} {state}", person.account, person.full_name, person.agency_name);
                        say!("{}", line.trim_end());
                    }
                }
            }
            Command::AddKey { name, agency, networks, json } => {
                let tx = scoped.begin().await?;
                let agency = agency_of(centre, &tx, agency.as_deref(), now).await?;
                let new = NewKey {
                    name: name.clone(),
                    agency_id: agency.id,
                    capabilities: vec![Capability::IngestEvents],
                    networks: networks.clone(),
                    ..NewKey::default()
                };
                let (id, key) = api_keys::create(&tx, now, new).await?;
                let ends_at = api_keys::find(&tx, &id).await?.expires_at;
                tx.commit().await?;
                let encoded = api_keys::encoded(&id, &key);
                if *json {
                    let ends_at = ends_at.map(iso);
                    print_json(&serde_json::json!({
                        "id": id, "key": key, "encoded": encoded, "expires_at": ends_at,
                    }))?;
                } else {
                    say!("Authorization: ApiKey {encoded}");
                    let ends = time_words(ends_at, now);
                    tell("command-key-made", &[("id", plain(id)), ("key", plain(key)), ("ends", plain(ends))]);
                }
            }
            Command::ListKeys { json } => list_keys(registers, &scope, *json).await?,
            Command::ResetSecondFactors { account } => {
                let person = people::by_account(&scoped.read(), account).await?;
                let person = person.with_context(|| text("command-no-account", &about(account)))?;
                registers.sign_in(true)?.reset_second_factors(&scope, &person.id).await?;
                tell("command-second-factors-reset", &about(account));
            }
            Command::OpenSecondFactor { account } => {
                let person = people::by_account(&scoped.read(), account).await?;
                let person = person.with_context(|| text("command-no-account", &about(account)))?;
                registers.sign_in(true)?.open_second_factor(&scope, &person.id).await?;
                tell("command-second-factor-opened", &about(account));
            }
            Command::EndSessions { account, reason, .. } => {
                let sign_in = registers.sign_in(true)?;
                let ended = match account {
                    Some(account) => {
                        let person = people::by_account(&scoped.read(), account).await?;
                        let person = person.with_context(|| text("command-no-account", &about(account)))?;
                        sign_in.end_sessions(&scope, &person.id).await?
                    }
                    None => sign_in.end_sessions_of_all(&scope, reason.as_deref().unwrap_or_default()).await?,
                };
                tell("command-sessions-ended", &[("count", ended.into())]);
            }
            Command::Import { .. } => {}
            Command::SetPassword { account } => {
                let password = read_password()?;
                let person = people::by_account(&scoped.read(), account).await?;
                let person = person.with_context(|| text("command-no-account", &about(account)))?;
                let set = registers.sign_in(true)?.set_password(&scope, &person.id, &password).await;
                set.map_err(password_error)?;
                tell("command-password-set", &about(account));
            }
        }
        Ok(())
    }
}

/// A time in words; a dash for none.
fn time_words(at: Option<Micros>, now: Micros) -> String {
    at.map_or_else(|| "–".to_owned(), |at| Format::new(super::language(), now).date_time(at))
}

/// When something ends, in words; a dash where it does not.
fn end_words(at: Option<Micros>, now: Micros) -> String {
    at.map_or_else(|| "–".to_owned(), |at| Format::new(super::language(), now).end(at))
}

async fn list_keys(registers: &Registers, scope: &Scope, json: bool) -> Result<()> {
    let now = registers.clock.now();
    let view = registers.db.scoped(scope).read();
    let keys = api_keys::list(&view, false, 10_000, 0).await?;
    let ids: Vec<_> = keys.iter().map(|key| key.id.as_str()).collect();
    let allowances = elevations::allowances(&view, &registers.policies, &ids, now).await?;
    let each = keys.iter().zip(&allowances);
    if json {
        let rows: Vec<_> = each
            .map(|(key, allowance)| {
                serde_json::json!({
                    "id": key.id, "name": key.name, "agency": key.agency_name, "capabilities": key.capabilities,
                    "expires_at": key.expires_at.map(iso), "last_used_at": key.last_used_at.map(iso),
                    "rows": allowance.rows, "minutes": allowance.minutes, "granted": allowance.granted_until.is_some(),
                    "granted_until": allowance.granted_until.map(iso),
                })
            })
            .collect();
        return print_json(&rows);
    }
    for (key, allowance) in each {
        let arguments = [
            ("name", plain(&key.name)),
            ("agency", plain(&key.agency_name)),
            ("ends", plain(end_words(key.expires_at, now))),
            ("rows", plain(allowance.rows)),
            ("minutes", plain(allowance.minutes)),
            ("until", plain(end_words(allowance.granted_until, now))),
        ];
        let line = if allowance.granted_until.is_some() { "command-key-line-granted" } else { "command-key-line" };
        say!("{}  {}", key.id, text(line, &arguments));
    }
    Ok(())
}

fn about(account: &str) -> [(&'static str, Argument<'_>); 1] {
    [("account", account.into())]
}

/// That a password breaks rules, given by their keys.
fn unfit_password(rules: &[&'static str]) -> String {
    let reasons: Vec<_> = rules.iter().map(|key| text(key, &[])).collect();
    text("command-password-refused", &[("reasons", reasons.join("; ").into())])
}

/// What came of setting a password, where it is the password that is wrong; the name of a field says nothing here.
fn password_error(error: kit::Error) -> anyhow::Error {
    match error {
        kit::Error::Invalid(fields) => {
            let rules: Vec<_> = fields.iter().map(|field| field.key).collect();
            anyhow::anyhow!(unfit_password(&rules))
        }
        other => anyhow::anyhow!(other.in_words(super::language())),
    }
}

async fn import(registers: &Registers, file: &TableFile) -> Result<ExitCode> {
    let table = people::read_sheet(file.read()?).await?;
    let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
    let tx = registers.db.scoped(&scope).begin().await?;
    let report = people::import_sheet(&tx, &registers.policies, registers.clock.now(), table).await?;
    file.finish(tx, &report).await
}

async fn agency_of(centre: &str, tx: &Tx<'_>, code: Option<&str>, now: i64) -> Result<Agency> {
    let root = agencies::ensure_root_agency(tx, now, centre, "TTANM").await?;
    match code {
        None => Ok(root),
        Some(code) => {
            let agency = agencies::by_code(tx, code).await?;
            agency.with_context(|| text("command-no-agency", &[("code", code.into())]))
        }
    }
}

fn read_password() -> Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("{} ", text("command-password", &[]));
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\n', '\r']).to_owned();
    if password.is_empty() {
        bail!(text("command-password-empty", &[]));
    }
    Ok(password)
}
