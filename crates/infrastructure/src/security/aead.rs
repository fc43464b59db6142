//! Sealing: AES-256-GCM with a random nonce, bound to associated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use countersign_application::error::Fault;
use zeroize::{Zeroize as _, Zeroizing};

/// First octet of whatever is sealed: which construction it is. Another one gets another number (ASVS 11.2.2).
const AES_256_GCM_RANDOM_NONCE: u8 = 1;

/// `1 ‖ nonce ‖ ciphertext ‖ tag`.
pub(crate) fn seal(key: &[u8; 32], associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut text = plaintext.to_vec();
    let nonce = cipher(key)?
        .seal_in_place_append_tag(Aad::from(associated), &mut text)
        .map_err(|Unspecified| Fault::internal("sealing", "AES-256-GCM refused"))?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + text.len());
    sealed.push(AES_256_GCM_RANDOM_NONCE);
    sealed.extend_from_slice(nonce.as_ref());
    sealed.extend_from_slice(&text);
    Ok(sealed)
}

/// What was sealed; `None` if the key, the associated data or the octets are not those of the sealing.
pub(crate) fn open(key: &[u8; 32], associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (&construction, rest) = sealed.split_first()?;
    let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
    if construction != AES_256_GCM_RANDOM_NONCE {
        return None;
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    let Ok(length) = cipher(key).ok()?.open_in_place(nonce, Aad::from(associated), &mut text).map(|open| open.len())
    else {
        text.zeroize();
        return None;
    };
    text.truncate(length);
    Some(Zeroizing::new(text))
}

fn cipher(key: &[u8; 32]) -> Result<RandomizedNonceKey, Fault> {
    RandomizedNonceKey::new(&AES_256_GCM, key)
        .map_err(|Unspecified| Fault::internal("sealing", "AES-256-GCM refused the key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn what_is_sealed_opens_and_differs_every_time() {
        let sealed = seal(&KEY, b"for", b"text").unwrap();
        assert_eq!(open(&KEY, b"for", &sealed).unwrap().as_slice(), b"text");
        assert_ne!(seal(&KEY, b"for", b"text").unwrap(), sealed);
    }

    #[test]
    fn another_key_another_purpose_or_a_changed_octet_does_not_open() {
        let sealed = seal(&KEY, b"for", b"text").unwrap();
        assert!(open(&[8; 32], b"for", &sealed).is_none());
        assert!(open(&KEY, b"other", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&KEY, b"for", &changed).is_none(), "octet {at}");
            assert!(open(&KEY, b"for", &sealed[..at]).is_none(), "length {at}");
        }
    }
}
