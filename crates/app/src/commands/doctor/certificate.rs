//! Certificate and key of the listener, how long the certificate lasts, and whose it is.

use anyhow::{Context as _, ensure};
use countersign_application::ports::clock::Clock as _;
use countersign_infrastructure::system::SystemClock;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use time::{Duration, OffsetDateTime};

use crate::commands::doctor::finding::{Found, Remark};
use crate::commands::serve::tls::{self, Validity, earliest_end};
use crate::settings::{PublicUrl, Settings, advice};

/// Whoever renews certificates by itself does so earlier.
const SOON: Duration = Duration::days(14);

/// Whether they belong together, and clients take the certificate now, for some time, and for this service.
pub(crate) fn examine(settings: &Settings, now: OffsetDateTime) -> Found {
    let Some(files) = &settings.server.tls else {
        return Ok(Remark::advised(advice::on_listener(settings), "not set"));
    };
    judge(&tls::chain(files)?, settings.server.public_url.as_ref(), now)
}

/// Says so in the log where clients do not take what is shown, or not for long; the listener goes on, for a renewed one is
/// taken over without a restart.
pub(crate) fn warn_of(chain: &[CertificateDer<'static>], public_url: Option<&PublicUrl>) {
    match judge(chain, public_url, SystemClock.now()) {
        Ok(Remark::Warning(warning)) => tracing::warn!("{warning}"),
        Ok(_) => {}
        Err(error) => tracing::error!("{error:#}"),
    }
}

fn judge(chain: &[CertificateDer<'static>], public_url: Option<&PublicUrl>, now: OffsetDateTime) -> Found {
    let (certificate, rest) = chain.split_first().context("server.tls_cert holds no certificate")?;
    let validity = Validity::of(certificate)
        .context("server.tls_cert has beginning and end that cannot be read; have it made again")?;
    let (from, end) = (validity.from, validity.until);
    ensure!(now < end, "the certificate of server.tls_cert expired on {}; renew it", end.date());
    ensure!(
        from <= now,
        "the certificate of server.tls_cert is valid from {from} only; see that the clock of this machine is right, or wait"
    );
    let warnings = [soon(end, now), expired_behind(rest, now), stranger(certificate, public_url)];
    let warnings: Vec<String> = warnings.into_iter().flatten().collect();
    if !warnings.is_empty() {
        return Ok(Remark::Warning(warnings.join("; ")));
    }
    Ok(Remark::Fine(format!("the certificate is valid until {}, in {} days", end.date(), (end - now).whole_days())))
}

fn soon(end: OffsetDateTime, now: OffsetDateTime) -> Option<String> {
    let days = (end - now).whole_days();
    (end - now < SOON).then(|| {
        format!(
            "the certificate of server.tls_cert ends on {}, in {days} days: renew it, and see why nobody has",
            end.date()
        )
    })
}

/// Clients that know another way to an authority do not mind.
fn expired_behind(rest: &[CertificateDer<'static>], now: OffsetDateTime) -> Option<String> {
    let end = earliest_end(rest).filter(|end| *end <= now)?;
    Some(format!(
        "a certificate of an authority in server.tls_cert expired on {}: have the chain made again",
        end.date()
    ))
}

/// Behind a proxy that speaks TLS itself nobody may mind.
fn stranger(certificate: &CertificateDer<'static>, public_url: Option<&PublicUrl>) -> Option<String> {
    let host = public_url?.bare_host();
    let name = ServerName::try_from(host).ok()?;
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    verify_server_name(&parsed, &name).is_err().then(|| {
        format!(
            "the certificate of server.tls_cert is not for {host}, which server.public_url names: browsers refuse it there; \
             have one made for that name"
        )
    })
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;
    use time::macros::datetime;

    use super::*;

    /// For localhost, from 2020-01-01 12:34:56 until 2126-10-29 17:45:36.
    fn certificate() -> CertificateDer<'static> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls/localhost.pem");
        CertificateDer::from_pem_file(file).unwrap()
    }

    #[test]
    fn a_certificate_is_taken_from_its_beginning_to_its_end_and_warned_of_in_its_last_fortnight() {
        let at = |now| judge(&[certificate()], None, now);
        let early = at(datetime!(2020-01-01 12:34:55 UTC)).unwrap_err().to_string();
        assert!(early.contains("valid from 2020-01-01 12:34:56") && early.contains("clock of this machine"), "{early}");
        for now in [datetime!(2020-01-01 12:34:56 UTC), datetime!(2126-10-15 17:45:36 UTC)] {
            assert!(matches!(at(now), Ok(Remark::Fine(_))), "{now}");
        }
        for (now, days) in [(datetime!(2126-10-15 17:45:37 UTC), 13), (datetime!(2126-10-29 17:45:35 UTC), 0)] {
            let Ok(Remark::Warning(told)) = at(now) else { panic!("{now}") };
            assert!(told.contains(&format!("ends on 2126-10-29, in {days} days: renew it")), "{told}");
        }
        let late = at(datetime!(2126-10-29 17:45:36 UTC)).unwrap_err().to_string();
        assert!(late.contains("expired on 2126-10-29; renew it"), "{late}");
    }

    #[test]
    fn a_certificate_of_another_name_than_the_public_url_is_warned_of() {
        let named =
            |url| judge(&[certificate()], Some(&PublicUrl::parse(url).unwrap()), datetime!(2030-01-01 0:00 UTC));
        for url in ["https://localhost", "https://localhost:8443", "https://127.0.0.1"] {
            assert!(matches!(named(url), Ok(Remark::Fine(_))), "{url}");
        }
        for (url, host) in [("https://accounts.example.org", "accounts.example.org"), ("https://[::1]:8443", "::1")] {
            let Ok(Remark::Warning(told)) = named(url) else { panic!("{url}") };
            assert!(told.contains(&format!("is not for {host}, which server.public_url names")), "{told}");
        }
    }
}
