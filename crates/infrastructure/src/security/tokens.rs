//! Access tokens (RFC 7519, RFC 8725, RFC 9068) and the keys that sign them.

mod access_tokens;
mod claims;
mod factory;
mod key_pair;
mod key_ring;
mod presented;
mod remembered;
#[cfg(test)]
mod tests;
mod unique_keys;

pub use crate::security::tokens::access_tokens::JwtAccessTokens;
pub use crate::security::tokens::factory::SealedKeyFactory;
pub use crate::security::tokens::key_ring::KeyRing;
