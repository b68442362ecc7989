//! The server: front doors for logs, pages and API on one address, the watch over rule files, and an orderly
//! end.

use crate::backup::{BackupQuestion, Made};
use crate::centre::{Centre, areas};
use crate::commands::hunt;
use crate::control::{self, ExportQuestion, Feeds, ImportQuestion, SearchQuestion, SqlQuestion};
use crate::examination::{Check, Examiner};
use crate::feeds;
use crate::keeping::{Act, Told};
use crate::openapi;
use crate::web_door::{Accepted, WebDoor, introduce};
use anyhow::{Context, Result};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use event_store::Exported;
use ingest::resends::Resends;
use kit::app::{AppParts, Ports, Settings};
use kit::catalogue::{QueryAnswer, QueryLimits};
use kit::legal_hold::LegalHold;
use kit::web::{Access, Fail, PageRules, RequestRates, Routes, Visit, identify, live_news, secure, strict_transport};
use kit::{App, Error, Lang};
use monitoring::Monitoring;
use monitoring::bulk::ConnectionNumber;
use monitoring::hunts::keep_hunting;
use monitoring::intake::{ConnectionLimits, DoorFigures, Doors, FlowSettings, Intake, IntakeSettings};
use monitoring::pipeline::CountersSnapshot;
use monitoring::pull::FeedBoard;
use monitoring::saved_searches::schedules::{Parts, keep_running};
use monitoring::search::places::{SearchLimits, Searches};
use monitoring::senders::ListenerAddresses;
use monitoring::watch::{Watch, WatchBoard};
use notify::Watcher;
use organisation::agencies;
use organisation::inbox::{Message, Recipient, notify_all};
use organisation::outbox::Sender;
use organisation::{Policies, SignIn};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// Longest time that pages wait for the log to be evaluated after a start.
const RECOVERY: Duration = Duration::from_secs(20);

/// Longest time that the last checkpoint of the audit trail may take.
const LAST_SIGNATURE: Duration = Duration::from_secs(15);

/// A running server.
pub struct Server {
    pub centre: Arc<Centre>,
    pub app: App,
    /// Where pages and API are.
    pub address: SocketAddr,
    stop: CancellationToken,
    pub intake: Intake,
    web: tokio::task::JoinHandle<std::io::Result<()>>,
    schedules: tokio::task::JoinHandle<()>,
    hunts: tokio::task::JoinHandle<()>,
    folders: tokio::task::JoinHandle<()>,
    fetched: tokio::task::JoinHandle<()>,
    _announcement: control::Announcement,
    _watchers: [Option<notify::RecommendedWatcher>; 2],
}

/// What this machine is called.
fn own_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

