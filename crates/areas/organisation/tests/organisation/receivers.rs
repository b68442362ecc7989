//! Receivers of messages: a mail server and an HTTP server on this machine that keep what they were sent.

use base64::Engine;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One mail as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    /// Head and body.
    pub(crate) raw: String,
}

impl Mail {
    /// The body in plain text, whatever it was written in on its way.
    pub(crate) fn text(&self) -> String {
        let (head, body) = self.raw.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        if head.contains("content-transfer-encoding: base64") {
            let body: String = body.split_whitespace().collect();
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(body).unwrap()).unwrap()
        } else if head.contains("content-transfer-encoding: quoted-printable") {
            quoted_printable(body)
        } else {
            body.to_owned()
        }
    }
}

fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let pair = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Takes every mail.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take_mail(stream, Arc::clone(&kept)));
            }
        });
        Self { port, mails }
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

async fn take_mail(stream: TcpStream, kept: Arc<Mutex<Vec<Mail>>>) {
    let mut stream = BufReader::new(stream);
    let mut mail = Mail::default();
    stream.write_all(b"220 mail.test ESMTP\r\n").await.unwrap();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let command = line.trim_end().to_owned();
        let answer = match command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n",
            "RCPT" => {
                let address = command.split_once('<').unwrap().1.split('>').next().unwrap();
                mail.to.push(address.to_owned());
                "250 OK\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.unwrap();
                loop {
                    line.clear();
                    if stream.read_line(&mut line).await.unwrap() == 0 || line == ".\r\n" {
                        break;
                    }
                    mail.raw.push_str(&line);
                }
                kept.lock().unwrap().push(std::mem::take(&mut mail));
                "250 taken\r\n"
            }
            "QUIT" => {
                let _ = stream.write_all(b"221 bye\r\n").await;
                return;
            }
            _ => "250 OK\r\n",
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// One request as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// `POST /path HTTP/1.1`
    pub(crate) line: String,
    head: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    /// Value of a header; its name in small letters.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head.iter().find(|(have, _)| have == name).map_or("", |(_, value)| value)
    }
}

/// Answers with these status lines one after another, the last for ever. A line may hold headers after it.
pub(crate) struct HttpServer {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl HttpServer {
    pub(crate) async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut count = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answers[count.min(answers.len() - 1)];
                count += 1;
                take_request(stream, answer, &kept).await;
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn take_request(stream: TcpStream, answer: &str, kept: &Mutex<Vec<Request>>) {
    let mut stream = BufReader::new(stream);
    let mut request = Request::default();
    stream.read_line(&mut request.line).await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 || line == "\r\n" {
            break;
        }
        let (name, value) = line.trim_end().split_once(": ").unwrap();
        request.head.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = request.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    request.body = String::from_utf8(body).unwrap();
    kept.lock().unwrap().push(request);
    let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}
