//! Posting and fetching over HTTP. Addresses are checked after the name is resolved, and it is the checked ones that are
//! connected to: a name cannot change its mind in between. Redirects are not followed and no proxy of the environment is used.

use super::addresses::{is_called, is_listed};
use super::{Failure, Reason};
use ipnet::IpNet;
use kit::Error;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);

/// Every address of a name stands where nothing is called.
#[derive(Debug, thiserror::Error)]
#[error("no address of this name may be called")]
struct Barred;

/// Which addresses a client connects to.
#[derive(Clone)]
struct Rule {
    listed: Arc<[IpNet]>,
    /// Only listed networks: for plain HTTP.
    only_listed: bool,
}

impl Rule {
    fn allows(&self, address: IpAddr) -> bool {
        if self.only_listed { is_listed(address, &self.listed) } else { is_called(address, &self.listed) }
    }
}

impl Resolve for Rule {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| rule.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Box::from(Barred));
            }
            let allowed: Addrs = Box::new(allowed.into_iter());
            Ok(allowed)
        })
    }
}

/// The clients of the program: one for the Internet and listed networks over TLS, one for listed networks without it.
#[derive(Clone)]
pub struct Web {
    secured: (Client, Rule),
    plain: (Client, Rule),
}

impl Web {
    /// `listed`: networks of the inside that may be called.
    ///
    /// # Errors
    /// Where the certificates of the machine cannot be read.
    pub fn new(listed: &[IpNet]) -> Result<Self, Error> {
        let listed: Arc<[IpNet]> = listed.into();
        let client = |only_listed: bool| {
            let rule = Rule { listed: Arc::clone(&listed), only_listed };
            let client = Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .user_agent(concat!("luytre/", env!("CARGO_PKG_VERSION")))
                .https_only(!only_listed)
                .connect_timeout(CONNECT)
                .timeout(WHOLE)
                .dns_resolver(Arc::new(rule.clone()))
                .build()
                .map_err(Error::internal)?;
            Ok::<_, Error>((client, rule))
        };
        Ok(Self { secured: client(false)?, plain: client(true)? })
    }

    /// The client for an address that may be called.
    fn client(&self, url: &str) -> Result<(&Client, Url), Failure> {
        let url = Url::parse(url).map_err(|_| Failure::lasting(Reason::Settings))?;
        let (client, rule) = match url.scheme() {
            "https" => &self.secured,
            "http" => &self.plain,
            _ => return Err(Failure::lasting(Reason::Settings)),
        };
        // An address in place of a name is never resolved. The parser has brought every spelling of it into one form.
        let host = url.host_str().unwrap_or_default();
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if literal.is_some_and(|address| !rule.allows(address)) {
            return Err(Failure::lasting(Reason::Barred));
        }
        Ok((client, url))
    }

    /// Posts `body`; gives the status where the receiver said yes.
    pub(crate) async fn post(&self, url: &str, headers: &[(String, String)], body: String) -> Result<String, Failure> {
        let (client, url) = self.client(url)?;
        let request = client.post(url).headers(header_map(headers)?).body(body);
        Ok(yes(request.send().await)?.status().as_str().to_owned())
    }

    /// Fetches at most so many bytes. What is longer is refused.
    ///
    /// # Errors
    /// Where the address may not be called, or gives no such answer.
    pub async fn get(&self, url: &str, headers: &[(String, String)], longest: usize) -> Result<Vec<u8>, Failure> {
        let (client, url) = self.client(url)?;
        let mut answer = yes(client.get(url).headers(header_map(headers)?).send().await)?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + part.len() > longest {
                return Err(Failure { answer: "too long".to_owned(), ..Failure::lasting(Reason::Refused) });
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| Failure::lasting(Reason::Settings))?;
        let value = HeaderValue::from_str(value).map_err(|_| Failure::lasting(Reason::Settings))?;
        map.insert(name, value);
    }
    Ok(map)
}

/// An answer that says yes.
fn yes(answer: reqwest::Result<reqwest::Response>) -> Result<reqwest::Response, Failure> {
    let answer = answer.map_err(|error| failure(&error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    // Too early, too many, and whatever is wrong over there passes; another refusal stays.
    let lasting = !(status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429));
    Err(Failure { reason: Reason::Refused, answer: status.as_str().to_owned(), lasting })
}

fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<Barred>() {
            return Failure::lasting(Reason::Barred);
        }
        cause = one.source();
    }
    if error.is_timeout() {
        Failure::passing(Reason::Timeout)
    } else if error.is_builder() {
        Failure::lasting(Reason::Settings)
    } else {
        Failure::passing(Reason::Unreachable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(url: &str) -> Reason {
        let listed: [IpNet; 1] = ["10.20.0.0/16".parse().unwrap()];
        Web::new(&listed).unwrap().post(url, &[], String::new()).await.unwrap_err().reason
    }

    #[tokio::test]
    async fn the_inside_is_refused_before_a_connection_is_tried() {
        for url in [
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/",
            "https://10.21.0.1/",
            "https://localhost/",
            "http://localhost/",
            "http://1.1.1.1/",
        ] {
            assert_eq!(refused(url).await, Reason::Barred, "{url}");
        }
        for url in ["ftp://1.1.1.1/", "file:///etc/passwd", "nothing"] {
            assert_eq!(refused(url).await, Reason::Settings, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_points_inside_is_refused_after_it_is_resolved() {
        let rule = Rule { listed: Arc::from([]), only_listed: false };
        let found = rule.resolve("localhost".parse().unwrap()).await;
        assert!(found.is_err_and(|error| error.is::<Barred>()));
        let rule = Rule { listed: Arc::from(["127.0.0.0/8".parse().unwrap()]), only_listed: true };
        let found: Vec<_> = rule.resolve("localhost".parse().unwrap()).await.unwrap().collect();
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()));
    }
}
