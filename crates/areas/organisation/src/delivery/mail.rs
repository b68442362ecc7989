//! Mail: one message over SMTP, TLS by rustls. Without TLS only towards this machine and listed networks.

use super::addresses::is_listed;
use super::{Failure, Parcel, Reason};
use crate::channels::{MailSettings, Security};
use ipnet::IpNet;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::net::IpAddr;
use std::time::Duration;

const STEP: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(45);

/// Whether a text can stand as the sender of mail.
pub(crate) fn is_mailbox(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// Sends one mail; gives the status of the server.
pub(crate) async fn send_mail(settings: &MailSettings, listed: &[IpNet], parcel: &Parcel) -> Result<String, Failure> {
    let mail = compose(settings, parcel)?;
    let server = match settings.security {
        Security::None => address_inside(settings, listed).await?.to_string(),
        Security::Tls | Security::StartTls => settings.host.clone(),
    };
    let tls = || TlsParameters::new(settings.host.clone()).map_err(|_| Failure::lasting(Reason::Settings));
    let tls = match settings.security {
        Security::Tls => Tls::Wrapper(tls()?),
        Security::StartTls => Tls::Required(tls()?),
        Security::None => Tls::None,
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(STEP));
    if !settings.account.is_empty() {
        transport = transport.credentials(Credentials::new(settings.account.clone(), settings.password.clone()));
    }
    let transport = transport.build();
    match tokio::time::timeout(WHOLE, transport.send(mail)).await {
        Err(_) => Err(Failure::passing(Reason::Timeout)),
        Ok(Ok(response)) => Ok(response.code().to_string()),
        Ok(Err(error)) => Err(failure(&error)),
    }
}

fn compose(settings: &MailSettings, parcel: &Parcel) -> Result<Message, Failure> {
    let from: Mailbox = settings.from.parse().map_err(|_| Failure::lasting(Reason::Settings))?;
    let to: Mailbox = parcel.to.reveal().parse().map_err(|_| Failure::lasting(Reason::Recipient))?;
    let host = from.email.domain().to_owned();
    Message::builder()
        .from(from)
        .to(to)
        .subject(parcel.title.chars().filter(|letter| !letter.is_control()).collect::<String>())
        .message_id(Some(format!("<{}@{host}>", parcel.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(text(parcel))
        .map_err(|_| Failure::lasting(Reason::Settings))
}

/// A title, a kind and a link.
fn text(parcel: &Parcel) -> String {
    let mut lines = vec![parcel.title.clone()];
    if !parcel.kind_name.is_empty() {
        lines.push(parcel.kind_name.clone());
    }
    lines.extend(parcel.lines.iter().map(|line| format!("- {line}")));
    lines.push(String::new());
    lines.push(parcel.link.clone());
    lines.join("\r\n") + "\r\n"
}

/// The address of a server that is spoken to without TLS. What was checked is what is connected to.
async fn address_inside(settings: &MailSettings, listed: &[IpNet]) -> Result<IpAddr, Failure> {
    let found = tokio::net::lookup_host((settings.host.as_str(), settings.port))
        .await
        .map_err(|_| Failure::passing(Reason::Unreachable))?;
    let mut addresses = found.map(|address| address.ip().to_canonical());
    let inside = addresses.find(|address| address.is_loopback() || is_listed(*address, listed));
    inside.ok_or(Failure::lasting(Reason::Barred))
}

fn failure(error: &lettre::transport::smtp::Error) -> Failure {
    match error.status() {
        Some(code) => {
            let answer = code.to_string();
            Failure { reason: Reason::Refused, answer, lasting: error.is_permanent() }
        }
        None if error.is_timeout() => Failure::passing(Reason::Timeout),
        None => Failure::passing(Reason::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MailSettings {
        MailSettings {
            host: "mail.example".into(),
            port: 587,
            from: "Lũy Tre <tre@example.vn>".into(),
            ..Default::default()
        }
    }

    fn parcel(to: &str, title: &str) -> Parcel {
        Parcel {
            id: "0190".into(),
            kind: "incident".into(),
            kind_name: "Sự cố".into(),
            severity: "high".into(),
            title: title.into(),
            link: "https://tre.example.vn/inbox/1".into(),
            lines: Vec::new(),
            to: to.into(),
        }
    }

    #[test]
    fn a_mail_holds_a_title_a_kind_and_a_link() {
        assert_eq!(
            text(&parcel("a@b.vn", "Sự cố mới")),
            "Sự cố mới\r\nSự cố\r\n\r\nhttps://tre.example.vn/inbox/1\r\n"
        );
    }

    #[test]
    fn a_title_adds_no_header_and_an_impossible_recipient_is_refused_for_good() {
        let mail = compose(&settings(), &parcel("a@b.vn", "x\r\nBcc: evil@example.org")).unwrap();
        let written = String::from_utf8(mail.formatted()).unwrap();
        let (head, _) = written.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert_eq!(compose(&settings(), &parcel("not an address", "x")).unwrap_err().reason, Reason::Recipient);
    }

    #[tokio::test]
    async fn mail_in_plain_stays_inside() {
        let outside = MailSettings { host: "1.1.1.1".into(), security: Security::None, ..settings() };
        let refused = send_mail(&outside, &[], &parcel("a@b.vn", "x")).await.unwrap_err();
        assert_eq!((refused.reason, refused.lasting), (Reason::Barred, true));
    }
}
