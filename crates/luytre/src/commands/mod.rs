//! The command line. Each command is one file; everything that prints a result can print it as JSON.

mod access;
mod agencies;
mod api;
mod audit;
mod backup;
mod bundle;
mod demo;
mod doctor;
mod early_warning;
mod formats;
pub(crate) mod hunt;
mod import;
mod indicators;
mod keys;
mod law;
mod query;
mod restore;
pub mod rules;
mod search;
mod serve;
mod store;
mod systems;
mod tables;
mod user;
pub mod who;

use crate::configuration::Configuration;
use crate::keys::make_private_directory;
use crate::plain_log::write_field;
use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use kit::locale::{Argument, texts};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_subscriber::fmt::format::debug_fn;

/// Lũy Tre: the Cyber Security Centre of a province as one program.
///
/// Start with `luytre demo` to see an invented province, or with `luytre serve` for your own. Everything lives in
/// one data directory.
///
/// Settings stand in `luytre.toml` there, or in the environment: LUYTRE_ and the key, with two underscores between
/// levels (LUYTRE_DATABASE__URL, LUYTRE_WEB__LISTEN, LUYTRE_EVENTS__RETENTION_DAYS).
#[derive(Debug, Parser)]
#[command(name = "luytre", version, max_term_width = 100)]
pub struct Arguments {
    /// Directory that holds registers, events, rules and settings. It is made when missing.
    #[arg(long, global = true, env = "LUYTRE_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,

    /// Settings file; `luytre.toml` in the data directory where not given.
    #[arg(long, global = true, env = "LUYTRE_CONFIGURATION")]
    pub configuration: Option<PathBuf>,

    /// What is logged, for example `info` or `luytre=debug,warn`.
    #[arg(
        long,
        global = true,
        env = "LUYTRE_LOG",
        default_value = "warn,evtx=error,luytre=info,luytre_monitoring=info"
    )]
    pub log: String,

    /// Log lines as JSON, one object a line.
    #[arg(long, global = true)]
    pub log_json: bool,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receive logs, detect, and serve the pages.
    Serve(serve::Serve),
    /// Serve the demonstration province with live traffic.
    Demo(demo::Demo),
    /// Read log files into the event store and say what was found in them.
    Import(import::Import),
    /// Search events in the words of the search page.
    Search(search::Search),
    /// Ask the SQL catalogue.
    Query(query::Query),
    /// Check, mend and export the event store.
    Store(store::StoreCommand),
    /// Detection rules: check, test, explain, measure, import packs.
    Rules(rules::Rules),
    /// Log formats: list them, run their samples, see what they make of files.
    Formats(formats::Formats),
    /// Rules as one signed file: make, verify, take one; whose are taken.
    Bundle(bundle::BundleCommand),
    /// Indicators: take files of them onto lists.
    Indicators(indicators::Indicators),
    /// Early warning: how good the detectors are.
    EarlyWarning(early_warning::EarlyWarning),
    /// Agencies: take a table of them.
    Agencies(agencies::Agencies),
    /// Information systems: take a table of them.
    Systems(systems::Systems),
    /// Accounts: make, list, import, set a password.
    User(user::User),
    /// The audit trail: verify it, sign it, write it to a file.
    Audit(audit::Audit),
    /// Everything of the data directory as one folder, and whether such a folder is whole.
    Backup(backup::Backup),
    /// Put a backup in the place of the data directory.
    Restore(restore::Restore),
    /// Who may do what.
    Access(access::Access),
    /// What machines may ask, as a document for programs.
    Api(api::Api),
    /// The keys that personal data and secrets are sealed with.
    Keys(keys::Keys),
    /// The law in force: list it, look at versions, check a change, put it in force.
    Law(law::Law),
    /// Say what is well and what is not.
    Doctor(doctor::Doctor),
}