impl Server {
    /// Opens every door. Returns when all of them listen.
    pub async fn start(data: &Path, centre: Centre, demonstration: bool) -> Result<Self> {
        let centre = Arc::new(centre);
        let stop = CancellationToken::new();
        let configuration = &centre.configuration;
        let listener = TcpListener::bind(configuration.web.listen)
            .await
            .with_context(|| format!("cannot listen on {}", configuration.web.listen))?;
        let address = listener.local_addr()?;
        let settings = IntakeSettings {
            doors: configuration.intake.doors(data),
            flows: FlowSettings {
                elements: centre.content.text("flows/elements.toml")?,
                templates: Some(data.join("flow-templates.json")),
            },
            connections: ConnectionLimits {
                all: configuration.intake.connections,
                per_address: configuration.intake.connections_per_address,
            },
            loops: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let resends = Arc::new(monitoring::resends::unanswered(&centre.store, centre.clock.now()).await);
        let recovered = centre.store.last_seq();
        let intake = Intake::open(&settings, centre.store.clone(), resends.clone()).await?;
        // What a kill left in the log is searchable before the first page is.
        match tokio::time::timeout(RECOVERY, centre.pipeline.wait_evaluated(recovered)).await {
            Ok(done) => done?,
            Err(_) => tracing::warn!("still evaluating what was in the log; answers are incomplete until that is done"),
        }
        let (host, url) = configuration.address_for_senders(address, &own_name());
        let addresses = intake.addresses(&host, Some(url));
        let watched = feeds::watched_folders(&centre, data)?;
        let watch = Watch::new(watched.clone(), centre.store.clone(), centre.clock.clone());
        let pull = feeds::pull(&centre)?;
        let boards = (intake.doors().with_web(address), watch.board(), pull.board());
        let app = app(&centre, address, resends, addresses, boards, demonstration)?;
        let secret = control::new_secret();
        let router = router(&app, &centre, secret.clone());
        let web_limits = &configuration.web;
        let limits = ConnectionLimits { all: web_limits.connections, per_address: web_limits.connections_per_address };
        let ended = stop.clone();
        let web = tokio::spawn(async move {
            axum::serve(WebDoor::new(listener, limits), router.into_make_service_with_connect_info::<Accepted>())
                .with_graceful_shutdown(async move { ended.cancelled().await })
                .await
        });
        let announcement = control::announce(data, address, &secret)?;
        let wake = Arc::new(Notify::new());
        let watchers = [watch_rules(&centre), feeds::watch_folders(&watched, wake.clone())];
        let folders = tokio::spawn(watch.run(wake, stop.clone()));
        let fetched = tokio::spawn(pull.run(stop.clone()));
        tokio::spawn(make_room(centre.clone(), stop.clone()));
        tokio::spawn(housekeeping(centre.clone(), stop.clone()));
        tokio::spawn(sign_hourly(centre.clone(), stop.clone()));
        tokio::spawn(follow_law(centre.clone(), stop.clone()));
        tokio::spawn(follow_lists(centre.clone(), stop.clone()));
        tokio::spawn(change_agencies(centre.clone(), stop.clone()));
        let sender = notices(&centre, address)?;
        tokio::spawn(send_notices(sender, stop.clone()));
        let schedules = tokio::spawn(keep_running(schedules(&centre), stop.clone()));
        let hunts = tokio::spawn(keep_hunting(hunt::parts(&centre), stop.clone()));
        Ok(Self {
            centre,
            app,
            address,
            stop,
            intake,
            web,
            schedules,
            hunts,
            folders,
            fetched,
            _announcement: announcement,
            _watchers: watchers,
        })
    }

    /// Where the doors for logs are, in words.
    pub fn doors(&self) -> String {
        self.intake.in_words()
    }

    /// Shuts the doors, evaluates what arrived, commits.
    pub async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.intake.close().await;
        if let Err(error) = self.folders.await {
            tracing::error!(%error, "watched folders ended badly");
        }
        if let Err(error) = self.fetched.await {
            tracing::error!(%error, "feeds ended badly");
        }
        // Open event streams of browsers would keep the web server for ever.
        match tokio::time::timeout(Duration::from_secs(3), self.web).await {
            Ok(ended) => ended??,
            Err(_) => tracing::info!("open connections were cut"),
        }
        if let Err(error) = self.schedules.await {
            tracing::error!(%error, "scheduled searches ended badly");
        }
        if let Err(error) = self.hunts.await {
            tracing::error!(%error, "hunts ended badly");
        }
        self.centre.pipeline.stop().await;
        // Registers that do not answer keep nobody; the next start signs.
        if tokio::time::timeout(LAST_SIGNATURE, sign_trail(&self.centre)).await.is_err() {
            tracing::error!("the audit trail is not signed: the registers do not answer");
        }
        self.centre.store.close().await;
        Ok(())
    }
}

/// What scheduled searches run with.
fn schedules(centre: &Centre) -> Parts {
    Parts {
        store: centre.store.clone(),
        db: centre.db.clone(),
        scope: centre.scope().clone(),
        policies: Arc::clone(&centre.policies),
        clock: centre.clock.clone(),
        live: centre.live.clone(),
        settings: centre.settings.clone(),
        enrichment: centre.pipeline.enrichment(),
    }
}

