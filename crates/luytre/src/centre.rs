//! The centre, wired: database, event store, rules, pipeline, catalogue, areas. Commands open it, use it and
//! close it; `serve` adds listeners and pages.

use crate::catalogue::EventsAndRegisters;
use crate::configuration::Configuration;
use crate::content::Content;
use crate::control::{ExportQuestion, ImportQuestion, SearchQuestion};
use crate::keys::{checkpoints, ledger_key, make_private_directory};
use crate::rules::{keep_versions, load_rules, own_rules, rule_directories};
use crate::sealing;
use crate::spare::Spare;
use anyhow::{Context, Result};
use event_store::search::Names;
use event_store::{
    ExportFormat, Exported, Options, QueryContext, SearchRequest, Selection, Sources, Store, StoreError,
};
use ingest::FormatSet;
use kit::bus::Bus;
use kit::catalogue::TableSpec;
use kit::clock::{Clock, SystemClock};
use kit::live::Live;
use kit::migration::migrate;
use kit::sealed::Resealed;
use kit::{Area, Db, Scope};
use monitoring::enrichment::Enrichment;
use monitoring::formats::{self, Formats};
use monitoring::import::{ImportError, ImportOptions, ImportReport, Progress};
use monitoring::pipeline::{Parts, Pipeline, Shown};
use monitoring::rules::Shelf;
use monitoring::search::names::of_text;
use monitoring::search::run::refusal;
use monitoring::settings::{MonitoringSettings, Settings, Shelf as SettingsShelf};
use organisation::audit::Checkpoints;
use organisation::regulations::{self, Regulations};
use organisation::sign_in::{Breached, Providers};
use organisation::{Policies, SignIn};
use response::incidents::IncidentFilter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Longest time to wait for the host of the registers' database.
const DATABASE: Duration = Duration::from_secs(3);

/// Longest time to wait for another command, or for a server that is ending, to free the data directory.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens the event store once nobody else has it.
pub async fn open_store(data: &Path, configuration: &Configuration) -> Result<Store> {
    let options = Options {
        ledger_key: Some(ledger_key(data)?),
        archiving: configuration.events.archive.settings()?,
        time_zone: kit::calendar::zone(),
        read_limits: configuration.search.read_limits(),
        ..Options::default()
    };
    when_free(data, || Store::open(&data.join("events"), options.clone())).await
}

