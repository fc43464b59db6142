//! From when until when a certificate is valid.

use rustls::pki_types::CertificateDer;
use time::{Date, Month, OffsetDateTime, Time};

/// `notBefore` and `notAfter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub from: OffsetDateTime,
    pub until: OffsetDateTime,
}

impl Validity {
    /// Of an X.509 certificate (RFC 5280, 4.1).
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let mut signed = Der(Der(Der(certificate).take(SEQUENCE)?).take(SEQUENCE)?);
        if signed.0.first() == Some(&VERSION) {
            signed.take(VERSION)?;
        }
        signed.take(INTEGER)?;
        let (_algorithm, _issuer) = (signed.take(SEQUENCE)?, signed.take(SEQUENCE)?);
        let mut validity = Der(signed.take(SEQUENCE)?);
        Some(Self { from: moment(validity.next()?)?, until: moment(validity.next()?)? })
    }
}

/// When the first of a chain ends; none if that of any of them cannot be read.
pub(crate) fn earliest_end<'a>(chain: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> Option<OffsetDateTime> {
    let ends: Option<Vec<_>> = chain.into_iter().map(|certificate| Some(Validity::of(certificate)?.until)).collect();
    ends?.into_iter().min()
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// `[0] EXPLICIT`.
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

fn moment((tag, text): (u8, &[u8])) -> Option<OffsetDateTime> {
    match tag {
        // RFC 5280, 4.1.2.5.1: 50 to 99 are of the last century.
        UTC_TIME => read(if text.first()? < &b'5' { "20" } else { "19" }, text),
        GENERALIZED_TIME => read("", text),
        _ => None,
    }
}

/// `YYYYMMDDHHMMSSZ`.
fn read(century: &str, text: &[u8]) -> Option<OffsetDateTime> {
    let text = format!("{century}{}", str::from_utf8(text).ok()?);
    let digits = text.strip_suffix('Z').filter(|digits| digits.len() == 14 && digits.is_ascii())?;
    let two = |at: usize| digits[at..at + 2].parse::<u8>().ok();
    let month = Month::try_from(two(4)?).ok()?;
    let date = Date::from_calendar_date(digits[..4].parse().ok()?, month, two(6)?).ok()?;
    Some(date.with_time(Time::from_hms(two(8)?, two(10)?, two(12)?).ok()?).assume_utc())
}

/// Elements one after the other (X.690).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, if that has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// Tag and content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81..=0x83 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;
    use time::macros::datetime;

    use super::*;

    fn certificate() -> CertificateDer<'static> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls/localhost.pem");
        CertificateDer::from_pem_file(file).unwrap()
    }

    #[test]
    fn beginning_and_end_of_a_certificate_are_read() {
        let (from, until) = (datetime!(2020-01-01 12:34:56 UTC), datetime!(2126-10-29 17:45:36 UTC));
        assert_eq!(Validity::of(&certificate()), Some(Validity { from, until }));
        assert_eq!(earliest_end(&[certificate(), certificate()]), Some(until));
        assert_eq!(earliest_end(&[certificate(), CertificateDer::from(vec![])]), None);
        assert_eq!(read("20", b"261122224116Z"), Some(datetime!(2026-11-22 22:41:16 UTC)));
    }

    #[test]
    fn what_is_no_certificate_has_no_validity_and_does_no_harm() {
        let certificate = certificate();
        for length in 0..certificate.len() {
            assert_eq!(Validity::of(&certificate[..length]), None, "{length}");
        }
        for text in ["", "Z", "261122224116", "261322224116Z", "2611222241é6Z"] {
            assert_eq!(read("20", text.as_bytes()), None, "{text}");
        }
    }
}
