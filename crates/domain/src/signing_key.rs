//! The life of a key that signs access tokens.

use time::{Duration, OffsetDateTime};

/// Signature algorithms (RFC 7518, RFC 8037). No shared-secret one: with those every verifier could mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl SigningAlgorithm {
    /// Name in the `alg` header, in settings and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// Reads the exact name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa, Self::Rs256].into_iter().find(|a| a.as_str() == text)
    }
}

/// How long a key stands in the key set before it signs, so that every verifier has fetched it.
pub const ANNOUNCEMENT: Duration = Duration::minutes(10);

/// A signing key. Its private half is sealed; who opens it is the adapter's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The `kid` of its tokens (RFC 7638 thumbprint).
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// The private key, sealed with the service's secret key.
    pub sealed_private: Vec<u8>,
    /// The public key as a JWK (RFC 7517), JSON text.
    pub public_jwk: String,
    /// When it was made and announced.
    pub created_at: OffsetDateTime,
    /// When it starts to sign.
    pub active_from: OffsetDateTime,
    /// When it stopped signing because a later key took over; its tokens are honoured until they expire.
    pub retired_at: Option<OffsetDateTime>,
    /// From then on none of its tokens is accepted.
    pub refused_at: Option<OffsetDateTime>,
}

/// What a key is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// In the key set, does not sign yet.
    Announced,
    /// Signs.
    Active,
    /// Signs no more; its tokens still count.
    Honoured,
    /// Its tokens are refused.
    Refused,
}

impl KeyState {
    /// Name in listings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Active => "active",
            Self::Honoured => "honoured",
            Self::Refused => "refused",
        }
    }
}

impl SigningKey {
    /// Whether a token signed by it may still be accepted; `longest_token` is the lifetime of an access token.
    pub fn is_honoured(&self, longest_token: Duration, now: OffsetDateTime) -> bool {
        !self.is_refused() && !self.has_stopped(now - longest_token)
    }

    /// From the moment on that it is known: whoever refused it may have had a clock that is fast.
    const fn is_refused(&self) -> bool {
        self.refused_at.is_some()
    }

    fn has_stopped(&self, now: OffsetDateTime) -> bool {
        self.retired_at.is_some_and(|at| at <= now)
    }

    /// Lets it sign until then, or until it stops anyway.
    fn stop(&mut self, at: OffsetDateTime) {
        self.retired_at = Some(self.retired_at.map_or(at, |before| before.min(at)));
    }

    fn refuse(&mut self, now: OffsetDateTime) {
        self.stop(now);
        self.refused_at = Some(now);
    }
}

/// The key that signs at this moment: of those that may, the one that became active last.
pub fn active_key(keys: &[SigningKey], longest_token: Duration, now: OffsetDateTime) -> Option<&SigningKey> {
    keys.iter()
        .filter(|key| key.active_from <= now && !key.has_stopped(now))
        .filter(|key| key.is_honoured(longest_token, now))
        .max_by(|a, b| (a.active_from, &a.kid).cmp(&(b.active_from, &b.kid)))
}

/// What this key, one of `keys`, is at this moment.
pub fn state(key: &SigningKey, keys: &[SigningKey], longest_token: Duration, now: OffsetDateTime) -> KeyState {
    if !key.is_honoured(longest_token, now) {
        KeyState::Refused
    } else if active_key(keys, longest_token, now).is_some_and(|active| active.kid == key.kid) {
        KeyState::Active
    } else if now < key.active_from {
        KeyState::Announced
    } else {
        KeyState::Honoured
    }
}

/// Announces a new key: it signs after [`ANNOUNCEMENT`], and the keys before it stop then.
pub fn announce(new: &mut SigningKey, others: &mut [SigningKey], now: OffsetDateTime) {
    new.active_from = now + ANNOUNCEMENT;
    for key in others {
        key.stop(new.active_from);
    }
}

