//! The service over HTTPS.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};

use crate::issuer::{Issuer, Unreachable};

const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(5);
/// Many times what a set of some keys takes.
const LARGEST_KEY_SET: usize = 256 * 1024;

/// Asks `GET /.well-known/jwks.json` and `GET /auth/me` of a service, within 5 s, and follows no redirect.
#[derive(Clone, Debug)]
pub struct HttpIssuer {
    client: Client,
    key_set: Url,
    me: Url,
}

/// The address of the service is none.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no address of a service: give one such as https://id.example.com")]
pub struct NotAnAddress(String, #[source] Option<reqwest::Error>);

impl HttpIssuer {
    /// At its public URL, whatever path that has. Over plain `http` whoever is on the line decides which keys are good: use it
    /// within one machine, or a network that you trust.
    ///
    /// # Errors
    /// It is not an absolute `http` or `https` URL.
    pub fn new(public_url: &str) -> Result<Self, NotAnAddress> {
        let below = |path: &str| {
            let url = Url::parse(&format!("{}{path}", public_url.trim_end_matches('/'))).ok()?;
            (matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()).then_some(url)
        };
        let none = |source| NotAnAddress(public_url.to_owned(), source);
        let key_set = below("/.well-known/jwks.json").ok_or_else(|| none(None))?;
        let me = below("/auth/me").ok_or_else(|| none(None))?;
        let client = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT).timeout(ANSWER).build();
        Ok(Self { client: client.map_err(|error| none(Some(error)))?, key_set, me })
    }
}

#[async_trait]
impl Issuer for HttpIssuer {
    async fn key_set(&self) -> Result<Vec<u8>, Unreachable> {
        let mut response = self.client.get(self.key_set.clone()).send().await.map_err(unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(unexpected(&response));
        }
        let mut json = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            json.extend_from_slice(&chunk);
            if json.len() > LARGEST_KEY_SET {
                return Err(Unreachable::because("its key set is larger than 256 KiB"));
            }
        }
        Ok(json)
    }

    async fn accepts(&self, token: &str) -> Result<bool, Unreachable> {
        let response = self.client.get(self.me.clone()).bearer_auth(token).send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::OK => Ok(true),
            StatusCode::UNAUTHORIZED => Ok(false),
            // Whoever answers so may have been displeased by this token, or by its length.
            StatusCode::BAD_REQUEST
            | StatusCode::FORBIDDEN
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                Err(Unreachable::for_one_token(unexpected_status(&response)))
            }
            // 404, 3xx: another URL is meant.
            _ => Err(unexpected(&response)),
        }
    }
}

fn unexpected(response: &Response) -> Unreachable {
    Unreachable::because(unexpected_status(response))
}

fn unexpected_status(response: &Response) -> String {
    format!("{} answered {}", response.url().path(), response.status())
}

/// With its causes, of which the first says nothing by itself.
fn unreachable(error: reqwest::Error) -> Unreachable {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason.push_str(": ");
        reason.push_str(&error.to_string());
        cause = error.source();
    }
    Unreachable::because(reason)
}
