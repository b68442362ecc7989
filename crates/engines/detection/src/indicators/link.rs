//! Links, in records and lists alike: where they end in running text, and what of them is compared. The scheme is not:
//! the same page is asked for by either, and records of proxies often leave it out.

/// A link, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link<'t> {
    pub(super) scheme: &'t str,
    /// Without user, port and trailing dot; IPv6 with its brackets.
    pub(super) host: &'t str,
    /// Empty where it is the scheme's own.
    pub(super) port: &'t str,
    /// Path and query, without fragment; may be empty.
    pub(super) path: &'t str,
    /// Bytes of the text that belong to the link.
    pub(super) length: usize,
}

impl<'t> Link<'t> {
    /// The link that `text` begins with.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let whole = text.get(..reach(text))?.trim_end_matches(['.', ',', ';', ':', '!', ')']);
        let (scheme, rest) = whole.split_once("://")?;
        let sound = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        if !scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !scheme.chars().all(sound) {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let named = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match named.rfind(']') {
            Some(bracket) => named.split_at(bracket + 1),
            None => named.split_at(named.find(':').unwrap_or(named.len())),
        };
        let port = port.strip_prefix(':').unwrap_or(port);
        if !port.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let host = host.trim_end_matches('.');
        let path = path.split('#').next().unwrap_or_default();
        let port = if is_own_port(scheme, port) { "" } else { port };
        (!host.is_empty()).then_some(Self { scheme, host, port, path, length: whole.len() })
    }

    /// What is compared: host, port, path and query; `host` in ASCII.
    pub(super) fn key(self, host: &str) -> impl Iterator<Item = u8> + Clone {
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        let colon = if self.port.is_empty() { "" } else { ":" };
        let host = host.bytes().map(|byte| byte.to_ascii_lowercase());
        host.chain(colon.bytes()).chain(self.port.bytes()).chain(slash.bytes()).chain(self.path.bytes())
    }
}

/// Bytes up to the first letter that no link holds.
pub(super) fn reach(text: &str) -> usize {
    let is_end = |letter: char| letter.is_whitespace() || letter.is_control() || "\"'`<>\\^{|}".contains(letter);
    text.find(is_end).unwrap_or(text.len())
}

fn is_own_port(scheme: &str, port: &str) -> bool {
    [("http", "80"), ("https", "443"), ("ftp", "21")]
        .iter()
        .any(|(name, own)| scheme.eq_ignore_ascii_case(name) && port == *own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        let link = Link::read(text)?;
        String::from_utf8(link.key(link.host).collect()).ok()
    }

    #[test]
    fn what_means_the_same_has_one_key() {
        for text in [
            "http://evil.example/a?b=1#c",
            "HTTPS://user:word@EVIL.example.:443/a?b=1",
            "http://evil.example:80/a?b=1').invoke()",
            "hxp://evil.example/a?b=1, and",
        ] {
            assert_eq!(key(text).as_deref(), Some("evil.example/a?b=1"), "{text}");
        }
        assert_eq!(key("http://evil.example").as_deref(), Some("evil.example/"));
        assert_eq!(key("http://evil.example?a").as_deref(), Some("evil.example/?a"));
        assert_eq!(key("https://[2001:DB8::1]:8443/A").as_deref(), Some("[2001:db8::1]:8443/A"));
    }

    #[test]
    fn what_is_no_link_is_none() {
        for text in ["http://", "http:///x", "http://a:b/", "://x", "1http://x", "evil.example/x"] {
            assert_eq!(Link::read(text), None, "{text}");
        }
    }
}
