//! What is computed: pure functions, run by the pool.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_application::ports::password_hasher::PasswordVerdict;
use countersign_domain::password::PresentedPassword;
use zeroize::Zeroizing;

use crate::security::bcrypt_hasher::hash_string::{BCRYPT_BASE64, Form, HashString};

/// bcrypt takes in 72 octets; the NUL at the end of a whole password is one of them.
const BCRYPT_KEY: usize = 72;

/// Hashes the password whole.
pub(crate) fn hash(normalized: &str, cost: u32, salt: [u8; 16]) -> HashString {
    let salt_text = BCRYPT_BASE64.encode(salt);
    let mut made = HashString { form: form_of(normalized.as_bytes()), cost, salt_text, salt, digest: [0; 23] };
    made.digest = digest_of(&made, normalized.as_bytes());
    made
}

/// Compares, and costs the same for every password that is wrong, whether or not there is an account.
///
/// Two texts are tried where they differ: the normalized one, which is what is hashed here, and the octets as they came,
/// which another system may have hashed. The second is also tried, for nothing, where the first could have said it all.
pub(crate) fn verify(presented: &PresentedPassword, stored: Option<&HashString>, cost: u32) -> PasswordVerdict {
    let (normalized, raw) = (presented.expose().as_bytes(), presented.expose_raw().as_bytes());
    let decoy = decoy(cost);
    let target = stored.unwrap_or(&decoy);
    let mut verdict = PasswordVerdict::Wrong;
    if matches(target, normalized) {
        let current = target.form == form_of(normalized) && target.cost == cost;
        verdict = if current { PasswordVerdict::Right } else { PasswordVerdict::RightButOutdated };
    } else if raw != normalized && matches(target, raw) {
        verdict = PasswordVerdict::RightButOutdated;
    }
    if stored.is_none() {
        // The decoy is nobody's hash, whatever it compares to.
        verdict = PasswordVerdict::Wrong;
    }
    if verdict == PasswordVerdict::Wrong {
        let tries = if raw == normalized { 1 } else { 2 };
        (0..tries).for_each(|_| level(target.cost, cost));
    }
    verdict
}

/// The form that a password of ours gets.
fn form_of(password: &[u8]) -> Form {
    if password.len() < BCRYPT_KEY && !password.contains(&0) { Form::Plain { current: true } } else { Form::HmacSha256 }
}

fn matches(stored: &HashString, password: &[u8]) -> bool {
    let equal = verify_slices_are_equal(&digest_of(stored, password), &stored.digest).is_ok();
    // To bcrypt, `a`, `a\0a` and `a\0a\0a` are one password. Plain hashes are never made of passwords with NUL.
    let ambiguous = matches!(stored.form, Form::Plain { .. }) && password.contains(&0);
    equal && !ambiguous
}

/// The digest that this password has under the stored hash's form, cost and salt.
fn digest_of(stored: &HashString, password: &[u8]) -> [u8; 23] {
    let digested = |digest: &[u8]| Zeroizing::new(STANDARD.encode(digest).into_bytes());
    let input = match stored.form {
        Form::Plain { .. } => Zeroizing::new(password.to_vec()),
        Form::Sha256 => digested(digest::digest(&digest::SHA256, password).as_ref()),
        Form::HmacSha256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, stored.salt_text.as_bytes());
            digested(hmac::sign(&key, password).as_ref())
        }
    };
    bcrypt(stored.cost, stored.salt, &input)
}

fn bcrypt(cost: u32, salt: [u8; 16], password: &[u8]) -> [u8; 23] {
    let mut key = Zeroizing::new([0; BCRYPT_KEY]);
    // Longer ones are cut, as the makers of imported hashes did; ours never are.
    let length = password.len().min(BCRYPT_KEY);
    key[..length].copy_from_slice(&password[..length]);
    #[cfg(test)]
    tests::count(cost);
    let output = bcrypt::bcrypt(cost, salt, &key[..(length + 1).min(BCRYPT_KEY)]);
    std::array::from_fn(|at| output[at])
}

/// A hash of today's cost that no password is known for.
fn decoy(cost: u32) -> HashString {
    HashString {
        form: Form::Plain { current: true },
        cost,
        salt_text: String::new(),
        salt: [0xa5; 16],
        digest: [0x5a; 23],
    }
}

/// Adds the work by which an older, cheaper hash would answer sooner than an unknown account:
/// 2^from + 2^from + 2^(from+1) + … + 2^(to-1) = 2^to.
fn level(from: u32, to: u32) {
    for cost in from..to {
        bcrypt(cost, [0; 16], b"");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static ROUNDS: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn count(cost: u32) {
        ROUNDS.set(ROUNDS.get() + (1 << cost));
    }

    /// The work of comparing this password with a wrong hash, or with none.
    fn rounds(presented: &str, stored: Option<&str>, cost: u32) -> u64 {
        let stored = stored.map(|text| HashString::parse(text).unwrap());
        ROUNDS.set(0);
        let presented = PresentedPassword::parse(presented).unwrap();
        assert_eq!(verify(&presented, stored.as_ref(), cost), PasswordVerdict::Wrong);
        ROUNDS.get()
    }

    #[test]
    fn a_wrong_password_costs_the_same_with_and_without_an_account() {
        let stored = [
            "$2b$06$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$2a$04$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$bcrypt-sha256$v=2,t=2b,r=6$Kq9Vv0oJ5S7yD1bq3Yv2fO$R2y5hZJqRQZWNllTOQD/swN5msMsh5S",
            "$bcrypt-sha256$2b,5$Kq9Vv0oJ5S7yD1bq3Yv2fO$4W2WlHfKVmsy37WSdyUgYWNOQnm0uOm",
        ];
        let long = "x".repeat(100);
        for presented in ["wrong horse", "with\0nul", &long, "cafe\u{301} au lait", &format!("{long}e\u{301}")] {
            let unknown = rounds(presented, None, 6);
            assert!(unknown >= 64, "{presented:?}");
            for hash in stored {
                assert_eq!(rounds(presented, Some(hash), 6), unknown, "{presented:?} against {hash}");
            }
        }
    }
}
