//! The doors over real sockets: what is sent arrives once, refusals are passed on, limits hold, stopping loses nothing
//! that was read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use async_trait::async_trait;
use event::{Listener, RawRecord};
use luytre_ingest::listeners::{
    ConnectionLimits, Counters, DeliverError, RelpSettings, Sink, TcpSettings, UdpSettings, WAITING_BYTES, bind_udp,
    bind_udp_shared, serve_gelf_tcp, serve_gelf_udp, serve_relp, serve_syslog_tcp, serve_syslog_udp,
};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Keeps what it is given; refuses the first so many batches.
#[derive(Default)]
struct Memory {
    records: Mutex<Vec<RawRecord>>,
    refuse: AtomicU64,
    changed: Notify,
}

#[async_trait]
impl Sink for Memory {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        let refused = self.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if refused {
            return Err(DeliverError("the disk is full".to_owned()));
        }
        self.records.lock().unwrap().extend(batch);
        self.changed.notify_waiters();
        Ok(())
    }
}

impl Memory {
    fn texts(&self) -> Vec<String> {
        self.records.lock().unwrap().iter().map(|one| String::from_utf8_lossy(&one.bytes).into_owned()).collect()
    }

    async fn wait_for(&self, count: usize) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if self.records.lock().unwrap().len() >= count {
                    return;
                }
                changed.await;
            }
        };
        timeout(Duration::from_secs(20), waiting).await.expect("the records arrive");
    }
}

struct Door {
    memory: Arc<Memory>,
    counters: Arc<Counters>,
    stop: CancellationToken,
}

impl Door {
    fn new() -> Self {
        Self { memory: Arc::default(), counters: Arc::default(), stop: CancellationToken::new() }
    }
}

async fn tcp(settings: TcpSettings) -> (Door, std::net::SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>) {
    let door = Door::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(serve_syslog_tcp(
        listener,
        door.memory.clone(),
        settings,
        door.counters.clone(),
        door.stop.clone(),
    ));
    (door, address, task)
}

async fn relp() -> (Door, TcpStream, tokio::task::JoinHandle<std::io::Result<()>>) {
    let door = Door::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(serve_relp(
        listener,
        door.memory.clone(),
        RelpSettings::default(),
        Arc::default(),
        door.counters.clone(),
        door.stop.clone(),
    ));
    (door, TcpStream::connect(address).await.unwrap(), task)
}

/// Reads until the text ends so.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let reading = async {
        while !text.ends_with(end) {
            let mut byte = [0];
            stream.read_exact(&mut byte).await.unwrap();
            text.push(byte[0] as char);
        }
    };
    timeout(Duration::from_secs(10), reading).await.expect("the answer comes");
    text
}

#[tokio::test]
async fn datagrams_arrive_with_their_sender_and_stopping_delivers_what_was_read() {
    let door = Door::new();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let task = tokio::spawn(serve_syslog_udp(
        vec![socket],
        door.memory.clone(),
        UdpSettings::default(),
        door.counters.clone(),
        door.stop.clone(),
    ));
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for number in 0..100 {
        client.send_to(format!("<13>message {number}").as_bytes(), address).await.unwrap();
    }
    door.memory.wait_for(100).await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    let expected: Vec<String> = (0..100).map(|number| format!("<13>message {number}")).collect();
    assert_eq!(door.memory.texts(), expected);
    let first = door.memory.records.lock().unwrap()[0].clone();
    assert_eq!((first.origin.listener, first.origin.peer.as_deref()), (Listener::SyslogUdp, Some("127.0.0.1")));
    let counted = door.counters.snapshot();
    assert_eq!((counted.received, counted.delivered, counted.dropped), (100, 100, 0));
}

/// A GELF message in chunks of so many bytes, compressed as pygelf does.
fn chunks(text: &str, of: usize) -> Vec<Vec<u8>> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(text.as_bytes()).unwrap();
    let packed = zlib.finish().unwrap();
    let count = u8::try_from(packed.len().div_ceil(of)).unwrap();
    let chunk = |(part, number): (&[u8], u8)| [&b"\x1e\x0fabcdefgh"[..], &[number, count][..], part].concat();
    packed.chunks(of).zip(0_u8..).map(chunk).collect()
}