/// Does what needs the event store for itself, once nobody else has it.
pub async fn when_free<T>(data: &Path, act: impl Fn() -> Result<T, StoreError>) -> Result<T> {
    let began = std::time::Instant::now();
    loop {
        match act() {
            Err(StoreError::Locked { pid, .. }) => {
                let by = if pid == 0 { "another process".to_owned() } else { format!("process {pid}") };
                anyhow::ensure!(
                    began.elapsed() < PATIENCE,
                    "the data directory {} is in use by {by}, which does not answer commands",
                    data.display()
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            done => return Ok(done?),
        }
    }
}

/// All areas, left to right.
pub fn areas() -> Vec<Area> {
    vec![organisation::area(), assurance::area(), monitoring::area(), response::area()]
}

/// Who reads the folders of law and settings.
fn books(law: &Law, configuration: &Configuration) -> Result<Vec<Box<dyn regulations::Book>>> {
    let embedded = Content::default().files(formats::FOLDER, &[".toml"])?;
    let named = embedded.into_iter().map(|(name, text)| (format!("{}/{name}", formats::FOLDER), text)).collect();
    let zone = &configuration.events.time_zone;
    let books: Vec<Box<dyn regulations::Book>> = vec![
        Box::new(response::law::ResponseLaw),
        Box::new(MonitoringSettings::new(law.settings.clone())),
        Box::new(Formats::new(law.formats.clone(), named, zone)),
    ];
    Ok(books)
}

/// Where what the books read stands.
#[derive(Clone)]
pub struct Law {
    pub settings: SettingsShelf,
    pub formats: formats::Shelf,
}

/// The law, the settings and the formats built in and those of the content directory; what was changed in the registers comes
/// with [`Regulations::reload`], onto the same shelves.
pub fn regulations(configuration: &Configuration) -> Result<(Regulations, Law)> {
    let zone = &configuration.events.time_zone;
    anyhow::ensure!(ingest::is_time_zone(zone), "events.time_zone: no time zone is called {zone}");
    let law = Law {
        settings: SettingsShelf::new(Settings::embedded().context("the settings built in")?),
        formats: formats::Shelf::new(FormatSet::load(&[])?),
    };
    let directory = configuration.content_directory.as_deref();
    let books = books(&law, configuration)?;
    let regulations = Regulations::open(books, directory).context("law and settings of the content directory")?;
    Ok((regulations, law))
}

/// The settings in force, as the registers have them.
pub async fn settings_in_force(registers: &Registers, configuration: &Configuration) -> Result<Arc<Settings>> {
    let (regulations, law) = regulations(configuration)?;
    regulations.reload(&registers.db.scoped(&Scope::service("command line")).read()).await?;
    Ok(law.settings.current())
}

/// Tables of all areas.
pub fn tables() -> Vec<TableSpec> {
    areas().into_iter().flat_map(|area| area.tables).collect()
}

/// An open centre.
pub struct Centre {
    pub configuration: Configuration,
    pub content: Content,
    pub db: Db,
    pub store: Store,
    pub pipeline: Pipeline,
    pub rules: Shelf,
    pub live: Live,
    pub clock: Arc<dyn Clock>,
    pub policies: Arc<Policies>,
    /// The law in force.
    pub regulations: Regulations,
    breached: Option<Breached>,
    providers: Providers,
    /// Directories of rules beside the built-in pack, in order of precedence from low to high.
    pub rule_directories: Vec<PathBuf>,
    reloading: tokio::sync::Mutex<()>,
    /// The settings of monitoring in force.
    pub settings: SettingsShelf,
    /// The formats in force.
    pub formats: formats::Shelf,
    /// Checkpoints of the audit trail, with their key.
    pub checkpoints: Checkpoints,
    /// Public half of the key that signs the ledger of segments.
    pub ledger_key: String,
    pub data: PathBuf,
    scope: Scope,
    spare: Spare,
}

impl Centre {
    /// Opens the data directory with the rules of the configuration.
    pub async fn open(data: &Path, configuration: &Configuration) -> Result<Self> {
        Self::open_with_rules(data, configuration, &[]).await
    }

    /// The same with more directories of rules.
    pub async fn open_with_rules(data: &Path, configuration: &Configuration, rules: &[PathBuf]) -> Result<Self> {
        make_private_directory(data)?;
        let spare = Spare::open(data);
        let content = Content::new(configuration.content_directory.clone());
        let (regulations, Law { settings, formats }) = regulations(configuration)?;
        let store = open_store(data, configuration).await?;
        let live = Live::default();
        let Registers { db, clock, policies, breached, providers, checkpoints, .. } =
            Registers::open(data, configuration, &live).await?;
        if configuration.rules_directory.is_none() {
            // So that it is watched from the start, whenever rules come.
            std::fs::create_dir_all(own_rules(data, configuration)).context("the rules folder")?;
        }
        let rule_directories = rule_directories(data, configuration, rules);
        let scope = Scope::service("luytre");
        let known = Enrichment::read(&db.scoped(&scope).read()).await?;
        let (engine, book) = load_rules(&content, &rule_directories, known.placeholders(), clock.now())?;
        keep_versions(&db, &scope, &book, clock.now()).await?;
        let rules = Shelf::new(book);
        let tx = db.scoped(&scope).begin().await?;
        regulations.reload(&tx).await?;
        // Duties may have changed since the clocks of open incidents were last reckoned.
        response::duties::service::refresh_all(&tx, clock.now()).await?;
        tx.commit().await?;
        let pipeline = Pipeline::start(Parts {
            store: store.clone(),
            formats: formats.clone(),
            engine: Arc::new(engine),
            db: db.clone(),
            scope: scope.clone(),
            clock: clock.clone(),
            live: live.clone(),
            settings: settings.clone(),
            geoip: configuration.enrichment.geoip.clone(),
        })
        .await?;
        let ledger_key = ledger_key(data)?.public();
        let configuration = configuration.clone();
        Ok(Self {
            configuration,
            content,
            db,
            store,
            pipeline,
            rules,
            live,
            clock,
            policies,
            regulations,
            breached,
            providers,
            rule_directories,
            reloading: tokio::sync::Mutex::default(),
            settings,
            formats,
            checkpoints,
            ledger_key,
            data: data.to_owned(),
            scope,
            spare,
        })
    }

    /// The program's own scope.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn spare(&self) -> &Spare {
        &self.spare
    }

    pub fn catalogue(&self) -> EventsAndRegisters {
        EventsAndRegisters { store: self.store.clone(), db: self.db.clone(), tables: tables() }
    }

    /// The list of breached passwords, where the configuration names one.
    pub fn breached(&self) -> Option<&Breached> {
        self.breached.as_ref()
    }

    /// Sign-in; `secure` says whether cookies go over TLS only.
    pub fn sign_in(&self, secure: bool) -> Result<SignIn, kit::Error> {
        self.registers().sign_in(secure)
    }

    fn registers(&self) -> Registers {
        Registers {
            db: self.db.clone(),
            clock: self.clock.clone(),
            policies: Arc::clone(&self.policies),
            breached: self.breached.clone(),
            providers: self.providers.clone(),
            live: self.live.clone(),
            checkpoints: self.checkpoints.clone(),
            resealed: Resealed::default(),
        }
    }

    /// Takes up law that was changed elsewhere. Clocks were reckoned with the change.
    pub async fn reload_law(&self) -> Result<(), kit::Error> {
        self.regulations.reload(&self.db.scoped(&self.scope).read()).await
    }

    /// Puts changed rule files in force.
    pub async fn reload_rules(&self) -> Result<()> {
        // Whoever loads later puts in force what is newer.
        let _turn = self.reloading.lock().await;
        let (content, directories, now) = (self.content.clone(), self.rule_directories.clone(), self.clock.now());
        let placeholders = self.pipeline.placeholders().borrow().clone();
        let load = move || load_rules(&content, &directories, &placeholders, now);
        let (engine, book) = tokio::task::spawn_blocking(load).await.context("loading")??;
        tracing::info!(rules = book.set.len(), failed = book.errors.len(), "rules loaded");
        keep_versions(&self.db, &self.scope, &book, now).await?;
        // What was decided about new rules counts from their first match.
        self.pipeline.refresh_tuning().await?;
        self.pipeline.set_engine(Arc::new(engine)).await?;
        self.rules.replace(book);
        Ok(())
    }

    /// Waits until everything received can be asked for. On a full disk that is what is already there; the rest is told
    /// and waits in the log.
    pub async fn settle(&self) -> Result<(), kit::Error> {
        match self.pipeline.wait_shown(self.store.last_seq()).await? {
            Shown::Everything => {}
            Shown::AllBut(left) => tracing::warn!("the disk is full: {left} stored records are not shown yet"),
            Shown::Unevaluated => tracing::warn!("the disk is full: alerts of the newest records are not written yet"),
        }
        Ok(())
    }

    /// A search in the scope of the program, for the command line. Waits until everything received is
    /// searchable.
    pub async fn search(&self, question: &SearchQuestion) -> Result<serde_json::Value, kit::Error> {
        self.settle().await?;
        let request = SearchRequest {
            query: question.query.clone(),
            from: question.from,
            to: question.to,
            limit: question.limit.clamp(1, 10_000),
            ..SearchRequest::default()
        };
        let mut context = QueryContext::new(Sources::All);
        context.names = self.names(&question.query).await?;
        let result = self.store.search(&request, &context).await.map_err(refusal)?;
        self.tell_of_search(question, &result).await?;
        serde_json::to_value(&result).map_err(kit::Error::internal)
    }

    /// What the names in a search text mean to the program.
    async fn names(&self, text: &str) -> Result<Names, kit::Error> {
        let (scoped, known) = (self.db.scoped(&self.scope), self.pipeline.enrichment().current());
        of_text(&scoped.read(), &known, &self.store, text).await
    }

    /// Writes events to a file; that they left is in the audit trail.
    pub async fn export(&self, question: &ExportQuestion) -> Result<Exported, kit::Error> {
        self.settle().await?;
        let seqs = match &question.incident {
            Some(code) => Some(self.events_of_incident(code).await?),
            None => None,
        };
        let (query, names) = (question.query.clone(), self.names(&question.query).await?);
        let without_unreadable = question.without_unreadable;
        let selection = Selection { query, names, from: question.from, to: question.to, seqs, without_unreadable };
        let format = if question.json { ExportFormat::JsonLines } else { ExportFormat::Parquet };
        let done = self.store.export(&selection, format, &question.file).await.map_err(refusal)?;
        let details = serde_json::json!({ "question": question, "done": done });
        self.record("events.export", "events", &details).await?;
        self.tell_of_export(question, done.events).await?;
        Ok(done)
    }

    async fn events_of_incident(&self, code: &str) -> Result<Vec<u64>, kit::Error> {
        let scoped = self.db.scoped(&self.scope);
        let connection = scoped.read();
        let filter = IncidentFilter { words: code.to_owned(), ..IncidentFilter::default() };
        let found = response::incidents::store::list(&connection, &filter, 100, 0).await?;
        let named = found.iter().find(|incident| incident.code == code);
        let incident = named.ok_or_else(|| kit::Error::mistake("store-no-incident", [("code", code.to_owned())]))?;
        let events = response::incidents::store::events(&connection, &incident.id).await?;
        Ok(events.iter().filter_map(|event| u64::try_from(event.sequence).ok()).collect())
    }

    /// Puts an act of the program's own into the audit trail.
    pub async fn record(&self, action: &str, object: &str, details: &serde_json::Value) -> Result<(), kit::Error> {
        let scope = Scope::service("command line");
        let tx = self.db.scoped(&scope).begin().await?;
        organisation::audit::record(&tx, self.clock.now(), action, object, "", None, details.clone()).await?;
        tx.commit().await
    }

    /// Imports files; the answer is the summary that `import --json` prints. Who imported what is in the audit trail.
    pub async fn import(
        &self,
        question: &ImportQuestion,
        progress: impl FnMut(&Progress),
    ) -> Result<serde_json::Value, kit::Error> {
        let options = ImportOptions {
            format: question.format.clone(),
            year: question.year,
            time_zone: question.time_zone.clone(),
            again: question.again,
            ..ImportOptions::default()
        };
        let import =
            monitoring::import::import(&self.pipeline, self.clock.as_ref(), &question.paths, &options, progress);
        let outcome = import.await;
        self.record_import(question, &outcome).await?;
        let report = outcome.map_err(|error| match error {
            ImportError::Store(error) => refusal(error),
            ImportError::NoRoom { stored, reason } => {
                tracing::error!(reason, stored, "an import found no room");
                kit::Error::mistake("import-no-room", [("stored", stored.to_string())])
            }
            ImportError::Format(name, known) => {
                kit::Error::mistake("import-format", [("name", name), ("known", known)])
            }
            ImportError::TimeZone(name) => kit::Error::mistake("import-time-zone", [("name", name)]),
            error => kit::Error::internal(error),
        })?;
        match self.store.seal().await {
            // What is durable and evaluated needs no segment yet.
            Err(StoreError::DiskFull) => tracing::warn!("everything is stored, but the disk is full"),
            sealed => sealed.map_err(refusal)?,
        }
        serde_json::to_value(&report).map_err(kit::Error::internal)
    }

    /// One row for each import, also for one that ended early. On a full disk the trail may have no room either: that is
    /// told in the log and hides nothing of what the import itself says.
    async fn record_import(
        &self,
        question: &ImportQuestion,
        outcome: &Result<ImportReport, ImportError>,
    ) -> Result<(), kit::Error> {
        let done = match outcome {
            Ok(report) => serde_json::json!({
                "read": report.read, "stored": report.stored, "rejected": report.rejected_total,
                "skipped": report.skipped.len(), "alerts": report.alerts.len(),
            }),
            Err(ImportError::NoRoom { stored, reason }) => serde_json::json!({ "stored": stored, "ended": reason }),
            Err(error) => serde_json::json!({ "ended": error.to_string() }),
        };
        let details = serde_json::json!({ "user": question.user, "files": question.paths, "done": done });
        match (self.record("events.import", "events", &details).await, outcome) {
            (Err(error), Err(_)) => {
                tracing::error!(%error, "an import that ended early is not in the audit trail");
                Ok(())
            }
            (Err(error), Ok(_)) if error.is_disk_full() => {
                tracing::error!(%error, "an import is not in the audit trail");
                Ok(())
            }
            (recorded, _) => recorded,
        }
    }

    /// Evaluates what arrived, commits, and lets go of the directory.
    pub async fn close(self) {
        self.pipeline.stop().await;
        self.store.close().await;
        drop(self.db);
        self.spare.keep();
    }
}

/// The registers without the event store. They may be open beside a running server.
pub struct Registers {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub policies: Arc<Policies>,
    pub checkpoints: Checkpoints,
    /// What was sealed anew at this opening.
    pub resealed: Resealed,
    breached: Option<Breached>,
    providers: Providers,
    live: Live,
}

impl Registers {
    /// Opens them and brings their tables up to date.
    pub async fn open(data: &Path, configuration: &Configuration, live: &Live) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let db = open_database(data, configuration, live).await?;
        let migrations: Vec<_> = areas().into_iter().flat_map(|area| area.migrations).collect();
        migrate(&db, &migrations, clock.as_ref()).await?;
        let (db, resealed) = sealing::with_keys(db, data, configuration, clock.now()).await?;
        let own = configuration.content_directory.as_ref().map(|directory| directory.join("organisation"));
        let policies = Arc::new(Policies::load(own.as_deref())?);
        Policies::put_in_force(&policies);
        Ok(Self {
            db,
            clock,
            providers: Providers::new(&configuration.sign_in.providers, &policies)?,
            policies,
            breached: breached(configuration)?,
            checkpoints: checkpoints(data)?,
            resealed,
            live: live.clone(),
        })
    }

    pub fn sign_in(&self, secure: bool) -> Result<SignIn, kit::Error> {
        SignIn::new(self.db.clone(), self.clock.clone(), Arc::clone(&self.policies), secure)
            .map(|sign_in| sign_in.announcing(self.live.clone()).refusing(self.breached.clone()))
            .map(|sign_in| sign_in.trusting(self.providers.clone()))
    }
}

