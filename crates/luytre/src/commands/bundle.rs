//! `luytre bundle`: rules as one signed file: making, reading and taking one, and whose are taken.

use super::rules::formats;
use super::rules::import::tell as tell_plan;
use super::{about_file, language, plain, print_json, say, tell, text, user_of_the_system};
use crate::centre::{Registers, settings_in_force};
use crate::configuration::Configuration;
use crate::content::Content;
use crate::keys::{new_seed_file, seed_of};
use crate::rules::places;
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use detection::{Engine, RuleError};
use jiff::Timestamp;
use kit::civil::moment_field;
use kit::clock::{Clock, DAY, Micros, SystemClock};
use kit::live::Live;
use kit::{Db, Scope};
use monitoring::rules::bundles::contents::{self, Loaded, TableLines};
use monitoring::rules::bundles::service::{Prepared, judge, trust, withdraw};
use monitoring::rules::bundles::store::{self, Signer};
use monitoring::rules::bundles::{self, Bundle, Label, MOST_BYTES};
use monitoring::rules::cases::{Outcome, run};
use monitoring::rules::packs::Pack;
use organisation::signatures::{KeyPair, PublicKeys};
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Rules as one file, signed with Ed25519 and ML-DSA-65 together, for centres without the Internet.
#[derive(Debug, Args)]
pub struct BundleCommand {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make a pair of keys that signs bundles: the private one in FILE, which its owner alone may read, the public one in
    /// FILE with `.pub` added. Give the public one to those who take the bundles, by a way they trust.
    Keygen {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Make a bundle of a folder of rules, with their tests and terms, and sign it. Tables come along from folders of it:
    /// `lists/` (values on lists) and `ranges/` (address ranges) as CSV, `indicators/` as CSV, lines (`.txt`) or STIX (`.json`).
    /// Everything must load and every case hold; what does not is named with file and line.
    Make {
        /// Directory or zip archive of rules.
        rules: PathBuf,
        /// The private key that `bundle keygen` made.
        #[arg(long)]
        key: PathBuf,
        /// The same for every version: small letters, digits and hyphens.
        #[arg(long)]
        name: String,
        /// For people, for example `2026.11`.
        #[arg(long)]
        version: String,
        /// Number that rises with every version; seconds since 1970 where not given.
        #[arg(long)]
        serial: Option<i64>,
        /// Days for which it may be taken.
        #[arg(long, default_value_t = 90)]
        valid_days: u16,
        /// Where the bundle goes.
        #[arg(long)]
        out: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Verify a bundle and list what is in it. Against the trusted signers of the data directory, or a public key.
    Show {
        bundle: PathBuf,
        /// A public key in place of those of the data directory; whether an older one was taken is not asked then.
        #[arg(long)]
        key: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Take a bundle of a trusted signer: say what it changes and, with --apply, do it. A rule that does not load is named
    /// with file, line and reason; the exit code is then 2.
    Import {
        bundle: PathBuf,
        /// Write it; without this nothing is kept.
        #[arg(long)]
        apply: bool,
        /// Rules that are new begin on trial: they count and alert nobody.
        #[arg(long)]
        on_trial: bool,
        #[arg(long)]
        json: bool,
    },
    /// Take bundles that this public key signed from now on.
    Trust {
        key: PathBuf,
        /// Who it is.
        #[arg(long)]
        name: String,
        /// Its fingerprint as the owner said it by another way; another key is refused.
        #[arg(long)]
        fingerprint: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Take no more bundles of a key. What it brought stays.
    Distrust {
        /// Fingerprint of the key.
        key: String,
        #[arg(long)]
        json: bool,
    },
    /// Whose bundles are taken.
    Signers {
        #[arg(long)]
        json: bool,
    },
}

impl BundleCommand {
    /// Runs what needs no data directory; nothing for what does.
    pub(super) fn run_alone(&self) -> Option<Result<ExitCode>> {
        match &self.act {
            Act::Keygen { file, json } => Some(keygen(file, *json)),
            Act::Make { rules, key, name, version, serial, valid_days, out, json } => {
                let now = SystemClock.now();
                let label = Label {
                    name: name.clone(),
                    version: version.clone(),
                    serial: serial.unwrap_or(now / kit::clock::SECOND),
                    made_at: now,
                    valid_until: now + i64::from(*valid_days) * DAY,
                };
                Some(make(rules, key, label, out, *json))
            }
            Act::Show { bundle, key: Some(key), json } => Some(show_by(bundle, key, *json)),
            _ => None,
        }
    }

    /// Asks the registers, which must be there already.
    pub(super) fn asks(&self) -> bool {
        matches!(self.act, Act::Show { .. } | Act::Signers { .. })
    }

    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        let scope = Scope::service("command line").asking("", &user_of_the_system());
        let (db, now) = (&registers.db, registers.clock.now());
        match &self.act {
            Act::Show { bundle, json, .. } => {
                let bundle = read(bundle)?;
                let signer = judge(&db.scoped(&scope).read(), &bundle, now).await?;
                print(&bundle, &signer.name, *json)?;
            }
            Act::Import { bundle, apply, on_trial, json } => {
                let bundle = read(bundle)?;
                judge(&db.scoped(&scope).read(), &bundle, now).await?;
                let settings = settings_in_force(&registers, &configuration).await?;
                let places = Arc::new(places(data, &configuration)?);
                let mut prepared = Prepared::of(bundle, places, &settings, now).await?;
                let tx = db.scoped(&scope).begin().await?;
                let signer = prepared.take(&tx, &settings, *on_trial, language(), now).await?;
                if *apply {
                    tx.commit().await?;
                    prepared.compared.write()?;
                } else {
                    tx.rollback().await?;
                }
                if !json {
                    print(&prepared.bundle, &signer.name, false)?;
                }
                return tell_plan(&prepared.compared, !apply, *json);
            }
            Act::Trust { key, name, fingerprint, json } => {
                let keys = public_keys(key)?;
                let key = keys.fingerprint();
                let is_other = fingerprint.as_ref().is_some_and(|said| !said.trim().eq_ignore_ascii_case(&key));
                ensure!(!is_other, text("bundle-fingerprint-other", &[("key", key.as_str().into())]));
                let tx = db.scoped(&scope).begin().await?;
                trust(&tx, name, &keys, now).await?;
                tx.commit().await?;
                told("bundle-now-trusted", &key, *json)?;
            }
            Act::Distrust { key, json } => {
                let tx = db.scoped(&scope).begin().await?;
                withdraw(&tx, key, now).await?;
                tx.commit().await?;
                told("bundle-now-withdrawn", key, *json)?;
            }
            Act::Signers { json } => signers(db, &scope, *json).await?,
            Act::Keygen { .. } | Act::Make { .. } => bail!("this command opens no data directory"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn keygen(file: &Path, json: bool) -> Result<ExitCode> {
    let public = PathBuf::from(format!("{}.pub", file.display()));
    ensure!(!file.exists() && !public.exists(), about_file(file, "bundle-key-exists"));
    let keys = KeyPair::from_seeds(&new_seed_file(file)?).public();
    std::fs::write(&public, serde_json::to_string_pretty(&keys)? + "\n")
        .with_context(|| public.display().to_string())?;
    told("bundle-key-made", &keys.fingerprint(), json)?;
    Ok(ExitCode::SUCCESS)
}

fn make(rules: &Path, key: &Path, label: Label, out: &Path, json: bool) -> Result<ExitCode> {
    let keys = KeyPair::from_seeds(&seed_of(key)?);
    let pack = Pack::for_bundle(rules)?;
    let wrong = wrong_with(&pack, label.made_at)?;
    if !wrong.is_empty() {
        wrong.iter().for_each(|one| eprintln!("  {one}"));
        bail!(text("bundle-not-made", &[("count", wrong.len().into())]));
    }
    let made = bundles::make(label, pack.files, &keys).map_err(kit::Error::from)?;
    std::fs::write(out, &made).with_context(|| out.display().to_string())?;
    let bundle = Bundle::read(&made).map_err(kit::Error::from)?;
    print(&bundle, "", json)?;
    Ok(ExitCode::SUCCESS)
}

/// What of a pack cannot be read, does not load or does not hold.
fn wrong_with(pack: &Pack, now: Micros) -> Result<Vec<RuleError>> {
    let Loaded { set, tests, mut wrong, .. } = contents::load(&pack.files);
    wrong.extend(pack.refused.iter().cloned());
    let outcomes = run(&tests, &Engine::new(set), &formats(&Content::default())?, now);
    let failed =
        |Outcome { file, line, wrong, .. }: Outcome| wrong.map(|reason| RuleError { path: file, line, reason });
    wrong.extend(outcomes.into_iter().filter_map(failed));
    Ok(wrong)
}

/// Against a public key alone: no data directory says what came before.
fn show_by(bundle: &Path, key: &Path, json: bool) -> Result<ExitCode> {
    let (bundle, keys) = (read(bundle)?, public_keys(key)?);
    let name = key.display().to_string();
    ensure!(bundle.is_by(&keys), text("bundle-signature-wrong", &[("signer", name.as_str().into())]));
    print(&bundle, &name, json)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads no more of a file than a bundle may have.
fn read(path: &Path) -> Result<Bundle> {
    let file = std::fs::File::open(path).with_context(|| about_file(path, "command-file-not-read"))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    Ok(Bundle::read(&bytes).map_err(kit::Error::from)?)
}

fn public_keys(path: &Path) -> Result<PublicKeys> {
    let text = std::fs::read_to_string(path).with_context(|| about_file(path, "command-file-not-read"))?;
    serde_json::from_str(&text).map_err(|_| kit::Error::mistake("bundle-no-key", []).into())
}

fn told(key: &str, fingerprint: &str, json: bool) -> Result<()> {
    match json {
        true => print_json(&json!({ "key": fingerprint })),
        false => {
            tell(key, &[("key", fingerprint.into())]);
            Ok(())
        }
    }
}

fn print(bundle: &Bundle, signer: &str, json: bool) -> Result<()> {
    let manifest = &bundle.manifest;
    let contents = contents::load(&bundle.files).contents;
    if json {
        let (key, digest) = (&bundle.signatures.key, &bundle.digest);
        return print_json(&json!({
            "manifest": manifest, "digest": digest, "key": key, "signer": signer, "contents": contents,
        }));
    }
    let moment = |at: Timestamp| moment_field(at.as_microsecond());
    let about = [
        ("name", manifest.name.as_str().into()),
        ("version", manifest.version.as_str().into()),
        ("serial", plain(manifest.serial)),
        ("files", plain(manifest.files.len())),
        ("made", moment(manifest.made_at).into()),
        ("until", moment(manifest.valid_until).into()),
        ("digest", bundle.digest.as_str().into()),
        ("key", bundle.signatures.key.as_str().into()),
    ];
    tell("bundle-described", &about);
    if !signer.is_empty() {
        tell("bundle-signed-by", &[("signer", signer.into())]);
    }
    let counts = [
        ("rules", plain(contents.rules)),
        ("correlations", plain(contents.correlations)),
        ("filters", plain(contents.filters)),
        ("cases", plain(contents.cases)),
        ("terms", plain(contents.terms)),
    ];
    tell("bundle-contents", &counts);
    for TableLines { path, register, lines } in &contents.tables {
        let register = text(register.key(), &[]);
        let table =
            [("file", path.display().to_string().into()), ("register", register.into()), ("lines", plain(lines))];
        say!("  {}", text("bundle-contents-table", &table));
    }
    manifest.files.iter().for_each(|file| say!("  {}  {}", file.sha256.get(..16).unwrap_or_default(), file.path));
    Ok(())
}

async fn signers(db: &Db, scope: &Scope, json: bool) -> Result<()> {
    let signers = store::signers(&db.scoped(scope).read()).await?;
    if json {
        let one =
            |signer: &Signer| json!({ "key": signer.key_id, "name": signer.name, "trusted": signer.is_trusted() });
        return print_json(&signers.iter().map(one).collect::<Vec<_>>());
    }
    for signer in &signers {
        let state = text(if signer.is_trusted() { "bundle-trusted" } else { "bundle-withdrawn" }, &[]);
        say!("{}  {}  {state}", signer.key_id, signer.name);
    }
    Ok(())
}