/// Waits for Ctrl-C or a termination signal.
pub async fn asked_to_stop() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn app(
    centre: &Arc<Centre>,
    listening: SocketAddr,
    resends: Arc<Resends>,
    addresses: ListenerAddresses,
    (doors, folders, feeds): (Doors, WatchBoard, FeedBoard),
    demonstration: bool,
) -> Result<App> {
    let configuration = &centre.configuration;
    let areas = areas();
    let mut ports = Ports::default();
    ports.insert(Monitoring {
        settings: centre.settings.clone(),
        store: centre.store.clone(),
        resends,
        formats: centre.formats.clone(),
        searches: Searches::new(
            SearchLimits {
                per_person: configuration.search.per_person,
                time: Duration::from_secs(configuration.search.seconds),
                slice_rows: configuration.search.first_slice,
            },
            centre.policies.session.live.tails,
        ),
        rules: centre.rules.clone(),
        enrichment: centre.pipeline.enrichment(),
    });
    ports.insert(crate::rules::places(&centre.data, configuration)?);
    let limits = &centre.policies.session;
    ports.insert(RequestRates::new(limits.requests, limits.key_requests));
    ports.insert(PageRules::of(routes().operations()));
    ports.insert(Policies::clone(&centre.policies));
    ports.insert(LegalHold::new(centre.holds()));
    ports.insert(centre.regulations.clone());
    ports.insert(centre.checkpoints.clone());
    ports.insert(addresses);
    let senders = centre.content.files(monitoring::senders::FOLDER, &[".toml"])?;
    ports.insert(monitoring::senders::Senders::parse(&senders).map_err(anyhow::Error::msg)?);
    ports.insert(doors);
    ports.insert(folders);
    ports.insert(feeds);
    let secure_cookies =
        !configuration.web.listen.ip().is_loopback() || configuration.web.public_url.starts_with("https:");
    ports.insert(centre.sign_in(secure_cookies)?.at(&configuration.address_of_pages(listening)));
    let authenticate = ports.get::<SignIn>().context("sign-in")?;
    Ok(App::new(AppParts {
        db: centre.db.clone(),
        clock: centre.clock.clone(),
        catalogue: Arc::new(centre.catalogue()),
        authenticate,
        live: centre.live.clone(),
        settings: Settings {
            centre: configuration.centre.clone(),
            public_url: configuration.web.public_url.clone(),
            demonstration,
            secure_cookies,
        },
        navigation: areas.iter().flat_map(|area| area.navigation.clone()).collect(),
        slots: {
            let mut slots: Vec<_> = areas.iter().flat_map(|area| area.slots.clone()).collect();
            slots.sort_by_key(|slot| slot.order);
            slots
        },
        counters: areas.iter().flat_map(|area| area.counters.clone()).collect(),
        finders: areas.iter().flat_map(|area| area.finders.clone()).collect(),
        ports,
    }))
}

/// Everything that people and machines reach over the web, with who may use it. The gallery of the demonstration and what
/// answers without an account (`/health`, embedded files, the secret of `/control`) stand apart.
pub fn routes() -> Routes {
    let frame = kit::page::router().get("/live", Access::Entering, live_news).merge(openapi::routes());
    areas().into_iter().fold(frame, |routes, area| routes.merge(area.routes))
}

