//! A renewed certificate is taken over while the listener serves.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::gauge;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use tokio::signal::unix::Signal;

use crate::commands::doctor::certificate::warn_of;
use crate::commands::serve::tls::{earliest_end, pair};
use crate::settings::{PublicUrl, TlsFiles};

/// How often the files are looked at.
const POLL: Duration = Duration::from_secs(5);

/// What new connections are shown.
#[derive(Debug)]
pub(crate) struct CurrentCertificate {
    shown: RwLock<Arc<CertifiedKey>>,
    public_url: Option<PublicUrl>,
}

impl CurrentCertificate {
    pub(crate) fn new(first: CertifiedKey, public_url: Option<PublicUrl>) -> Self {
        measure(&first);
        warn_of(&first.cert, public_url.as_ref());
        Self { shown: RwLock::new(Arc::new(first)), public_url }
    }

    fn exchange(&self, next: CertifiedKey) {
        measure(&next);
        warn_of(&next.cert, self.public_url.as_ref());
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}

/// When clients refuse what is shown, unless it is renewed: told to Prometheus.
fn measure(shown: &CertifiedKey) {
    let end = earliest_end(&shown.cert).map(|end| (end - OffsetDateTime::UNIX_EPOCH).as_seconds_f64());
    gauge!("countersign_tls_certificate_expiration_timestamp_seconds").set(end.unwrap_or(f64::NAN));
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Looks at the files again and again.
pub(crate) struct Renewal {
    files: TlsFiles,
    current: Arc<CurrentCertificate>,
    /// What the files held at the last look.
    seen: u64,
    /// Whether that was taken, or complained of.
    is_settled: bool,
}

impl Renewal {
    /// Of what is current since these files had this fingerprint.
    pub(crate) fn of(files: TlsFiles, seen: u64, current: Arc<CurrentCertificate>) -> Self {
        Self { files, current, seen, is_settled: true }
    }

    /// Looks every few seconds, and at once when asked.
    pub(crate) async fn watch(mut self, mut asked: Signal) {
        loop {
            let is_asked = tokio::select! {
                () = tokio::time::sleep(POLL) => false,
                _ = asked.recv() => true,
            };
            // The disk may be slow, and of another machine.
            let look = move || {
                self.look(is_asked);
                self
            };
            match tokio::task::spawn_blocking(look).await {
                Ok(renewal) => self = renewal,
                Err(_stopping) => return,
            }
        }
    }

    fn look(&mut self, is_asked: bool) {
        let found = pair::fingerprint(&self.files);
        let is_new = found != self.seen;
        if is_new {
            self.seen = found;
            self.is_settled = false;
        }
        if self.is_settled && !is_asked {
            return;
        }
        match pair::read(&self.files) {
            Ok(next) => {
                self.current.exchange(next);
                tracing::info!(changed = is_new, "took the certificate of server.tls_cert for new connections");
            }
            // One of the two files may be written already and the other not yet: the next look tells.
            Err(_) if is_new && !is_asked => return,
            Err(error) => tracing::error!(
                error = &*error as &dyn std::error::Error,
                "the new server.tls_cert and server.tls_key cannot be used, and the former go on; put a certificate chain and its key there: no restart is needed, and one would fail"
            ),
        }
        self.is_settled = true;
    }
}
