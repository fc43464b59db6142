//! Seals what must be read again, such as the tokens of mails and the successors of refresh tokens, and marks the forms of
//! accounts.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_application::error::Fault;
use countersign_application::ports::sealer::Sealer;
use countersign_domain::ids::{MailId, UserId};
use countersign_domain::secret::{RefreshToken, Secret};
use zeroize::Zeroizing;

use crate::security::aead;
use crate::security::secret_key::{SecretKeyRing, derive};

const MAIL_TOKENS: &str = "mail tokens";
const SUCCESSORS: &str = "refresh token successors";
const COOKIES: &str = "browser cookies";
const FORMS: &str = "forms of accounts";

/// Seals the tokens of mails under a key derived from the secret key. The key of a successor comes from the presented
/// token alone: whoever reads the database, with the secret key at hand, still cannot open it.
pub struct SecretKeySealer {
    keys: Arc<SecretKeyRing>,
}

impl SecretKeySealer {
    /// With the secret keys of the service.
    pub const fn new(keys: Arc<SecretKeyRing>) -> Self {
        Self { keys }
    }

    fn successor_key(presented: &RefreshToken) -> Result<Zeroizing<[u8; 32]>, Fault> {
        derive(b"countersign refresh token", presented.secret().expose().as_bytes(), SUCCESSORS)
    }
}

impl Sealer for SecretKeySealer {
    fn seal_mail_token(&self, mail: MailId, token: &Secret) -> Result<Vec<u8>, Fault> {
        self.keys.seal(MAIL_TOKENS, mail.as_uuid().as_bytes(), token.expose().as_bytes())
    }

    fn open_mail_token(&self, mail: MailId, sealed: &[u8]) -> Result<Secret, Fault> {
        let open = self.keys.open(MAIL_TOKENS, mail.as_uuid().as_bytes(), sealed)?;
        std::str::from_utf8(&open).map(Secret::new).map_err(|error| Fault::internal("token of a mail", error))
    }

    fn seal_successor(&self, presented: &RefreshToken, successor: &RefreshToken) -> Result<Vec<u8>, Fault> {
        let key = Self::successor_key(presented)?;
        aead::seal(&key, SUCCESSORS.as_bytes(), successor.secret().expose().as_bytes())
    }

    fn open_successor(&self, presented: &RefreshToken, sealed: &[u8]) -> Result<RefreshToken, Fault> {
        aead::open(&*Self::successor_key(presented)?, SUCCESSORS.as_bytes(), sealed)
            .and_then(|open| RefreshToken::parse(std::str::from_utf8(&open).ok()?))
            .ok_or_else(|| Fault::internal("sealed successor", "the presented token does not open it"))
    }

    fn seal_cookie(&self, contents: &Secret) -> Result<Secret, Fault> {
        let sealed = self.keys.seal(COOKIES, &[], contents.expose().as_bytes())?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(sealed)))
    }

    fn open_cookie(&self, sealed: &Secret) -> Option<Secret> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed.expose()).ok()?;
        let open = self.keys.open(COOKIES, &[], &sealed).ok()?;
        std::str::from_utf8(&open).ok().map(Secret::new)
    }

    fn mark_forms_of(&self, account: UserId) -> Result<Secret, Fault> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.keys.derive(FORMS)?.as_slice());
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(hmac::sign(&key, account.as_uuid().as_bytes()))))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::security::secret_key::SecretKey;

    use super::*;

    fn sealer(key: u8) -> SecretKeySealer {
        SecretKeySealer::new(Arc::new(SecretKeyRing::new(SecretKey::new([key; 32]), None)))
    }

    fn mail(n: u128) -> MailId {
        MailId::new(Uuid::from_u128(n))
    }

    #[test]
    fn a_mail_token_opens_for_its_own_mail_only() {
        let sealed = sealer(1).seal_mail_token(mail(1), &Secret::new("token")).unwrap();
        assert_eq!(sealer(1).open_mail_token(mail(1), &sealed).unwrap().expose(), "token");
        assert!(sealer(1).open_mail_token(mail(2), &sealed).is_err());
        assert!(sealer(2).open_mail_token(mail(1), &sealed).is_err());
        assert!(!sealed.windows(5).any(|part| part == b"token"));
    }

    #[test]
    fn a_successor_opens_for_whoever_presents_its_predecessor() {
        let first = RefreshToken::new([1; 16], [1; 32]);
        let second = first.successor([2; 32]);
        let sealed = sealer(1).seal_successor(&first, &second).unwrap();
        assert_eq!(sealer(1).open_successor(&first, &sealed).unwrap(), second);
        assert!(sealer(1).open_successor(&second, &sealed).is_err());
    }

    #[test]
    fn the_forms_of_an_account_have_one_mark_and_those_of_others_another() {
        let mark = |key, n| sealer(key).mark_forms_of(UserId::new(Uuid::from_u128(n))).unwrap();
        assert_eq!(mark(1, 1), mark(1, 1));
        assert_ne!(mark(1, 1), mark(1, 2));
        assert_ne!(mark(1, 1), mark(2, 1), "it takes the key of the service");
        assert_eq!(mark(1, 1).expose().len(), 43);
    }

    #[test]
    fn a_cookie_opens_for_the_service_that_sealed_it_alone() {
        let sealed = sealer(1).seal_cookie(&Secret::new("contents")).unwrap();
        assert!(sealed.expose().bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet)));
        assert_eq!(sealer(1).open_cookie(&sealed).unwrap().expose(), "contents");
        assert!(sealer(2).open_cookie(&sealed).is_none());
        let rotated = SecretKeyRing::new(SecretKey::new([2; 32]), Some(SecretKey::new([1; 32])));
        assert!(SecretKeySealer::new(Arc::new(rotated)).open_cookie(&sealed).is_some());
        for forged in ["", "contents", &sealed.expose()[1..], &format!("{}A", sealed.expose())] {
            assert!(sealer(1).open_cookie(&Secret::new(forged)).is_none(), "{forged}");
        }
    }
}