fn router(app: &App, centre: &Arc<Centre>, secret: String) -> Router {
    let mut routes = routes().into_router();
    if app.settings.demonstration {
        let people = axum::middleware::from_extractor_with_state::<Visit, App>(app.clone());
        routes = routes.merge(kit::page::gallery_router().route_layer(people));
    }
    let elastic: Router = monitoring::bulk::elastic_routes().with_state(app.clone());
    let strict = centre.policies.session.strict_transport.header(&app.settings.public_url);
    let strict = strict.and_then(|value| HeaderValue::from_str(&value).ok());
    let (doors, folders) = (app.ports.get::<Doors>(), app.ports.get::<WatchBoard>());
    let pulled = app.ports.get::<FeedBoard>();
    let state = Control { centre: Arc::clone(centre), doors, folders, pulled, secret };
    let control = Router::new()
        .route("/control/query", post(control_query))
        .route("/control/search", post(control_search))
        .route("/control/import", post(control_import))
        .route("/control/doors", post(control_doors))
        .route("/control/feeds", post(control_feeds))
        .route("/control/keep", post(control_keep))
        .route("/control/pipeline", post(control_pipeline))
        .route("/control/examine", post(control_examine))
        .route("/control/export", post(control_export))
        .route("/control/law", post(control_law))
        .route("/control/backup", post(control_backup))
        .layer(DefaultBodyLimit::max(1 << 20))
        .route_layer(axum::middleware::from_fn_with_state(state.clone(), check))
        .with_state(state);
    routes
        .fallback(|| async { Fail::plain(Error::NotFound) })
        .layer(axum::middleware::from_fn_with_state(elastic, for_elastic))
        .layer(axum::middleware::from_fn_with_state(app.clone(), identify))
        .with_state(app.clone())
        .merge(control)
        .route("/health", get(health).with_state(Arc::clone(centre)))
        .layer(axum::middleware::from_fn(secure))
        .layer(axum::middleware::from_fn_with_state(strict, strict_transport))
        // What comes line by line would wait in the compressor.
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("application/x-ndjson"))),
        )
        .layer(axum::middleware::from_fn(introduce))
        .layer(CatchPanicLayer::custom(panicked))
}

/// Hands what Elasticsearch clients ask to their own routes.
async fn for_elastic(State(elastic): State<Router>, request: Request, next: Next) -> Response {
    if !is_for_elastic(&request) {
        return next.run(request).await;
    }
    // The paths of both routers are matched apart: what this one matched would otherwise be read twice.
    let (mut parts, body) = request.into_parts();
    let mut extensions = axum::http::Extensions::new();
    if let Some(session) = parts.extensions.remove::<Arc<kit::session::Session>>() {
        extensions.insert(session);
    }
    if let Some(peer) = parts.extensions.remove::<axum::extract::ConnectInfo<SocketAddr>>() {
        extensions.insert(peer);
    }
    if let Some(number) = parts.extensions.remove::<ConnectionNumber>() {
        extensions.insert(number);
    }
    parts.extensions = extensions;
    elastic.oneshot(Request::from_parts(parts, body)).await.into_response()
}

/// Elasticsearch clients ask the same address for paths that are pages of ours (`GET /`); they say who they are in
/// `Accept` or `Content-Type`, or are no browsers at all.
fn is_for_elastic(request: &Request) -> bool {
    let says = |name: HeaderName, word: &str| {
        request.headers().get(name).and_then(|header| header.to_str().ok()).is_some_and(|header| header.contains(word))
    };
    let path = request.uri().path();
    // A page renews its parts with `Accept: */*`.
    let from_a_page = request.headers().contains_key("hx-request") || request.headers().contains_key(header::COOKIE);
    says(header::ACCEPT, "vnd.elasticsearch")
        || says(header::CONTENT_TYPE, "vnd.elasticsearch")
        || path == "/" && !says(header::ACCEPT, "text/html") && !from_a_page
        // Nothing of ours begins so but what sends.
        || path.starts_with("/_") && path != "/_bulk"
}

/// A bug of ours answers like any other internal error; the server goes on.
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    Fail::plain(Error::Internal("a handler panicked".to_owned())).into()
}

#[derive(Clone)]
struct Control {
    centre: Arc<Centre>,
    doors: Option<Arc<Doors>>,
    folders: Option<Arc<WatchBoard>>,
    pulled: Option<Arc<FeedBoard>>,
    secret: String,
}

type Answer<T> = Result<Json<T>, (StatusCode, Json<Value>)>;

/// Only who can read the data directory knows the secret.
async fn check(State(control): State<Control>, request: Request, next: Next) -> Response {
    match control::is_authorised(request.headers(), &control.secret) {
        true => next.run(request).await,
        false => as_problem(Error::Unauthenticated.into()).into_response(),
    }
}

