//! Why a mail was not taken, in words for the operator and without any address.

use std::error::Error;
use std::io;

use countersign_application::mail::delivery_reason::ANSWERED;
use lettre::transport::smtp;
use rustls::CertificateError;

/// Of an attempt to hand a mail over. Servers quote addresses in their answers, so only the code is told on.
pub(crate) fn reason(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("{ANSWERED}{code}"),
        None => without_answer(error).to_owned(),
    }
}

/// Why the mail server cannot be spoken with, and what was met at the bottom of it, for whoever runs the service. The text
/// of an answer is not told: it may quote a user.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Unreached {
    pub(crate) reason: String,
    #[source]
    pub(crate) cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Unreached {
    pub(crate) fn of(error: &smtp::Error) -> Self {
        let deepest = std::iter::successors(error.source(), |cause| (*cause).source()).last();
        let cause = deepest.filter(|_| error.status().is_none()).map(|cause| cause.to_string().into());
        Self { reason: refusal(error), cause }
    }
}

/// Of a connection that did not come about. What was answered to it says nothing of any mail.
fn refusal(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server refused the connection: {code}"),
        None => without_answer(error).to_owned(),
    }
}

fn without_answer(error: &smtp::Error) -> &'static str {
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(wrong)) => certificate(wrong),
        Some(_) => "no TLS with the mail server",
        None if error.is_tls() => "no TLS with the mail server",
        None if error.is_response() => "the mail server's answer makes no sense",
        None if error.is_client() => "the mail server does not offer what is required",
        None => "no connection to the mail server",
    }
}

fn certificate(wrong: &CertificateError) -> &'static str {
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate of the mail server has expired"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate of the mail server is for another name"
        }
        CertificateError::UnknownIssuer => "the certificate of the mail server is of nobody who is trusted",
        _ => "the certificate of the mail server is not valid",
    }
}

/// It hides in an error of I/O, which does not name it as its source.
fn tls_error(error: &smtp::Error) -> Option<&rustls::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(tls);
        }
        source = error.source();
    }
    None
}
