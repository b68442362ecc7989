//! What stands in the way of a channel before anything is sent: a server that has no address, or none that is called. The
//! rules are those of sending; a channel is kept all the same, since names and networks change.

use super::addresses::{is_called, is_listed};
use super::{Writing, fill};
use crate::channels::{MailSettings, Security, Settings};
use ipnet::IpNet;
use reqwest::Url;
use std::net::IpAddr;
use std::time::Duration;

/// How long a name may take to be resolved.
const RESOLVE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The name of the server leads to no address.
    Unresolved,
    /// All of its addresses stand on networks that are not called.
    Barred,
    /// The web without TLS, and not towards a listed network.
    PlainWeb,
    /// Mail without TLS, and neither towards this machine nor a listed network.
    PlainMail,
    /// A gateway is told to whom, and gets news that is for nobody in particular.
    Nobody,
}

impl Obstacle {
    #[cfg(test)]
    pub(crate) const ALL: [Obstacle; 5] =
        [Self::Unresolved, Self::Barred, Self::PlainWeb, Self::PlainMail, Self::Nobody];

    /// Key of what is said when the channel is saved.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Unresolved => "channel-saved-unresolved",
            Self::Barred => "channel-saved-barred",
            Self::PlainWeb => "channel-saved-plain-web",
            Self::PlainMail => "channel-saved-plain-mail",
            Self::Nobody => "channel-saved-nobody",
        }
    }
}

/// On which way a server is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Web,
    PlainWeb,
    Mail,
    PlainMail,
}

/// What would keep a channel from sending now. `posts`: some news goes to the channel itself, for no person.
pub(crate) async fn obstacle(settings: &Settings, posts: bool, listed: &[IpNet]) -> Option<Obstacle> {
    let (way, host) = target(settings)?;
    let nobody = match settings {
        Settings::Gateway(gateway) => posts && gateway.names_recipient(),
        Settings::Mail(_) | Settings::Webhook(_) => false,
    };
    judge(way, &addresses(&host).await, listed).or(nobody.then_some(Obstacle::Nobody))
}

fn target(settings: &Settings) -> Option<(Way, String)> {
    let web = |url: &str| {
        let url = Url::parse(url).ok()?;
        let way = if url.scheme() == "https" { Way::Web } else { Way::PlainWeb };
        Some((way, url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned()))
    };
    match settings {
        Settings::Mail(MailSettings { host, security, .. }) => {
            let way = if *security == Security::None { Way::PlainMail } else { Way::Mail };
            Some((way, host.clone()))
        }
        Settings::Webhook(webhook) => web(&webhook.url),
        Settings::Gateway(gateway) => web(&fill(&gateway.url, &[], Writing::Percent)),
    }
}

async fn addresses(host: &str) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    match tokio::time::timeout(RESOLVE, tokio::net::lookup_host((host, 0))).await {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        _ => Vec::new(),
    }
}

fn judge(way: Way, addresses: &[IpAddr], listed: &[IpNet]) -> Option<Obstacle> {
    if addresses.is_empty() {
        return Some(Obstacle::Unresolved);
    }
    let is_open = |address: &IpAddr| match way {
        Way::Web => is_called(*address, listed),
        Way::PlainWeb => is_listed(*address, listed),
        Way::Mail => true,
        Way::PlainMail => address.to_canonical().is_loopback() || is_listed(*address, listed),
    };
    let barred = match way {
        Way::Web | Way::Mail => Obstacle::Barred,
        Way::PlainWeb => Obstacle::PlainWeb,
        Way::PlainMail => Obstacle::PlainMail,
    };
    (!addresses.iter().any(is_open)).then_some(barred)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::{GatewaySettings, WebhookSettings};

    fn judged(way: Way, addresses: &[&str]) -> Option<Obstacle> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        judge(way, &addresses, &["10.20.0.0/16".parse().unwrap()])
    }

    #[test]
    fn one_address_that_is_called_is_enough() {
        assert_eq!(judged(Way::Web, &["1.1.1.1"]), None);
        assert_eq!(judged(Way::Web, &["10.1.1.1", "10.20.1.1"]), None);
        assert_eq!(judged(Way::Web, &["10.1.1.1", "::1"]), Some(Obstacle::Barred));
        assert_eq!(judged(Way::PlainWeb, &["10.20.1.1"]), None);
        assert_eq!(judged(Way::PlainWeb, &["1.1.1.1"]), Some(Obstacle::PlainWeb));
        assert_eq!(judged(Way::Mail, &["10.1.1.1"]), None);
        assert_eq!(judged(Way::PlainMail, &["::ffff:127.0.0.1"]), None);
        assert_eq!(judged(Way::PlainMail, &["1.1.1.1"]), Some(Obstacle::PlainMail));
        for way in [Way::Web, Way::PlainWeb, Way::Mail, Way::PlainMail] {
            assert_eq!(judged(way, &[]), Some(Obstacle::Unresolved), "{way:?}");
        }
    }

    #[tokio::test]
    async fn addresses_in_place_of_names_are_judged_in_every_spelling() {
        let webhook = |url: &str| Settings::Webhook(WebhookSettings { url: url.into(), secret: String::new() });
        for url in ["https://127.0.0.1/", "https://0x7f.1/", "https://[::1]:8443/x", "https://[::ffff:10.0.0.1]/"] {
            assert_eq!(obstacle(&webhook(url), true, &[]).await, Some(Obstacle::Barred), "{url}");
        }
        assert_eq!(obstacle(&webhook("http://1.1.1.1/"), true, &[]).await, Some(Obstacle::PlainWeb));
        assert_eq!(obstacle(&webhook("https://1.1.1.1/"), true, &[]).await, None);
        let gateway = GatewaySettings { url: "https://10.0.0.1/{{to}}".into(), ..GatewaySettings::default() };
        assert_eq!(obstacle(&Settings::Gateway(gateway), true, &[]).await, Some(Obstacle::Barred));
    }

    #[tokio::test]
    async fn a_gateway_that_is_told_to_whom_gets_nothing_that_is_for_nobody() {
        let url = |url: &str| Settings::Gateway(GatewaySettings { url: url.into(), ..GatewaySettings::default() });
        let named = url("https://1.1.1.1/{{ to }}");
        assert_eq!(obstacle(&named, true, &[]).await, Some(Obstacle::Nobody));
        assert_eq!(obstacle(&named, false, &[]).await, None);
        assert_eq!(obstacle(&url("https://1.1.1.1/{{id}}"), true, &[]).await, None);
    }

    #[test]
    fn every_obstacle_is_told_in_words() {
        for obstacle in Obstacle::ALL {
            assert!(kit::locale::texts().has(kit::Lang::Vi, obstacle.key()), "{obstacle:?}");
        }
    }
}