async fn control_doors(State(control): State<Control>) -> Answer<Vec<DoorFigures>> {
    Ok(Json(control.doors.map(|doors| doors.figures()).unwrap_or_default()))
}

/// Who sends flows, and what came of watched folders and of feeds.
async fn control_feeds(State(control): State<Control>) -> Json<Feeds> {
    Json(Feeds {
        exporters: control.doors.map(|doors| doors.exporters()).unwrap_or_default(),
        folders: control.folders.map(|folders| folders.figures()).unwrap_or_default(),
        pulled: control.pulled.map(|pulled| pulled.figures()).unwrap_or_default(),
    })
}

/// Figures of the pipeline since the start, for measurements.
async fn control_pipeline(State(control): State<Control>) -> Json<CountersSnapshot> {
    Json(control.centre.pipeline.counters())
}

async fn control_query(State(control): State<Control>, Json(question): Json<SqlQuestion>) -> Answer<QueryAnswer> {
    let limits = QueryLimits {
        max_rows: question.max_rows,
        timeout: Duration::from_secs(question.timeout_seconds.clamp(1, 3_600)),
    };
    control.centre.query(&question.sql, limits, &question.user).await.map(Json).map_err(problem)
}

async fn control_search(State(control): State<Control>, Json(question): Json<SearchQuestion>) -> Answer<Value> {
    control.centre.search(&question).await.map(Json).map_err(problem)
}

async fn control_keep(State(control): State<Control>, Json(act): Json<Act>) -> Answer<Value> {
    control.centre.keep(&act).await.map(Json).map_err(problem)
}

/// What a look into the centre finds, in the language of the command.
async fn control_examine(State(control): State<Control>, Json(lang): Json<Lang>) -> Json<Vec<Check>> {
    Json(Examiner(lang).deep(&control.centre).await)
}

async fn control_export(State(control): State<Control>, Json(question): Json<ExportQuestion>) -> Answer<Exported> {
    control.centre.export(&question).await.map(Json).map_err(problem)
}

/// Takes up what a command has changed.
async fn control_law(State(control): State<Control>) -> Answer<()> {
    control.centre.reload_law().await.map(Json).map_err(problem)
}

async fn control_backup(State(control): State<Control>, Json(question): Json<BackupQuestion>) -> Answer<Made> {
    control.centre.backup(&question).await.map(Json).map_err(problem)
}

async fn control_import(State(control): State<Control>, Json(question): Json<ImportQuestion>) -> Answer<Value> {
    control.centre.import(&question, |_| {}).await.map(Json).map_err(problem)
}

fn as_problem(fail: Fail) -> (StatusCode, Json<Value>) {
    let status = StatusCode::from_u16(fail.error().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(in_both_languages(fail.error())))
}

/// The command line belongs to the administrator of the machine, so it is told everything.
fn problem(error: Error) -> (StatusCode, Json<Value>) {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(in_both_languages(&error)))
}

/// The server does not know the language of the terminal.
fn in_both_languages(error: &Error) -> Value {
    let words = |lang: Lang| (lang.code().to_owned(), error.in_words(lang).into());
    json!({ "code": error.code(), "detail": Lang::ALL.map(words).into_iter().collect::<serde_json::Map<_, Value>>() })
}

/// Whether the parts work, without figures that would help a stranger.
async fn health(State(centre): State<Arc<Centre>>) -> (StatusCode, Json<Value>) {
    let scope = kit::Scope::service("health");
    let registers = agencies::root(&centre.db.scoped(&scope).read()).await.is_ok();
    let status = if registers { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let trail = centre.checkpoints.trouble().is_none();
    let breached = match centre.breached() {
        Some(list) => list.trouble().await.is_none(),
        None => true,
    };
    let parts = json!({ "registers": registers, "audit_trail": trail, "breached_passwords": breached,
                        "version": env!("CARGO_PKG_VERSION") });
    (status, Json(parts))
}

/// Loads rules anew when a list that they may expand has changed.
async fn follow_lists(centre: Arc<Centre>, stop: CancellationToken) {
    let mut placeholders = centre.pipeline.placeholders();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = placeholders.changed() => if changed.is_err() { return },
        }
        if let Err(error) = centre.reload_rules().await {
            tracing::error!(%error, "rules could not be loaded; the old ones stay in force");
        }
    }
}