/// The administrator's list of passwords known from breaches, if there is one.
fn breached(configuration: &Configuration) -> Result<Option<Breached>> {
    let path = configuration.sign_in.breached_passwords.as_ref();
    path.map(|path| Breached::open(path).with_context(|| format!("sign_in.breached_passwords: {}", path.display())))
        .transpose()
}

/// SQLite in the data directory, or the PostgreSQL of the configuration, with the listeners of domain events.
async fn open_database(data: &Path, configuration: &Configuration, live: &Live) -> Result<Db> {
    let mut bus = Bus::default();
    response::subscribe(&mut bus, live);
    let url = configuration.database.url.reveal();
    let db = if url.is_empty() {
        Db::open_sqlite(data, bus).await?
    } else {
        let host = configuration.database.url.host();
        if let Some(host) = &host {
            answers(host).await.with_context(|| format!("the registers' database at {host} (database.url)"))?;
        }
        let host = host.unwrap_or_default();
        Db::open_postgres(url, bus).await.with_context(|| format!("the registers' database {host} (database.url)"))?
    };
    Ok(db)
}

/// Whether anybody listens there: the pool of connections would try for half a minute.
async fn answers(host: &str) -> Result<()> {
    match tokio::time::timeout(DATABASE, tokio::net::TcpStream::connect(host)).await {
        Ok(connected) => connected.map(drop).context("it cannot be reached"),
        Err(_) => anyhow::bail!("it does not answer within {} s", DATABASE.as_secs()),
    }
}
