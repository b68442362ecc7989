//! `luytre law`: the law in force from the command line. What is changed needs the elevation of a person, as on the page.

use super::{language, plain, print_json, say, tell, text, user_of_the_system};
use crate::centre::{Registers, regulations};
use crate::configuration::Configuration;
use crate::control;
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::{Args, Subcommand};
use kit::diff;
use kit::live::Live;
use kit::page::Format;
use kit::{Db, Error, Scope};
use organisation::people;
use organisation::regulations::{self as law, Change, Regulations, Source, State, digest, tidy};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The law in force: what each file is and where it comes from, its versions, and changing it. All of this works beside a
/// running server.
#[derive(Debug, Args)]
pub struct Law {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List every file in force with where its text comes from. Exit code 2 where a stored version is not read.
    List {
        #[arg(long)]
        json: bool,
    },
    /// Print the text of a file in force, or of one of its versions.
    Show {
        /// Its path in `content/`, for example `duties/plans-2026.toml`.
        path: String,
        /// Number of the version; 0 is what is built in or stands in the content directory.
        #[arg(long)]
        version: Option<i64>,
    },
    /// Say what is wrong with a text, or what would become different if it were put in force. Changes nothing. Exit code 1
    /// where it does not load.
    Check {
        file: PathBuf,
        /// Its path in `content/`; the last folder and the name of the file where not given.
        #[arg(long)]
        path: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Keep a text as the draft of an account and ask for a second person, who reads the difference on the page
    /// `/elevations` before approving it. Prints the digest of what is approved.
    Ask {
        file: PathBuf,
        /// Account that answers for it; it must hold the capability `change-law`.
        #[arg(long)]
        account: String,
        #[arg(long)]
        reason: String,
        /// Legal basis of the change: document and article.
        #[arg(long)]
        basis: String,
        /// Its path in `content/`; the last folder and the name of the file where not given.
        #[arg(long)]
        path: Option<String>,
        /// SHA-256 of the text in force that it was written from (`luytre law list --json`). Refused where another one is in
        /// force by now.
        #[arg(long)]
        built_on: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Put the draft of an account in force, exactly as somebody else has approved it.
    Apply {
        /// Its path in `content/`, for example `duties/plans-2026.toml`.
        path: String,
        /// Account whose draft it is.
        #[arg(long)]
        account: String,
        #[arg(long)]
        json: bool,
    },
}

impl Law {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        let (regulations, _) = regulations(&configuration)?;
        let scope = Scope::service("command line").asking("", &user_of_the_system());
        regulations.reload(&registers.db.scoped(&scope).read()).await?;
        match &self.act {
            Act::List { json } => list(&regulations.current(), *json),
            Act::Show { path, version } => show(&registers.db, &scope, &regulations, path, *version).await,
            Act::Check { file, path, json } => check(&regulations, file, path.as_deref(), *json),
            Act::Ask { file, account, reason, basis, path, built_on, json } => {
                let path = path_of(file, path.as_deref())?;
                let in_force = digest(regulations.current().text(&path));
                let change = Change {
                    text: read(file)?,
                    reason: reason.clone(),
                    basis: basis.clone(),
                    built_on: built_on.clone().unwrap_or(in_force),
                    path,
                };
                ask(&registers, &regulations, account, &change, *json).await
            }
            Act::Apply { path, account, json } => {
                let version = apply(&registers, &regulations, account, path).await?;
                if let Some(server) = control::running(data).await? {
                    server.post::<()>("/control/law", &()).await?;
                }
                if *json {
                    print_json(&json!({ "version": version }))?;
                } else {
                    tell("law-applied", &[("version", plain(version))]);
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// What a text is called in `content/`.
fn path_of(file: &Path, given: Option<&str>) -> Result<String> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let file = std::path::absolute(file)?;
    let part = |path: Option<&std::ffi::OsStr>| path.and_then(|part| part.to_str()).map(ToOwned::to_owned);
    let folder = part(file.parent().and_then(Path::file_name));
    let name = part(file.file_name());
    let (Some(folder), Some(name)) = (folder, name) else { bail!(text("law-no-path", &[])) };
    Ok(format!("{folder}/{name}"))
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn list(state: &State, json: bool) -> Result<ExitCode> {
    let lang = language();
    if json {
        let files = state.files.iter().map(|(path, file)| {
            let (version, by, at) = match &file.source {
                Source::Version { version, by_name, valid_from } => (Some(version), Some(by_name), Some(valid_from)),
                Source::Embedded | Source::Directory => (None, None, None),
            };
            json!({
                "path": path, "source": file.source.code(), "version": version, "by": by, "valid_from": at,
                "digest": digest(&file.text),
            })
        });
        let unread = state.unread.iter().map(|one| {
            let faults: Vec<_> = one.faults.iter().map(|fault| fault.in_words(lang)).collect();
            json!({ "path": one.path, "version": one.version, "faults": faults })
        });
        print_json(&json!({ "files": files.collect::<Vec<_>>(), "unread": unread.collect::<Vec<_>>() }))?;
    } else {
        let format = Format::new(lang, 0);
        for (path, file) in &state.files {
            let source = match &file.source {
                Source::Version { version, by_name, valid_from } => text(
                    "regulation-source-version",
                    &[
                        ("version", plain(version)),
                        ("name", by_name.as_str().into()),
                        ("time", format.date_time(valid_from).into()),
                    ],
                ),
                other => text(&format!("regulation-source-{}", other.code()), &[]),
            };
            say!("{path:<36} {source}");
        }
        for one in &state.unread {
            let faults: Vec<_> = one.faults.iter().map(|fault| fault.in_words(lang)).collect();
            let arguments = [
                ("path", one.path.as_str().into()),
                ("version", plain(one.version)),
                ("faults", faults.join("; ").into()),
            ];
            say!("✗ {}", text("regulation-unread-version", &arguments));
        }
    }
    Ok(if state.unread.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

async fn show(db: &Db, scope: &Scope, regulations: &Regulations, path: &str, version: Option<i64>) -> Result<ExitCode> {
    let state = regulations.current();
    let found = match version {
        None => state.files.get(path).map(|file| file.text.clone()),
        Some(0) => regulations.base(path).map(|file| file.text.clone()),
        Some(version) => match law::find(&db.scoped(scope).read(), path, version).await {
            Ok(version) => Some(version.text),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error.into()),
        },
    };
    let found = found.with_context(|| text("law-no-file", &[("path", path.into())]))?;
    say!("{}", found.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn check(regulations: &Regulations, file: &Path, path: Option<&str>, json: bool) -> Result<ExitCode> {
    let lang = language();
    let path = path_of(file, path)?;
    let wanted = tidy(&read(file)?).map_err(|key| anyhow!(text(key, &[])))?;
    let faults: Vec<_> = law::check(regulations, &path, &wanted).iter().map(|fault| fault.in_words(lang)).collect();
    let preview = faults.is_empty().then(|| law::preview(regulations, &path, &wanted, lang));
    let (lines, effects) = preview.map(|preview| (preview.lines, preview.effects)).unwrap_or_default();
    let (added, removed) = diff::counts(&lines);
    if json {
        let found = json!({
            "path": path, "loads": faults.is_empty(), "faults": faults, "effects": effects, "added": added,
            "removed": removed,
        });
        print_json(&found)?;
    } else {
        faults.iter().for_each(|fault| say!("✗ {fault}"));
        for line in diff::parts(&lines, 3).iter().flatten() {
            say!("{} {}", line.mark.sign(), line.text);
        }
        effects.iter().for_each(|effect| say!("• {effect}"));
        if faults.is_empty() {
            tell("law-loads", &[("path", path.as_str().into()), ("added", plain(added)), ("removed", plain(removed))]);
        }
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the account may do, and the agency that it belongs to.
async fn scope_of(registers: &Registers, account: &str, act: &str) -> Result<(Scope, String)> {
    let user = user_of_the_system();
    let own = Scope::service("command line").asking("", &user);
    let unknown = || text("law-no-account", &[("account", account.into())]);
    let person = people::by_account(&registers.db.scoped(&own).read(), account).await?.with_context(unknown)?;
    let scope = people::scope_of(&registers.db, &registers.policies, &person.id, None, registers.clock.now()).await?;
    let scope = scope.with_context(|| text("law-account-may-not", &[("account", account.into())]))?;
    let behalf = scope.on_behalf_of().to_owned();
    Ok((scope.asking(&format!("luytre law {act} ({user})"), &behalf), person.agency_id))
}

/// Says what is wrong with a text, where something is.
fn require_sound(regulations: &Regulations, path: &str, wanted: &str) -> Result<()> {
    let faults = law::check(regulations, path, wanted);
    let words: Vec<_> = faults.iter().map(|fault| fault.in_words(language())).collect();
    ensure!(words.is_empty(), words.join("\n"));
    Ok(())
}

async fn ask(
    registers: &Registers,
    regulations: &Regulations,
    account: &str,
    change: &Change,
    json: bool,
) -> Result<ExitCode> {
    let (scope, agency_id) = scope_of(registers, account, "ask").await?;
    let change = change.tidied()?;
    require_sound(regulations, &change.path, &change.text)?;
    let tx = registers.db.scoped(&scope).begin().await?;
    let told = (&Live::default(), &*registers.policies);
    let kept = law::ask(&tx, regulations, told, registers.clock.now(), &agency_id, &change).await?;
    tx.commit().await?;
    let preview = law::preview(regulations, &change.path, &change.text, language());
    if json {
        let (added, removed) = diff::counts(&preview.lines);
        let found = json!({
            "path": change.path, "digest": kept, "built_on": change.built_on, "effects": preview.effects,
            "added": added, "removed": removed,
        });
        print_json(&found)?;
    } else {
        for line in diff::parts(&preview.lines, 3).iter().flatten() {
            say!("{} {}", line.mark.sign(), line.text);
        }
        preview.effects.iter().for_each(|effect| say!("• {effect}"));
        tell("law-asked", &[("path", change.path.as_str().into()), ("digest", kept.as_str().into())]);
    }
    Ok(ExitCode::SUCCESS)
}

/// The draft of the account as it is kept: whoever approved it read this one, and nothing else is put in force by that.
async fn apply(registers: &Registers, regulations: &Regulations, account: &str, path: &str) -> Result<i64> {
    let (scope, _) = scope_of(registers, account, "apply").await?;
    let person = scope.person_id().unwrap_or_default();
    let draft = law::draft_of(&registers.db.scoped(&scope).read(), path, person).await?;
    let none = || text("law-no-draft", &[("account", account.into()), ("path", path.into())]);
    let change = Change::from(draft.with_context(none)?);
    require_sound(regulations, path, &change.text)?;
    let tx = registers.db.scoped(&scope).begin().await?;
    let version = law::apply(&tx, regulations, &registers.policies, registers.clock.now(), &change).await?;
    tx.commit().await?;
    Ok(version)
}
