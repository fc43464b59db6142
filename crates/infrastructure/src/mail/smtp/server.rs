//! The mail server that a URL names.

use std::net::IpAddr;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use url::Url;

/// A mail server and how to speak with it.
pub(crate) struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
}

enum Security {
    /// TLS from the start.
    Implicit(TlsParameters),
    /// STARTTLS or nothing.
    Required(TlsParameters),
    /// STARTTLS if offered.
    Opportunistic(TlsParameters),
}

impl Server {
    /// Reads `scheme://[user:password@]host[:port][/name][?tls=required]`; the name is the one in EHLO.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?.trim_matches(['[', ']']).to_owned();
        let mut queries = url.query_pairs();
        let tls = queries.next();
        let proven = || TlsParameters::new(host.clone()).ok();
        let (security, port) = match (url.scheme(), tls.as_ref().map(|(key, value)| (key.as_ref(), value.as_ref()))) {
            ("smtps", None) => (Security::Implicit(proven()?), SUBMISSIONS_PORT),
            ("smtp", Some(("tls", "required"))) => (Security::Required(proven()?), SUBMISSION_PORT),
            ("smtp", None) => {
                // Unproven encryption is better than none (RFC 7435), and a local relay often has a certificate of
                // its own making.
                let unproven = TlsParameters::builder(host.clone()).dangerous_accept_invalid_certs(true);
                (Security::Opportunistic(unproven.build().ok()?), SMTP_PORT)
            }
            _ => return None,
        };
        if queries.next().is_some() {
            return None;
        }
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        Some(Self { port: url.port().unwrap_or(port), security, credentials: credentials(&url)?, hello, host })
    }

    /// Whether it is another machine and nothing proves that it is the right one, or that anything is encrypted.
    pub(crate) fn is_exposed(&self) -> bool {
        let local = self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
        matches!(self.security, Security::Opportunistic(_)) && !local
    }

    pub(crate) const fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// A connection ready to take mails. It takes as long as the server wants.
    pub(crate) async fn connect(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let implicit = match &self.security {
            Security::Implicit(tls) => Some(tls.clone()),
            Security::Required(_) | Security::Opportunistic(_) => None,
        };
        let address = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, implicit, None).await?;
        match &self.security {
            Security::Required(tls) => connection.starttls(tls.clone(), &self.hello).await?,
            Security::Opportunistic(tls) if connection.can_starttls() => {
                connection.starttls(tls.clone(), &self.hello).await?;
            }
            Security::Implicit(_) | Security::Opportunistic(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// User and password; `None` outside for a URL whose user is not text, inside for one without.
#[expect(clippy::option_option, reason = "absent and malformed are two answers")]
fn credentials(url: &Url) -> Option<Option<Credentials>> {
    let Some(password) = url.password() else { return url.username().is_empty().then_some(None) };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    Some(Some(Credentials::new(decoded(url.username())?, decoded(password)?)))
}
