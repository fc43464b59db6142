//! Signing keys.

pub mod ensure_key;
#[cfg(test)]
mod fixtures;
pub mod list_keys;
pub mod publish_keys;
pub mod reseal_keys;
pub mod retire_key;
pub mod rotate_keys;

use crate::dependencies::Dependencies;

/// The use cases of this module.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the use case of its type, documented there")]
pub struct Keys {
    pub ensure_key: ensure_key::EnsureKey,
    pub list_keys: list_keys::ListKeys,
    pub publish_keys: publish_keys::PublishKeys,
    pub reseal_keys: reseal_keys::ResealKeys,
    pub retire_key: retire_key::RetireKey,
    pub rotate_keys: rotate_keys::RotateKeys,
}

impl Keys {
    /// Wires each use case.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            ensure_key: ensure_key::EnsureKey::new(dependencies),
            list_keys: list_keys::ListKeys::new(dependencies),
            publish_keys: publish_keys::PublishKeys::new(dependencies),
            reseal_keys: reseal_keys::ResealKeys::new(dependencies),
            retire_key: retire_key::RetireKey::new(dependencies),
            rotate_keys: rotate_keys::RotateKeys::new(dependencies),
        }
    }
}
