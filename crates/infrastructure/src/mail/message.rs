//! A rendered mail as a message (RFC 5322, MIME).

use std::net::IpAddr;
use std::sync::Arc;

use countersign_application::ports::clock::Clock;
use countersign_application::ports::mail_renderer::RenderedMail;
use countersign_application::ports::mailer::MailError;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use crate::mail::error::MailSettingsError;
use crate::mail::links::{host, public_url};

/// What stands in the head of every message.
#[derive(Clone, Debug)]
pub struct MessageSettings {
    /// The public URL of the service; its host makes Message-IDs unique in the world.
    pub public_url: String,
    /// The sender, such as `Example <no-reply@example.com>`.
    pub sender: String,
    /// The address of the envelope, where mail servers send what they could not deliver; without one, the sender's.
    pub envelope_sender: Option<String>,
}

/// The sender of a service that was not told one: `no-reply` at the host of its public URL.
pub fn default_sender(product: &str, public_url: &str) -> String {
    let host = host(public_url).filter(|host| is_domain(host)).unwrap_or_else(|| "localhost".to_owned());
    let name: String = product.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
    format!("{} <no-reply@{host}>", name.trim()).trim().to_owned()
}

fn is_domain(host: &str) -> bool {
    !host.starts_with('[') && host.parse::<IpAddr>().is_err()
}

/// Makes messages of rendered mails.
pub(crate) struct MessageFormat {
    sender: Mailbox,
    envelope_sender: Address,
    host: String,
    clock: Arc<dyn Clock>,
}

impl MessageFormat {
    pub(crate) fn new(settings: &MessageSettings, clock: Arc<dyn Clock>) -> Result<Self, MailSettingsError> {
        let sender: Mailbox = settings.sender.parse().map_err(|_malformed| MailSettingsError::Sender)?;
        let envelope_sender = match &settings.envelope_sender {
            Some(address) => address.parse().map_err(|_malformed| MailSettingsError::EnvelopeSender)?,
            None => sender.email.clone(),
        };
        let host = host(&public_url(&settings.public_url)?).ok_or(MailSettingsError::PublicUrl)?;
        Ok(Self { sender, envelope_sender, host, clock })
    }

    /// The message. Its Message-ID comes from the mail's id, so that a mail sent twice is recognised as one.
    pub(crate) fn message(&self, mail: &RenderedMail) -> Result<Message, MailError> {
        let recipient: Address =
            mail.recipient.as_str().parse().map_err(|_malformed| unusable("SMTP does not carry this address"))?;
        let envelope = Envelope::new(Some(self.envelope_sender.clone()), vec![recipient.clone()])
            .map_err(|_without_recipient| unusable("no message can be made of it"))?;
        let bodies = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &mail.text)?)
            .singlepart(part(ContentType::TEXT_HTML, &mail.html)?);
        Message::builder()
            .envelope(envelope)
            .from(self.sender.clone())
            .to(Mailbox::new(None, recipient))
            .subject(mail.subject.replace(char::is_control, " "))
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            .date(self.clock.now().into())
            // RFC 3834: keeps holiday notices away.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(bodies)
            .map_err(|_incomplete| unusable("no message can be made of it"))
    }
}

/// A body in quoted-printable: readable as it is, and every line end is CRLF whatever the text held. A bare CR or LF
/// before a dot could end the message early and start another one (RUSTSEC-2026-0561).
fn part(content_type: ContentType, text: &str) -> Result<SinglePart, MailError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
        .map_err(|_unencodable| unusable("its body cannot be encoded"))?;
    Ok(SinglePart::builder().header(content_type).body(body))
}

fn unusable(reason: &str) -> MailError {
    MailError::Permanent { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_sender_is_at_the_public_host() {
        assert_eq!(default_sender("Countersign", "https://id.example.com/x"), "Countersign <no-reply@id.example.com>");
        assert_eq!(default_sender("A, \"B\"", "http://127.0.0.1:8080"), "A B <no-reply@localhost>");
        assert_eq!(default_sender("", "http://[::1]:8080"), "<no-reply@localhost>");
        for sender in [default_sender("Ä B", "http://localhost"), default_sender("", "http://localhost")] {
            assert!(sender.parse::<Mailbox>().is_ok(), "{sender}");
        }
    }
}