#[tokio::test]
async fn gelf_datagrams_are_put_together_and_what_is_none_is_counted() {
    let door = Door::new();
    let socket = bind_udp("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let task = tokio::spawn(serve_gelf_udp(
        socket,
        door.memory.clone(),
        UdpSettings::default(),
        door.counters.clone(),
        door.stop.clone(),
    ));
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let text = "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"in several parts\"}";
    let parts = chunks(text, 20);
    assert!(parts.len() > 2);
    for part in parts.iter().rev() {
        client.send_to(part, address).await.unwrap();
    }
    client.send_to(b"{\"short_message\":\"plain\"}", address).await.unwrap();
    client.send_to(b"\x1e\x0fshort", address).await.unwrap();
    client.send_to(b"\x78\x9cnothing that expands", address).await.unwrap();
    // The first of two that never comes whole.
    client.send_to(&parts[0], address).await.unwrap();
    client.send_to(b"{\"short_message\":\"last\"}", address).await.unwrap();
    door.memory.wait_for(3).await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(door.memory.texts(), [text, "{\"short_message\":\"plain\"}", "{\"short_message\":\"last\"}"]);
    let first = door.memory.records.lock().unwrap()[0].clone();
    assert_eq!((first.origin.listener, first.origin.format.as_deref()), (Listener::GelfUdp, Some("gelf")));
    let counted = door.counters.snapshot();
    assert_eq!((counted.received, counted.delivered, counted.dropped, counted.protocol_errors), (5, 3, 2, 1));
}

#[tokio::test]
async fn gelf_over_tcp_ends_in_nul() {
    let door = Door::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = TcpSettings { longest: 40, ..TcpSettings::default() };
    let task =
        tokio::spawn(serve_gelf_tcp(listener, door.memory.clone(), settings, door.counters.clone(), door.stop.clone()));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"{\"short_message\":\"a\\nb\"}\0{\"short_").await.unwrap();
    client.write_all(format!("message\":\"{}\"}}\0{{\"last\":1}}", "x".repeat(100)).as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    door.memory.wait_for(3).await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    let texts = door.memory.texts();
    assert_eq!((texts[0].as_str(), texts[2].as_str()), ("{\"short_message\":\"a\\nb\"}", "{\"last\":1}"));
    let cut: Vec<bool> = door.memory.records.lock().unwrap().iter().map(|one| one.origin.cut).collect();
    assert_eq!((cut, texts[1].len()), (vec![false, true, false], 40));
}

#[tokio::test]
async fn the_door_for_datagrams_takes_all_the_room_that_the_kernel_gives() {
    let Ok(most) = std::fs::read_to_string("/proc/sys/net/core/rmem_max") else {
        println!("could not run: this system does not tell how much room it gives");
        return;
    };
    let most: usize = most.trim().parse().unwrap();
    let socket = bind_udp("127.0.0.1:0".parse().unwrap()).unwrap();
    let room = socket2::SockRef::from(&socket).recv_buffer_size().unwrap();
    assert!(room >= most.min(WAITING_BYTES), "{room} of {most}");
}

/// A sink that is busy until it is told to go on.
#[derive(Default)]
struct Busy {
    go: tokio::sync::Notify,
    records: AtomicU64,
}

