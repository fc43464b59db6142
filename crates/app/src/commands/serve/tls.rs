//! TLS of the listener.

mod pair;
mod renewal;
mod validity;

use std::sync::Arc;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::serve::tls::renewal::{CurrentCertificate, Renewal};
pub(crate) use crate::commands::serve::tls::validity::{Validity, earliest_end};
use crate::settings::{PublicUrl, TlsFiles};

/// Whether the listener could serve with these files.
pub(crate) fn check(files: &TlsFiles) -> anyhow::Result<()> {
    pair::read(files).map(drop)
}

/// The certificate of the listener itself, which goes with its key, and those of authorities behind it.
pub(crate) fn chain(files: &TlsFiles) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    Ok(pair::read(files)?.cert)
}

/// What the listener speaks with, and a task that never ends by itself: it takes over what the files hold later, also
/// at once at SIGHUP.
pub(crate) fn listen(
    files: TlsFiles,
    public_url: Option<PublicUrl>,
) -> anyhow::Result<(ServerConfig, impl Future<Output = ()> + Send + 'static)> {
    // Before the files are read: what changes meanwhile is seen to.
    let seen = pair::fingerprint(&files);
    let current = Arc::new(CurrentCertificate::new(pair::read(&files)?, public_url));
    let resolver = Arc::clone(&current);
    let config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
    let asked = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    Ok((config, Renewal::of(files, seen, current).watch(asked)))
}
