//! Password hashing with bcrypt.
//!
//! Plain `$2b$` while the password has at most 71 octets and no NUL: that is all bcrypt takes in. Beyond that passlib's
//! `$bcrypt-sha256$` form, so that nothing is ever cut off and users of passlib move in unchanged.

mod algorithm;
mod hash_string;
mod pool;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::password_hasher::{PasswordHasher, PasswordVerdict};
use countersign_domain::password::{PasswordHash, PresentedPassword};
use zeroize::Zeroizing;

use crate::security::bcrypt_hasher::algorithm::{hash, verify};
use crate::security::bcrypt_hasher::hash_string::HashString;
use crate::security::bcrypt_hasher::pool::HashingPool;

/// What stands where a hash would, of accounts that came from elsewhere without one that could be verified: no password
/// fits, and nothing is wrong with that.
pub(crate) const NO_PASSWORD: &str = "!";

/// Whether passwords can be compared with it.
pub(crate) fn is_password_hash(text: &str) -> bool {
    HashString::parse(text).is_some()
}

/// How much work a hash is, and how much of it is taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BcryptSettings {
    /// Two to the power of this many rounds; 4 to 31.
    pub cost: u32,
    /// Threads that hash, and do nothing else.
    pub threads: usize,
    /// How many jobs may wait; one more is refused at once.
    pub queue: usize,
}

impl BcryptSettings {
    /// As many threads as there are cores, and as many jobs waiting as they do in about two seconds at cost 12.
    pub fn with_cost(cost: u32) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { cost, threads, queue: 8 * threads }
    }
}

/// Hashes on threads of its own, so that a storm of sign-ins slows nothing but sign-ins.
pub struct BcryptHasher {
    cost: u32,
    pool: HashingPool,
}

impl BcryptHasher {
    /// Starts the threads. A fault means that the cost is not one of bcrypt's, or that the system gave no thread.
    pub fn start(settings: BcryptSettings) -> Result<Self, Fault> {
        if !(4..=31).contains(&settings.cost) {
            return Err(Fault::internal("password hashing", format!("bcrypt has no cost {}", settings.cost)));
        }
        let pool = HashingPool::start(settings.threads, settings.queue)
            .map_err(|error| Fault::internal("password hashing", error))?;
        Ok(Self { cost: settings.cost, pool })
    }

    /// Jobs that wait; a gauge.
    pub fn queued(&self) -> usize {
        self.pool.queued()
    }

    /// Jobs that are being worked on; a gauge.
    pub fn running(&self) -> usize {
        self.pool.running()
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    #[expect(clippy::disallowed_methods, reason = "a salt is part of the hash, and no secret of the service")]
    async fn hash(&self, normalized: &str) -> Result<PasswordHash, Fault> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| Fault::internal("password hashing", error))?;
        let cost = self.cost;
        let password = Zeroizing::new(normalized.to_owned());
        self.pool.run(move || PasswordHash::new(hash(&password, cost, salt).to_string())).await
    }

    async fn verify(
        &self,
        presented: &PresentedPassword,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, Fault> {
        let stored = hash.and_then(|hash| {
            let stored = HashString::parse(hash.expose());
            if stored.is_none() && hash.expose() != NO_PASSWORD {
                tracing::warn!("a stored password hash is of no known form; nobody can sign in with it");
            }
            stored
        });
        let cost = self.cost;
        let presented = presented.clone();
        self.pool.run(move || verify(&presented, stored.as_ref(), cost)).await
    }
}