#[async_trait]
impl Sink for Busy {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        if self.records.load(Ordering::Relaxed) == 0 {
            self.go.notified().await;
        }
        self.records.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn a_burst_of_datagrams_waits_for_a_busy_sink_and_what_is_too_much_is_counted() {
    for (waiting, all) in [(UdpSettings::default().waiting, true), (50_000, false)] {
        let (sink, counters, stop) =
            (Arc::new(Busy::default()), Arc::new(Counters::default()), CancellationToken::new());
        let socket = bind_udp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let settings = UdpSettings { waiting, queue: 2, ..UdpSettings::default() };
        let task = tokio::spawn(serve_syslog_udp(vec![socket], sink.clone(), settings, counters.clone(), stop.clone()));
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let sent = 5_000;
        for number in 0..sent {
            client.send_to(format!("<13>message {number}").as_bytes(), address).await.unwrap();
            while number % 100 == 99 && counters.snapshot().received <= number {
                tokio::task::yield_now().await;
            }
        }
        sink.go.notify_one();
        stop.cancel();
        task.await.unwrap().unwrap();
        let counted = counters.snapshot();
        assert_eq!(counted.received, sent, "{counted:?}");
        assert_eq!(counted.delivered + counted.dropped, sent, "{counted:?}");
        assert_eq!(counted.dropped == 0, all, "{counted:?}");
    }
}

#[tokio::test]
async fn senders_keep_to_one_socket_of_a_door_and_no_second_door_opens_beside_it() {
    let door = Door::new();
    let sockets = bind_udp_shared("127.0.0.1:0".parse().unwrap(), 3).unwrap();
    let address = sockets[0].local_addr().unwrap();
    assert!(sockets.len() == 3 && sockets.iter().all(|one| one.local_addr().unwrap() == address));
    assert!(bind_udp_shared(address, 3).is_err(), "somebody is there already");
    let sink = door.memory.clone();
    let settings = UdpSettings::default();
    let task = tokio::spawn(serve_syslog_udp(sockets, sink, settings, door.counters.clone(), door.stop.clone()));
    for sender in 0..8 {
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for number in 0..50 {
            client.send_to(format!("<13>{sender} {number}").as_bytes(), address).await.unwrap();
        }
    }
    door.memory.wait_for(400).await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(door.counters.snapshot().delivered, 400);
    let mut last = [-1_i64; 8];
    for text in door.memory.texts() {
        let (sender, number) = text.strip_prefix("<13>").unwrap().split_once(' ').unwrap();
        let (sender, number): (usize, i64) = (sender.parse().unwrap(), number.parse().unwrap());
        assert_eq!(number, last[sender] + 1, "the order of sender {sender}");
        last[sender] = number;
    }
}

#[tokio::test]
async fn datagrams_that_the_kernel_dropped_are_counted() {
    if !std::path::Path::new("/proc/self/net/udp").exists() {
        println!("could not run: this system does not tell what it drops");
        return;
    }
    let door = Door::new();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let datagram = vec![b'x'; 60_000];
    // Nobody reads yet, and no buffer of the kernel is that large.
    let sent = 2_000;
    for _ in 0..sent {
        client.send_to(&datagram, address).await.unwrap();
    }
    let task = tokio::spawn(serve_syslog_udp(
        vec![socket],
        door.memory.clone(),
        UdpSettings::default(),
        door.counters.clone(),
        door.stop.clone(),
    ));
    door.memory.wait_for(1).await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    let counted = door.counters.snapshot();
    assert!(counted.kernel_dropped > 0, "{counted:?}");
    assert!(counted.kernel_dropped + counted.received <= sent, "{counted:?}");
}

#[tokio::test]
async fn one_address_cannot_lock_the_others_out() {
    let connections = ConnectionLimits { all: 3, per_address: 2 };
    let (door, address, task) = tcp(TcpSettings { connections, ..TcpSettings::default() }).await;
    let mut held = Vec::new();
    for number in 1..=2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"<1>x\n").await.unwrap();
        door.memory.wait_for(number).await;
        held.push(stream);
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    let closed = timeout(Duration::from_secs(10), third.read(&mut [0; 1])).await.expect("it is closed");
    assert!(matches!(closed, Ok(0) | Err(_)));
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = other.connect(address).await.unwrap();
    other.write_all(b"<2>y\n").await.unwrap();
    door.memory.wait_for(3).await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    let counted = door.counters.snapshot();
    assert_eq!((counted.refused_share, counted.refused, counted.connections), (1, 0, 3));
}

#[tokio::test]
async fn a_relp_message_that_is_too_long_is_cut_marked_and_answered() {
    let (door, mut client, task) = relp().await;
    let length = (1 << 20) + 5;
    client
        .write_all(format!("1 open 0\n2 syslog {length} {}\n3 syslog 4 <1>b\n", "x".repeat(length)).as_bytes())
        .await
        .unwrap();
    read_until(&mut client, "2 rsp 6 200 OK\n").await;
    read_until(&mut client, "3 rsp 6 200 OK\n").await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    let told: Vec<(usize, bool)> =
        door.memory.records.lock().unwrap().iter().map(|one| (one.bytes.len(), one.origin.cut)).collect();
    assert_eq!(told, [(1 << 20, true), (4, false)]);
    assert_eq!(door.counters.snapshot().truncated, 1);
}