/// Puts a new key in force at once, where no other one signs: until the first announced one takes over.
pub fn start(new: &mut SigningKey, others: &[SigningKey], now: OffsetDateTime) {
    new.active_from = now;
    new.retired_at =
        others.iter().filter(|k| k.refused_at.is_none()).map(|k| k.active_from).filter(|at| *at > now).min();
}

/// The key that signs once every announced one has taken over.
pub fn lasting_key(keys: &[SigningKey], now: OffsetDateTime) -> Option<&SigningKey> {
    keys.iter()
        .filter(|key| key.refused_at.is_none() && !key.has_stopped(now))
        .max_by(|a, b| (a.active_from, &a.kid).cmp(&(b.active_from, &b.kid)))
}

/// Answers a compromise: the new key signs at once, every older one is refused at once.
pub fn replace_compromised(new: &mut SigningKey, others: &mut [SigningKey], now: OffsetDateTime) {
    new.active_from = now;
    for key in others.iter_mut().filter(|key| key.refused_at.is_none_or(|at| now < at)) {
        key.refuse(now);
    }
}

/// Refuses every token of this key from now on. A key that was to stop for its sake goes on until the next one starts.
pub fn retire(kid: &str, keys: &mut [SigningKey], now: OffsetDateTime) {
    for key in keys.iter_mut().filter(|key| key.kid == kid && key.refused_at.is_none_or(|at| now < at)) {
        key.refuse(now);
    }
    let starts: Vec<OffsetDateTime> = keys.iter().filter(|k| k.refused_at.is_none()).map(|k| k.active_from).collect();
    for key in keys.iter_mut().filter(|k| k.refused_at.is_none() && !k.has_stopped(now)) {
        key.retired_at = starts.iter().copied().filter(|start| *start > key.active_from).min();
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const TTL: Duration = Duration::minutes(15);

    fn key(kid: &str, at: OffsetDateTime) -> SigningKey {
        SigningKey {
            kid: kid.to_owned(),
            algorithm: SigningAlgorithm::Es256,
            sealed_private: vec![],
            public_jwk: String::new(),
            created_at: at,
            active_from: at,
            retired_at: None,
            refused_at: None,
        }
    }

    fn states(keys: &[SigningKey], now: OffsetDateTime) -> Vec<KeyState> {
        keys.iter().map(|k| state(k, keys, TTL, now)).collect()
    }

    #[test]
    fn algorithms_and_states_have_stable_names_and_no_shared_secret_is_an_algorithm() {
        for (name, algorithm) in [
            ("ES256", Some(SigningAlgorithm::Es256)),
            ("EdDSA", Some(SigningAlgorithm::EdDsa)),
            ("RS256", Some(SigningAlgorithm::Rs256)),
            ("es256", None),
            ("HS256", None),
            ("none", None),
        ] {
            assert_eq!(SigningAlgorithm::parse(name), algorithm, "{name}");
        }
        let states = [KeyState::Announced, KeyState::Active, KeyState::Honoured, KeyState::Refused];
        assert_eq!(states.map(KeyState::as_str), ["announced", "active", "honoured", "refused"]);
    }

    #[test]
    fn a_key_is_honoured_until_it_is_refused_or_the_last_of_its_tokens_has_expired() {
        let retired = SigningKey { retired_at: Some(NOW - TTL), ..key("a", NOW - Duration::days(30)) };
        let refused = SigningKey { refused_at: Some(NOW), ..key("a", NOW - Duration::days(30)) };
        for key in [&retired, &refused] {
            assert!(!key.is_honoured(TTL, NOW) && !key.is_honoured(TTL, NOW + Duration::DAY), "{key:?}");
        }
        assert!(retired.is_honoured(TTL, NOW - Duration::MILLISECOND));
        assert!(!refused.is_honoured(TTL, NOW - Duration::minutes(1)), "also by a clock that is slow");
        assert!(key("a", NOW).is_honoured(TTL, NOW + Duration::days(365)));
    }

    #[test]
    fn of_two_keys_of_one_moment_one_signs_and_the_other_is_honoured() {
        let keys = [key("a", NOW), key("b", NOW)];
        assert_eq!(states(&keys, NOW), [KeyState::Honoured, KeyState::Active]);
        let before = NOW - Duration::MILLISECOND;
        assert_eq!(states(&keys, before), [KeyState::Announced, KeyState::Announced]);
        assert_eq!(lasting_key(&keys, NOW), Some(&keys[1]));
    }

    #[test]
    fn an_announcement_lets_no_key_sign_longer_than_it_was_to() {
        let switch = NOW + ANNOUNCEMENT;
        let tick = Duration::MILLISECOND;
        for (before, after) in [
            (None, switch),
            (Some(switch - tick), switch - tick),
            (Some(switch), switch),
            (Some(switch + tick), switch),
        ] {
            let mut others = [SigningKey { retired_at: before, ..key("a", NOW - Duration::days(30)) }];
            let mut new = key("b", NOW);
            announce(&mut new, &mut others, NOW);
            assert_eq!((others[0].retired_at, new.active_from, new.retired_at), (Some(after), switch, None));
        }
    }

    #[test]
    fn a_key_put_in_force_signs_until_the_first_announced_one_that_is_not_refused_takes_over() {
        let soon = NOW + Duration::minutes(5);
        let stopped = |at| SigningKey { retired_at: Some(NOW), ..key("stopped", at) };
        let refused = SigningKey { refused_at: Some(NOW), ..key("refused", NOW + Duration::minutes(1)) };
        for (others, until) in [
            (vec![], None),
            (vec![stopped(NOW - Duration::DAY), stopped(NOW), refused.clone()], None),
            (vec![key("later", soon + Duration::HOUR), refused, key("soon", soon), stopped(NOW)], Some(soon)),
        ] {
            let mut new = key("new", NOW - Duration::minutes(1));
            start(&mut new, &others, NOW);
            assert_eq!((new.active_from, new.retired_at), (NOW, until));
        }
    }

    #[test]
    fn the_lasting_key_is_the_last_one_to_start_of_those_that_do_not_stop_first() {
        let last = key("last", NOW + Duration::minutes(5));
        let keys = [
            SigningKey { retired_at: Some(NOW + Duration::minutes(5)), ..key("signs", NOW - Duration::DAY) },
            last.clone(),
            SigningKey { retired_at: Some(NOW), ..key("stopped", NOW + Duration::minutes(6)) },
            SigningKey { refused_at: Some(NOW), ..key("refused", NOW + Duration::minutes(7)) },
        ];
        assert_eq!(lasting_key(&keys, NOW), Some(&last));
        assert_eq!(lasting_key(&keys[..1], NOW), Some(&keys[0]), "until it stops");
        assert_eq!(lasting_key(&keys[..1], NOW + Duration::minutes(5)), None);
        assert_eq!(lasting_key(&keys[2..], NOW), None);
    }

    #[test]
    fn a_rotation_is_announced_then_signs_while_the_former_is_honoured() {
        let mut keys = vec![key("a", NOW - Duration::days(30))];
        let mut new = key("b", NOW);
        announce(&mut new, &mut keys, NOW);
        keys.push(new);
        assert_eq!(states(&keys, NOW), [KeyState::Active, KeyState::Announced]);
        let switch = NOW + ANNOUNCEMENT;
        assert_eq!(states(&keys, switch - Duration::seconds(1)), [KeyState::Active, KeyState::Announced]);
        assert_eq!(states(&keys, switch), [KeyState::Honoured, KeyState::Active]);
        assert_eq!(states(&keys, switch + TTL), [KeyState::Refused, KeyState::Active]);
    }

    #[test]
    fn a_compromise_refuses_every_older_key_at_once() {
        let mut keys = vec![key("a", NOW - Duration::days(30)), key("b", NOW + Duration::minutes(5))];
        let mut new = key("c", NOW);
        replace_compromised(&mut new, &mut keys, NOW);
        keys.push(new);
        assert_eq!(states(&keys, NOW), [KeyState::Refused, KeyState::Refused, KeyState::Active]);
    }

    #[test]
    fn two_rotations_in_a_row_leave_one_active_key_at_every_moment() {
        let mut keys = vec![key("a", NOW - Duration::days(30))];
        for (kid, at) in [("b", NOW), ("c", NOW + Duration::minutes(3))] {
            let mut new = key(kid, at);
            announce(&mut new, &mut keys, at);
            keys.push(new);
        }
        for minute in 0..60 {
            let now = NOW + Duration::minutes(minute);
            let active = states(&keys, now).into_iter().filter(|s| *s == KeyState::Active).count();
            assert_eq!(active, 1, "minute {minute}");
        }
    }

    #[test]
    fn retiring_an_announced_key_leaves_the_one_before_it_in_force() {
        let mut keys = vec![key("a", NOW - Duration::days(30))];
        let mut new = key("b", NOW);
        announce(&mut new, &mut keys, NOW);
        keys.push(new);
        retire("b", &mut keys, NOW + Duration::minutes(1));
        assert_eq!(states(&keys, NOW + Duration::days(1)), [KeyState::Active, KeyState::Refused]);
    }

    #[test]
    fn retiring_the_middle_one_of_three_hands_over_to_the_last() {
        let mut keys = vec![key("a", NOW - Duration::days(30))];
        for (kid, at) in [("b", NOW), ("c", NOW + Duration::minutes(3))] {
            let mut new = key(kid, at);
            announce(&mut new, &mut keys, at);
            keys.push(new);
        }
        retire("b", &mut keys, NOW + Duration::minutes(4));
        let switch = NOW + Duration::minutes(13);
        let before = states(&keys, switch - Duration::seconds(1));
        assert_eq!(before, [KeyState::Active, KeyState::Refused, KeyState::Announced]);
        assert_eq!(states(&keys, switch), [KeyState::Honoured, KeyState::Refused, KeyState::Active]);
    }

    #[test]
    fn refusing_keys_makes_no_time_later_than_it_was() {
        let earlier = NOW - Duration::HOUR;
        let later = NOW + Duration::minutes(1);
        for (before, after) in [
            ((None, None), (NOW, NOW)),
            ((Some(earlier), None), (earlier, NOW)),
            ((Some(later), None), (NOW, NOW)),
            ((Some(earlier), Some(earlier)), (earlier, earlier)),
            ((Some(NOW), Some(NOW)), (NOW, NOW)),
            // Refused by a node whose clock is ahead.
            ((Some(later), Some(later)), (NOW, NOW)),
        ] {
            let former =
                SigningKey { retired_at: before.0, refused_at: before.1, ..key("a", NOW - Duration::days(30)) };
            let expected = SigningKey { retired_at: Some(after.0), refused_at: Some(after.1), ..former.clone() };
            let (mut compromised, mut retired) = ([former.clone()], [former]);
            replace_compromised(&mut key("new", NOW), &mut compromised, NOW);
            retire("a", &mut retired, NOW);
            assert_eq!([&compromised[0], &retired[0]], [&expected; 2]);
        }
    }

    #[test]
    fn a_key_that_has_stopped_does_not_sign_again_because_a_later_one_is_retired() {
        for stopped_at in [NOW - Duration::HOUR, NOW] {
            let stopped = SigningKey { retired_at: Some(stopped_at), ..key("stopped", NOW - Duration::DAY) };
            let mut keys = [stopped.clone(), key("retired", stopped_at), key("next", NOW + Duration::HOUR)];
            retire("retired", &mut keys, NOW);
            assert_eq!(keys[0], stopped);
            assert_eq!(states(&keys, NOW)[1..], [KeyState::Refused, KeyState::Announced]);
        }
    }
}
