//! Cryptography: everything is AWS-LC's, save bcrypt itself.
//!
//! One secret key of the service ([`SecretKey`]) is all that an operator keeps. By HKDF it yields a key for each
//! purpose: sealing signing keys, sealing the tokens of mails, pseudonyms.

mod aead;
pub mod bcrypt_hasher;
mod pseudonymizer;
mod sealer;
mod secret_key;
pub mod tokens;

pub use crate::security::bcrypt_hasher::{BcryptHasher, BcryptSettings};
pub(crate) use crate::security::bcrypt_hasher::{NO_PASSWORD, is_password_hash};
pub use crate::security::pseudonymizer::KeyedPseudonymizer;
pub use crate::security::sealer::SecretKeySealer;
pub use crate::security::secret_key::{SecretKey, SecretKeyError, SecretKeyRing};