/// Runs a command; the exit code is 0 for done, 1 for failed, 2 for done with something rejected.
pub fn run(arguments: Arguments) -> ExitCode {
    start_log(&arguments);
    match execute(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("luytre: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: &Arguments) -> Result<ExitCode> {
    let load = || Configuration::load(&arguments.data_dir, arguments.configuration.as_deref());
    match &arguments.command {
        Command::Rules(rules) => {
            if let Some(done) = rules.run_alone(&arguments.data_dir, load) {
                return done;
            }
        }
        Command::Bundle(bundle) => {
            if let Some(done) = bundle.run_alone() {
                return done;
            }
        }
        Command::Audit(audit) if audit.needs_no_centre() => return audit.verify_file(),
        Command::Access(access) => {
            return access.run(&load()?);
        }
        Command::Api(api) => return api.run(),
        Command::Formats(formats) => return formats.run(&load()?),
        Command::EarlyWarning(early_warning) => {
            if let Some(done) = early_warning.run_alone(&arguments.data_dir, load) {
                return done;
            }
        }
        Command::Backup(backup) if backup.needs_no_centre() => return runtime()?.block_on(backup.verify()),
        _ => {}
    }
    let restores = matches!(&arguments.command, Command::Restore(_));
    if !restores && let Some(told) = crate::backup::settle(&arguments.data_dir)? {
        eprintln!("luytre: {}", told.in_words(language()));
    }
    let configuration = load()?;
    let asks = match &arguments.command {
        Command::Rules(rules) => rules.asks(),
        Command::Bundle(bundle) => bundle.asks(),
        command => {
            matches!(command, Command::Audit(_) | Command::Search(_) | Command::Query(_) | Command::Backup(_))
        }
    };
    let directory = [("directory", arguments.data_dir.display().to_string().into())];
    ensure!(!asks || arguments.data_dir.exists(), texts().text_with(language(), "command-no-data", &directory));
    if !restores {
        make_private_directory(&arguments.data_dir)?;
    }
    let data = arguments.data_dir.as_path();
    runtime()?.block_on(async {
        match &arguments.command {
            Command::Serve(serve) => serve.run(data, configuration).await,
            Command::Demo(demo) => demo.run(data, configuration).await,
            Command::Import(import) => import.run(data, configuration).await,
            Command::Search(search) => search.run(data, configuration).await,
            Command::Query(query) => query.run(data, configuration).await,
            Command::Store(store) => store.run(data, configuration).await,
            Command::Indicators(indicators) => indicators.run(data, configuration).await,
            Command::Agencies(agencies) => agencies.run(data, configuration).await,
            Command::Systems(systems) => systems.run(data, configuration).await,
            Command::User(user) => user.run(data, configuration).await,
            Command::Audit(audit) => audit.run(data, configuration).await,
            Command::Backup(backup) => backup.run(data, configuration).await,
            Command::Restore(restore) => restore.run(data, configuration).await,
            Command::Access(access) => access.run(&configuration),
            Command::Api(api) => api.run(),
            Command::EarlyWarning(early_warning) => early_warning.run(data, configuration).await,
            Command::Keys(keys) => keys.run(data, configuration).await,
            Command::Law(law) => law.run(data, configuration).await,
            Command::Doctor(doctor) => doctor.run(data, configuration).await,
            Command::Formats(formats) => formats.run(&configuration),
            Command::Rules(rules) => rules.run(data, configuration).await,
            Command::Bundle(bundle) => bundle.run(data, configuration).await,
        }
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn start_log(arguments: &Arguments) {
    let filter = tracing_subscriber::EnvFilter::try_new(&arguments.log)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if arguments.log_json {
        log.json().init();
    } else {
        log.fmt_fields(debug_fn(write_field)).init();
    }
}

/// An error with its causes. What the registers refuse is a text of the catalogue, in the language of the terminal.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    let lang = language();
    let words = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<kit::Error>() {
        Some(error) => error.in_words(lang),
        None => cause.to_string(),
    };
    error.chain().map(words).collect::<Vec<_>>().join(": ")
}

/// Language of the terminal: Vietnamese where it says so, else English.
pub(crate) fn language() -> kit::Lang {
    let vietnamese = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .is_some_and(|value| value.starts_with("vi"));
    if vietnamese { kit::Lang::Vi } else { kit::Lang::En }
}

/// A text of the catalogue in the language of the terminal.
fn text(key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
    texts().text_with(language(), key, arguments)
}

/// Prints such a text.
fn tell(key: &str, arguments: &[(&str, Argument<'_>)]) {
    print_line(format_args!("{}", text(key, arguments)));
}

/// A sentence about a file or a directory.
fn about_file(path: &Path, key: &str) -> String {
    text(key, &[("file", path.display().to_string().into())])
}

/// Name of whoever runs this command, as the operating system knows it; the number where it has no name.
pub(crate) fn user_of_the_system() -> String {
    use std::os::unix::fs::MetadataExt;
    let Ok(own) = std::fs::metadata("/proc/self") else { return String::new() };
    let number = own.uid().to_string();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    named.unwrap_or(number)
}

/// A number as it stands, for programs that read the lines: a text of the catalogue would group it.
fn plain<'a>(number: impl ToString) -> Argument<'a> {
    number.to_string().into()
}

/// Prints a line. Where nobody reads any more (`luytre query … | head`) the program ends quietly.
macro_rules! say {
    ($($words:tt)*) => {
        crate::commands::print_line(format_args!($($words)*))
    };
}
use say;

fn print_line(words: std::fmt::Arguments<'_>) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{words}").is_err() {
        std::process::exit(0);
    }
}

/// Prints a value as JSON on one line.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print_line(format_args!("{}", serde_json::to_string(value)?));
    Ok(())
}
