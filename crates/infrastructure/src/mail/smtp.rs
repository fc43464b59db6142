//! SMTP as the way out.

mod reason;
mod server;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign_application::mail::delivery_reason::REFUSED;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::mail_renderer::RenderedMail;
use countersign_application::ports::mailer::{MailError, Mailer};
use countersign_application::spans;
use countersign_domain::secret::Secret;
use lettre::Message;
use lettre::transport::smtp;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::mail::error::MailSettingsError;
use crate::mail::message::{MessageFormat, MessageSettings};
use crate::mail::smtp::reason::reason;
use crate::mail::smtp::server::Server;

/// Where mail is handed over, and how long that may take.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// `smtps://user:password@host` (TLS from the start), `smtp://host?tls=required` (STARTTLS or nothing), or
    /// `smtp://host`: STARTTLS if offered, whatever the certificate, else in the clear; with a password only to this
    /// machine.
    pub url: Secret,
    /// Longest time for one mail, the connection included.
    pub timeout: Duration,
}

pub use crate::mail::smtp::reason::Unreached;

const LATE: &str = "the mail server did not answer in time";
/// A connection that was not used for longer is not trusted to be there.
const IDLE: Duration = Duration::from_secs(30);

/// Hands mails to a mail server. Connections are kept for the next mails: as many as were in use at once.
pub struct SmtpMailer {
    server: Server,
    timeout: Duration,
    format: MessageFormat,
    /// The last one used comes last.
    idle: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
}

/// One to which a password goes encrypted, if there is one.
fn server(url: &str) -> Result<Server, MailSettingsError> {
    let server = Server::parse(url).ok_or(MailSettingsError::SmtpUrl)?;
    if server.is_exposed() && server.has_credentials() {
        return Err(MailSettingsError::SmtpPassword);
    }
    Ok(server)
}

impl SmtpMailer {
    /// Whether mail can be sent with this URL; nobody is asked.
    pub fn check_url(url: &str) -> Result<(), MailSettingsError> {
        server(url).map(drop)
    }

    /// Checks the settings; connects with the first mail.
    pub fn new(
        smtp: &SmtpSettings,
        message: &MessageSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, MailSettingsError> {
        let server = server(smtp.url.expose())?;
        if server.is_exposed() {
            tracing::warn!("mail may leave this machine unencrypted: make SMTP_URL smtps://… or add ?tls=required");
        }
        Ok(Self { server, timeout: smtp.timeout, format: MessageFormat::new(message, clock)?, idle: Mutex::default() })
    }

    /// Whether the server is there, is who it should be, and takes what it is told of who comes. Sends nothing.
    pub async fn greet(&self) -> Result<(), Unreached> {
        let late = |_elapsed| Err(Unreached { reason: LATE.to_owned(), cause: None });
        let mut connection = tokio::time::timeout(self.timeout, self.connect()).await.unwrap_or_else(late)?;
        // Who says nothing to that has taken what counts.
        let _parted = tokio::time::timeout(self.timeout, connection.abort()).await;
        Ok(())
    }

    /// Whatever refuses the connection, wrong credentials or a blocked host, is not the mail's fault.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Unreached> {
        self.server.connect().await.map_err(|error| Unreached::of(&error))
    }

    /// A connection in the middle of a dialogue is dropped with this future, never kept: the next mail would take
    /// answers that belong to this one.
    async fn hand_over(&self, message: &Message) -> Result<(), MailError> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self.connect().await.map_err(|unreached| MailError::Transient { reason: unreached.reason })?,
        };
        connection.send(message.envelope(), &message.formatted()).await.map_err(|error| judge(&error))?;
        let mut idle = self.idle();
        idle.retain(|(since, _)| since.elapsed() < IDLE);
        idle.push((Instant::now(), connection));
        Ok(())
    }

    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let kept = self.idle().pop();
            let (since, mut connection) = kept?;
            if since.elapsed() < IDLE && connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, AsyncSmtpConnection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &RenderedMail) -> Result<(), MailError> {
        let message = self.format.message(mail)?;
        // A trace of its own: nobody waits for the mail.
        let span = tracing::info_span!(
            target: spans::TARGET,
            "send mail",
            otel.kind = "producer",
            otel.status_code = Empty,
            messaging.system = "smtp",
        );
        let sent = tokio::time::timeout(self.timeout, self.hand_over(&message)).instrument(span.clone()).await;
        let sent = sent.unwrap_or_else(|_elapsed| Err(late()));
        if sent.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        sent
    }
}

fn late() -> MailError {
    MailError::Transient { reason: LATE.to_owned() }
}

/// What an answer to the mail means for it. Refusals in the 5xx range that are not about this mailbox or this message
/// are about the way it was sent, and somebody will mend that.
fn judge(error: &smtp::Error) -> MailError {
    let reason = reason(error);
    match error.status().map(u16::from) {
        Some(code) if REFUSED.contains(&code) => MailError::Permanent { reason },
        _ => MailError::Transient { reason },
    }
}
