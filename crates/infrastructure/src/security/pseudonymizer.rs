//! Pseudonyms for logs.

use std::sync::Arc;

use aws_lc_rs::hmac;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::pseudonymizer::Pseudonymizer;
use time::Duration;

use crate::security::secret_key::SecretKeyRing;

/// HMAC-SHA256 under a key that is derived anew for each period: once the logs of a period are deleted, nothing that
/// is still written leads back into them. Cut to 64 bits, which keep a million subjects apart.
pub struct KeyedPseudonymizer {
    keys: Arc<SecretKeyRing>,
    clock: Arc<dyn Clock>,
    period: Duration,
}

impl KeyedPseudonymizer {
    /// With a period as long as logs are kept.
    pub fn new(keys: Arc<SecretKeyRing>, clock: Arc<dyn Clock>, period: Duration) -> Self {
        Self { keys, clock, period }
    }

    fn name(&self, purpose: &str, subject: &str) -> String {
        let Ok(key) = self.keys.derive(purpose) else {
            // A log line is better without a name than with the real one.
            return "unnamed".to_owned();
        };
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()), subject.as_bytes());
        let name: u64 = tag.as_ref().iter().take(8).fold(0, |name, octet| name << 8 | u64::from(*octet));
        format!("{name:016x}")
    }
}

impl Pseudonymizer for KeyedPseudonymizer {
    fn pseudonym(&self, subject: &str) -> String {
        let period = self.clock.now().unix_timestamp().div_euclid(self.period.whole_seconds().max(1));
        self.name(&format!("pseudonyms {period}"), subject)
    }

    fn fingerprint(&self, subject: &str) -> String {
        self.name("fingerprints", subject)
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::{FixedClock, NOW};

    use crate::security::secret_key::SecretKey;

    use super::*;

    fn pseudonymizer(key: u8, clock: &Arc<FixedClock>) -> KeyedPseudonymizer {
        let keys = SecretKeyRing::new(SecretKey::new([key; 32]), None);
        KeyedPseudonymizer::new(Arc::new(keys), Arc::clone(clock) as Arc<dyn Clock>, Duration::days(30))
    }

    #[test]
    fn a_pseudonym_is_stable_within_a_period_and_changes_with_it() {
        let clock = Arc::new(FixedClock::at(NOW));
        let names = pseudonymizer(1, &clock);
        let first = names.pseudonym("given@example.com");
        assert_eq!(first.len(), 16);
        assert!(first.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(names.pseudonym("given@example.com"), first);
        assert_ne!(names.pseudonym("firstname@example.com"), first);
        clock.advance(Duration::days(30));
        assert_ne!(names.pseudonym("given@example.com"), first);
    }

    #[test]
    fn a_fingerprint_outlives_periods_and_is_no_pseudonym() {
        let clock = Arc::new(FixedClock::at(NOW));
        let names = pseudonymizer(1, &clock);
        let first = names.fingerprint("given@example.com");
        assert_ne!(names.pseudonym("given@example.com"), first);
        assert_ne!(names.fingerprint("firstname@example.com"), first);
        assert_ne!(pseudonymizer(2, &clock).fingerprint("given@example.com"), first);
        clock.advance(Duration::days(300));
        assert_eq!(names.fingerprint("given@example.com"), first);
    }

    #[test]
    fn without_the_key_it_cannot_be_made() {
        let clock = Arc::new(FixedClock::at(NOW));
        let of = |key| pseudonymizer(key, &clock).pseudonym("given@example.com");
        assert_ne!(of(1), of(2));
    }
}
