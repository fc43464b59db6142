//! Randomness.

use countersign_application::ports::secret_generator::SecretGenerator;

/// Draws from the generator of the operating system (ASVS 11.5.1). That of AWS-LC would gather entropy of its own at the
/// first call of the process, for some thirty milliseconds, and a start would wait for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSecretGenerator;

impl SecretGenerator for SystemSecretGenerator {
    #[expect(clippy::expect_used, reason = "without randomness nothing may go on")]
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that the port asks")]
    fn octets(&self) -> [u8; 32] {
        let mut octets = [0; 32];
        getrandom::fill(&mut octets).expect("the system's random generator");
        octets
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn octets_do_not_repeat() {
        let drawn: HashSet<[u8; 32]> = (0..1_000).map(|_| SystemSecretGenerator.octets()).collect();
        assert_eq!(drawn.len(), 1_000);
        assert!(!drawn.contains(&[0; 32]));
    }
}
