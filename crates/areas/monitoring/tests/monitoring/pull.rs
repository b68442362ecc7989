//! Feeds over a real socket: cursors, answers that repeat, feeds that do not answer, addresses that may not be called;
//! every record is stored once, wherever the fetching is cut off.

use event::{Listener, Origin, RawRecord};
use event_store::{Options, Store};
use kit::clock::SystemClock;
use monitoring::pull::{CursorSettings, FeedSettings, Pull};
use organisation::delivery::Web;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Records, of which it gives at most so many behind the number that is asked for.
#[derive(Default)]
struct Feed {
    records: AtomicUsize,
    broken: Mutex<Option<&'static str>>,
    asked: Mutex<Vec<String>>,
}

impl Feed {
    fn answer(&self, request: &str) -> (&'static str, String) {
        let path = request.split(' ').nth(1).unwrap().to_owned();
        // Who asks for what is new gets it in pages.
        let (since, page) = path.split_once("since=").map_or((0, usize::MAX), |(_, since)| (since.parse().unwrap(), 7));
        self.asked.lock().unwrap().push(path);
        assert!(request.to_lowercase().contains("\r\nx-key: quiet\r\n"), "{request}");
        if let Some(status) = *self.broken.lock().unwrap() {
            return (status, String::new());
        }
        let last = self.records.load(Ordering::SeqCst).min(page.saturating_add(since));
        let items: Vec<String> = (since..last).map(|number| format!("{{\"number\": {}}}", number + 1)).collect();
        ("200 OK", format!("{{\"data\": {{\"items\": [{}]}}, \"next\": {last}}}", items.join(", ")))
    }
}

async fn serve(feed: Arc<Feed>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let feed = feed.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut part = [0; 1];
                    if stream.read(&mut part).await.unwrap_or(0) == 0 {
                        return;
                    }
                    request.extend(part);
                }
                let (status, body) = feed.answer(&String::from_utf8_lossy(&request));
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                // Whoever was cut off does not read it.
                let _ = stream.write_all((head + &body).as_bytes()).await;
            });
        }
    });
    address
}

fn settings(address: SocketAddr, cursor: Option<CursorSettings>) -> FeedSettings {
    FeedSettings {
        name: "feed".to_owned(),
        url: format!("http://{address}/events"),
        headers: vec![("X-Key".to_owned(), "quiet".to_owned())],
        records: "/data/items".to_owned(),
        cursor,
        source_id: Some("source".to_owned()),
        ..FeedSettings::default()
    }
}

fn since() -> Option<CursorSettings> {
    Some(CursorSettings { parameter: "since".to_owned(), from: "/next".to_owned(), of_record: false })
}

fn pull(settings: &FeedSettings, store: &Store) -> Pull {
    let web = Web::new(&["127.0.0.0/8".parse().unwrap()]).unwrap();
    Pull::new(vec![settings.clone()], web, store.clone(), Arc::new(SystemClock))
}

async fn stored(store: &Store) -> Vec<RawRecord> {
    let mut reader = store.read_log(1);
    let mut all = Vec::new();
    loop {
        let records = reader.next_stored(1_000).await.unwrap();
        if records.is_empty() {
            return all;
        }
        all.extend(records.into_iter().map(|(_, record)| record).filter(|one| one.origin.listener == Listener::Pull));
    }
}

async fn texts(store: &Store) -> Vec<String> {
    stored(store).await.iter().map(|record| String::from_utf8_lossy(&record.bytes).into_owned()).collect()
}

fn numbers(last: usize) -> Vec<String> {
    (1..=last).map(|number| format!("{{\"number\": {number}}}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_read_on_from_its_cursor() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let feed = Arc::new(Feed::default());
    let settings = settings(serve(feed.clone()).await, since());
    feed.records.store(17, Ordering::SeqCst);
    let first = pull(&settings, &store);
    first.look_at_all().await;
    assert_eq!(texts(&store).await, numbers(17), "{:?}", first.board().figures());
    let record = stored(&store).await.remove(16);
    assert_eq!((record.position, record.origin.source_id.as_deref()), (17, Some("source")));
    feed.records.store(20, Ordering::SeqCst);
    let again = pull(&settings, &store);
    again.look_at_all().await;
    assert_eq!(texts(&store).await, numbers(20));
    assert_eq!(feed.asked.lock().unwrap().last().unwrap(), "/events?since=20");
    // A feed that does not answer is told of, and read on later.
    *feed.broken.lock().unwrap() = Some("503 Busy");
    again.look_at_all().await;
    assert_eq!(again.board().figures()[0].trouble.as_deref(), Some("refused 503"));
    *feed.broken.lock().unwrap() = None;
    feed.records.store(21, Ordering::SeqCst);
    again.look_at_all().await;
    assert_eq!((texts(&store).await, again.board().figures()[0].trouble.clone()), (numbers(21), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cursor_what_stood_in_an_answer_before_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let feed = Arc::new(Feed::default());
    let settings = settings(serve(feed.clone()).await, None);
    for (records, all) in [(3, 3), (3, 3), (5, 5), (0, 5), (5, 5)] {
        feed.records.store(records, Ordering::SeqCst);
        pull(&settings, &store).look_at_all().await;
        assert_eq!(texts(&store).await, numbers(all));
    }
    // More than can be remembered would be stored again and again.
    feed.records.store(20_001, Ordering::SeqCst);
    let pull = pull(&settings, &store);
    pull.look_at_all().await;
    assert!(pull.board().figures()[0].trouble.as_deref().unwrap().contains("cursor"));
    assert_eq!(texts(&store).await, numbers(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inside_is_called_only_where_it_is_listed() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let feed = Arc::new(Feed::default());
    let settings = settings(serve(feed.clone()).await, None);
    let pull = Pull::new(vec![settings], Web::new(&[]).unwrap(), store, Arc::new(SystemClock));
    pull.look_at_all().await;
    assert_eq!(pull.board().figures()[0].trouble.as_deref(), Some("barred"));
    assert!(feed.asked.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_fetching_is_cut_off_every_record_is_stored_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let feed = Arc::new(Feed::default());
    let settings = settings(serve(feed.clone()).await, since());
    for round in 0..80_usize {
        feed.records.fetch_add(round % 6, Ordering::SeqCst);
        let limit = Duration::from_millis(round as u64 % 12);
        let _ = tokio::time::timeout(limit, pull(&settings, &store).look_at_all()).await;
        // What a kill would have ended is at its end: the log is written in order.
        let origin = Arc::new(Origin { listener: Listener::Relp, ..Origin::default() });
        let end = RawRecord { bytes: "end".into(), arrival: 0, origin, position: 0 };
        store.append(vec![end], None).await.unwrap();
    }
    for _ in 0..5 {
        pull(&settings, &store).look_at_all().await;
    }
    assert_eq!(texts(&store).await, numbers(feed.records.load(Ordering::SeqCst)));
}