/// Puts changed rules in force half a second after the last change of a file.
fn watch_rules(centre: &Arc<Centre>) -> Option<notify::RecommendedWatcher> {
    let directories = centre.rule_directories.clone();
    if directories.is_empty() {
        return None;
    }
    let (sender, mut changes) = tokio::sync::mpsc::channel::<()>(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            let _ = sender.try_send(());
        }
    })
    .inspect_err(|error| tracing::warn!(%error, "rule directories are not watched"))
    .ok()?;
    for directory in &directories {
        if let Err(error) = watcher.watch(directory, notify::RecursiveMode::Recursive) {
            tracing::warn!(%error, directory = %directory.display(), "rule directory is not watched");
        }
    }
    let centre = Arc::clone(centre);
    tokio::spawn(async move {
        while changes.recv().await.is_some() {
            while tokio::time::timeout(Duration::from_millis(500), changes.recv())
                .await
                .is_ok_and(|more| more.is_some())
            {}
            if let Err(error) = centre.reload_rules().await {
                tracing::error!(%error, "rules could not be loaded; the old ones stay in force");
            }
        }
    });
    Some(watcher)
}

/// What takes messages out of the house.
fn notices(centre: &Centre, listening: SocketAddr) -> Result<Sender, Error> {
    Sender::new(
        centre.db.clone(),
        kit::Scope::service("notices"),
        centre.clock.clone(),
        centre.live.clone(),
        Arc::clone(&centre.policies),
        &centre.configuration.address_of_pages(listening),
    )
}

/// Escalates and sends what is due; forgets old messages once an hour. An attempt that the end of the program cuts off is
/// made again after the next start.
async fn send_notices(sender: Sender, stop: CancellationToken) {
    let mut looks = tokio::time::interval(Duration::from_secs(5));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut hours = tokio::time::interval(Duration::from_secs(3_600));
    loop {
        let done = tokio::select! {
            _ = looks.tick() => sender.run_due().await.map(|_| ()),
            _ = hours.tick() => sender.tidy().await.map(|_| ()),
            () = stop.cancelled() => return,
        };
        if let Err(error) = done {
            tracing::error!(%error, "messages could not be sent; trying again");
        }
    }
}

/// Takes up law that another program on the same database has changed.
async fn follow_law(centre: Arc<Centre>, stop: CancellationToken) {
    let mut looks = tokio::time::interval(Duration::from_secs(5));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! { _ = looks.tick() => {}, () = stop.cancelled() => return }
        if let Err(error) = centre.reload_law().await {
            tracing::error!(%error, "changed law could not be read; what was in force stays");
        }
    }
}

/// A checkpoint of the audit trail at the start and every hour.
async fn sign_hourly(centre: Arc<Centre>, stop: CancellationToken) {
    let mut hours = tokio::time::interval(Duration::from_secs(3_600));
    loop {
        tokio::select! { _ = hours.tick() => {}, () = stop.cancelled() => return }
        sign_trail(&centre).await;
    }
}

async fn sign_trail(centre: &Centre) {
    let scope = kit::Scope::service("checkpoint");
    if let Err(error) = centre.checkpoints.make(&centre.db, &scope, centre.clock.now()).await {
        tracing::error!("the audit trail is not signed: {}", error.in_words(Lang::En));
    }
}

/// Carries out mergers and new names of agencies whose day has come, at the start and every minute.
async fn change_agencies(centre: Arc<Centre>, stop: CancellationToken) {
    let scope = kit::Scope::service("agency changes");
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    minutes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! { _ = minutes.tick() => {}, () = stop.cancelled() => return }
        let now = centre.clock.now();
        match agencies::scheduled::carry_out_due(&centre.db, &scope, &centre.live, now).await {
            Ok(0) => {}
            Ok(done) => tracing::info!(done, "agencies changed as decided for this day"),
            Err(error) => tracing::error!(%error, "agencies could not be changed as decided; trying again"),
        }
    }
}