#[tokio::test]
async fn both_tcp_framings_arrive_and_the_unfinished_last_line_too() {
    let (door, address, task) = tcp(TcpSettings { longest: 20, ..TcpSettings::default() }).await;
    let mut lines = TcpStream::connect(address).await.unwrap();
    lines.write_all(b"<1>one\n<2>a line that is far too long\n<3>unfinished").await.unwrap();
    lines.shutdown().await.unwrap();
    door.memory.wait_for(3).await;
    assert_eq!(door.memory.texts(), ["<1>one", "<2>a line that is fa", "<3>unfinished"]);
    let cut: Vec<bool> = door.memory.records.lock().unwrap().iter().map(|one| one.origin.cut).collect();
    assert_eq!(cut, [false, true, false], "what was cut carries the mark");
    let mut counted = TcpStream::connect(address).await.unwrap();
    counted.write_all(b"7 <4>a\nb\n6 <5>abc").await.unwrap();
    door.memory.wait_for(5).await;
    door.stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(door.memory.texts()[3..], ["<4>a\nb", "<5>abc"]);
    let counted = door.counters.snapshot();
    assert_eq!((counted.received, counted.truncated, counted.connections, counted.open), (5, 1, 2, 0));
}

#[tokio::test]
async fn connections_beyond_the_limit_are_refused_and_silent_ones_closed() {
    let connections = ConnectionLimits { all: 1, per_address: 1 };
    let settings = TcpSettings { connections, idle: Duration::from_millis(300), ..TcpSettings::default() };
    let (door, address, task) = tcp(settings).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"<1>x\n").await.unwrap();
    door.memory.wait_for(1).await;
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut buffer = [0; 1];
    let closed = timeout(Duration::from_secs(10), second.read(&mut buffer)).await.expect("it is closed");
    assert!(matches!(closed, Ok(0) | Err(_)));
    let closed = timeout(Duration::from_secs(10), first.read(&mut buffer)).await.expect("silence closes it");
    assert!(matches!(closed, Ok(0) | Err(_)));
    door.stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(door.counters.snapshot().refused_share, 1);
}

#[tokio::test]
async fn relp_answers_only_what_the_sink_says() {
    let (door, mut client, task) = relp().await;
    let client_address = client.peer_addr().unwrap();
    let offer = "relp_version=0\nrelp_software=x\ncommands=syslog,other";
    client.write_all(format!("1 open {} {offer}\n", offer.len()).as_bytes()).await.unwrap();
    let offer = read_until(&mut client, "commands=syslog\n").await;
    assert!(offer.starts_with("1 rsp ") && offer.contains("200 OK\nrelp_version=0"), "{offer}");
    door.memory.refuse.store(1, Ordering::SeqCst);
    client.write_all(b"2 syslog 5 <1>ab\n").await.unwrap();
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "0 serverclose 0\n", "an answer, whatever its number, would make rsyslog forget the message");
    let mut client = TcpStream::connect(client_address).await.unwrap();
    client.write_all(b"1 open 0\n").await.unwrap();
    read_until(&mut client, "commands=syslog\n").await;
    client.write_all(b"3 syslog 5 <1>ab\n4 syslog 6 <1>a\nb\n5 starttls 0\n6 close 0\n").await.unwrap();
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    assert_eq!(
        rest.lines().collect::<Vec<_>>(),
        ["3 rsp 6 200 OK", "4 rsp 6 200 OK", "5 rsp 31 500 this command is not offered", "6 rsp 0", "0 serverclose 0"]
    );
    door.stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(door.memory.texts(), ["<1>ab", "<1>a\nb"]);
    let counted = door.counters.snapshot();
    assert_eq!((counted.received, counted.delivered, counted.dropped), (3, 2, 1));
}

#[tokio::test]
async fn what_is_no_relp_is_closed_and_counted() {
    let (door, mut client, task) = relp().await;
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(10), client.read_to_end(&mut rest)).await.expect("it is closed");
    door.stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(door.counters.snapshot().protocol_errors, 1);
    assert!(door.memory.texts().is_empty());
}
