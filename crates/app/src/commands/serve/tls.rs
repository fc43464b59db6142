//! TLS of the listener.

mod pair;
mod renewal;

use std::sync::Arc;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::serve::tls::renewal::{CurrentCertificate, Renewal};
use crate::settings::TlsFiles;

/// Whether the listener could serve with these files.
pub(crate) fn check(files: &TlsFiles) -> anyhow::Result<()> {
    pair::read(files).map(drop)
}

/// The certificate of the listener itself, which goes with its key.
pub(crate) fn certificate(files: &TlsFiles) -> anyhow::Result<CertificateDer<'static>> {
    pair::read(files)?.cert.into_iter().next().context("server.tls_cert holds no certificate")
}

/// What the listener speaks with, and a task that never ends by itself: it takes over what the files hold later, also
/// at once at SIGHUP.
pub(crate) fn listen(files: TlsFiles) -> anyhow::Result<(ServerConfig, impl Future<Output = ()> + Send + 'static)> {
    // Before the files are read: what changes meanwhile is seen to.
    let seen = pair::fingerprint(&files);
    let current = Arc::new(CurrentCertificate::new(pair::read(&files)?));
    let resolver = Arc::clone(&current);
    let config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
    let asked = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    Ok((config, Renewal::of(files, seen, current).watch(asked)))
}