/// Closes accounts that nobody has used for longer than the policy allows, and tells the administrators.
async fn close_idle_accounts(centre: &Centre) -> Result<(), Error> {
    let scope = kit::Scope::service("account review");
    let tx = centre.db.scoped(&scope).begin().await?;
    let now = centre.clock.now();
    let closed = organisation::people::close_idle(&tx, &centre.policies, now).await?;
    if closed.is_empty() {
        return Ok(());
    }
    let message = Message {
        title_key: "inbox-accounts-idle",
        title_arguments: vec![("count", closed.len().to_string())],
        body: closed.iter().map(|one| one.account.as_str()).collect::<Vec<_>>().join(", "),
        link: "/people?state=disabled".into(),
        ..Message::default()
    };
    let administrators = Recipient::Role { role: "administrator", agency_id: None };
    notify_all(&tx, &centre.live, now, &[administrators], &message).await?;
    tx.commit().await
}

/// What is let go where the disk is full is looked for no more often than this: where nothing may go, people have to help.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(60);

/// Lets go what is due, at the start and whenever the store finds no room on the disk.
async fn make_room(centre: Arc<Centre>, stop: CancellationToken) {
    if let Err(error) = centre.expire().await {
        tracing::error!(%error, "retention failed");
    }
    loop {
        tokio::select! { () = centre.store.without_room() => {}, () = stop.cancelled() => return }
        if centre.store.is_disk_full() {
            match centre.make_room().await {
                Ok(gone) => tracing::warn!(?gone, "the disk is full; what may go was let go"),
                Err(error) => tracing::error!(%error, "the disk is full, and no room could be made"),
            }
        }
        tokio::select! { () = tokio::time::sleep(BETWEEN_ATTEMPTS) => {}, () = stop.cancelled() => return }
    }
}

/// Compaction and retention, once an hour.
async fn housekeeping(centre: Arc<Centre>, stop: CancellationToken) {
    let mut hours = tokio::time::interval(Duration::from_secs(3_600));
    // A start is made quickly; what is due then is let go by `make_room`.
    hours.tick().await;
    let mut told = Told::default();
    loop {
        tokio::select! { _ = hours.tick() => {}, () = stop.cancelled() => return }
        if let Err(error) = close_idle_accounts(&centre).await {
            tracing::error!(%error, "unused accounts could not be closed");
        }
        if let Err(error) = centre.store.compact().await {
            tracing::error!(%error, "compaction failed");
        }
        if let Err(error) = centre.care(&mut told).await {
            tracing::error!(%error, "the event store could not be looked after");
        }
        if let Err(error) = centre.expire().await {
            tracing::error!(%error, "retention failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_renews_itself_is_no_elastic_client() {
        let root = |headers: &[(&str, &str)]| {
            let mut request = Request::builder().uri("/");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            is_for_elastic(&request.body(axum::body::Body::empty()).unwrap())
        };
        assert!(root(&[]) && root(&[("accept", "*/*")]) && root(&[("accept", "application/json")]));
        assert!(root(&[("accept", "application/vnd.elasticsearch+json; compatible-with=8")]));
        assert!(!root(&[("accept", "text/html")]));
        assert!(!root(&[("accept", "*/*"), ("hx-request", "true")]));
        assert!(!root(&[("accept", "*/*"), ("cookie", "luytre=x")]));
    }

    #[test]
    fn what_shippers_ask_before_they_send_is_for_elastic() {
        let asked = |path: &str| {
            let request = Request::builder().uri(path).header("accept", "application/json");
            is_for_elastic(&request.body(axum::body::Body::empty()).unwrap())
        };
        for path in ["/_license", "/_nodes/http", "/_index_template/x", "/_data_stream/x", "/_component_template/x"] {
            assert!(asked(path), "{path}");
        }
        assert!(!asked("/_bulk") && !asked("/sources") && !asked("/v1/logs"));
    }
}
