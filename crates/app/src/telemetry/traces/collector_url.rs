//! Where traces go.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::secret::Secret;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// The URL of a collector that takes OTLP over HTTP, in its parts. What stands in it beyond host and port may be a
/// secret, and is never shown.
#[derive(Clone)]
pub(crate) struct CollectorUrl {
    /// Whether it is https.
    pub is_secure: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// Port, that of the scheme if none is given.
    pub port: u16,
    /// Host and port as a request names them.
    pub authority: String,
    /// What traces are posted to.
    pub path: Secret,
    /// `Authorization` of user and password.
    pub authorization: Option<Secret>,
}

impl CollectorUrl {
    /// Reads the base URL, as in `http://127.0.0.1:4318`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let not_a_url = || "is a URL that starts with http:// or https://, such as http://127.0.0.1:4318".to_owned();
        let url = Url::parse(text).map_err(|_malformed| not_a_url())?;
        let is_secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(not_a_url()),
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a query or a fragment; it is the base, to which v1/traces is added".to_owned());
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(not_a_url()),
        };
        let base = url.path().trim_end_matches('/');
        if base.ends_with("/v1/traces") {
            return Err("is the base, to which v1/traces is added; leave that out".to_owned());
        }
        let port = url.port_or_known_default().ok_or_else(not_a_url)?;
        let shown = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| shown.to_owned(), |port| format!("{shown}:{port}"));
        let path = Secret::new(format!("{base}/v1/traces"));
        Ok(Self { is_secure, host, port, authority, path, authorization: authorization(&url) })
    }
}

fn authorization(url: &Url) -> Option<Secret> {
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    let has_any = !user.is_empty() || !password.is_empty();
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    has_any.then(|| Secret::new(format!("Basic {}", STANDARD.encode(credentials))))
}

impl fmt::Debug for CollectorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorUrl").field("authority", &self.authority).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = CollectorUrl::parse("https://us%20er:p%40ss@collector.example.org/otlp/").unwrap();
        assert!(url.is_secure);
        assert_eq!((url.host.as_str(), url.port), ("collector.example.org", 443));
        assert_eq!((url.authority.as_str(), url.path.expose()), ("collector.example.org", "/otlp/v1/traces"));
        assert_eq!(url.authorization.unwrap().expose(), format!("Basic {}", STANDARD.encode("us er:p@ss")));
        let url = CollectorUrl::parse("http://[::1]:4318").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.authority.as_str()), ("::1", 4318, "[::1]:4318"));
        assert_eq!((url.path.expose(), url.authorization.is_none()), ("/v1/traces", true));
    }

    #[test]
    fn what_is_no_base_is_refused() {
        for bad in [
            "",
            "collector:4318",
            "grpc://collector:4317",
            "http://",
            "http://c/?k=v",
            "http://c/#x",
            "http://c/v1/traces",
        ] {
            assert!(CollectorUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let shown = format!("{:?}", CollectorUrl::parse("https://user:password@c.example.org/key").unwrap());
        assert!(!shown.contains("user") && !shown.contains("password") && !shown.contains("key"), "{shown}");
    }
}
