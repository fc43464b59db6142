//! The certificate and the key in the files of the settings.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, ensure};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::settings::TlsFiles;

/// Reads chain and key, and fails unless they belong together.
pub(crate) fn read(files: &TlsFiles) -> anyhow::Result<CertifiedKey> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect).with_context(|| {
            format!("cannot read server.tls_cert {}: name a PEM file that the service may read", files.cert.display())
        })?;
    ensure!(
        !chain.is_empty(),
        "server.tls_cert {} holds no certificate: name the PEM file of the chain",
        files.cert.display()
    );
    let key = PrivateKeyDer::from_pem_file(&files.key).with_context(|| {
        format!("cannot read server.tls_key {}: name a PEM file that the service may read", files.key.display())
    })?;
    CertifiedKey::from_der(chain, key, &default_provider())
        .context("server.tls_cert and server.tls_key do not belong together: name chain and key of one renewal")
}

/// Differs when the files do, whatever their times say: links that are swapped keep those of what they point to.
pub(crate) fn fingerprint(files: &TlsFiles) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in [&files.cert, &files.key] {
        std::fs::read(path).map_err(|error| error.kind()).hash(&mut hasher);
    }
    hasher.finish()
}
