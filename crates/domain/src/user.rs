//! An account and the person behind it.

use time::OffsetDateTime;

use crate::email_address::EmailAddress;
use crate::ids::UserId;
use crate::name::PersonName;
use crate::password::PasswordHash;
use crate::violation::Violation;

/// An account. Its password hash is not part of it: see [`Credentials`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never reused.
    pub id: UserId,
    /// Unique among accounts.
    pub email: EmailAddress,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// An inactive account cannot sign in, holds no rights and does not count as an admin of a team.
    pub is_active: bool,
    /// May use the calls under `/admin`; gives no right in any team.
    pub is_superuser: bool,
    /// Whether whoever controls the account has shown that they read the mail of `email`.
    pub email_verified: bool,
    /// Grows when every session ends at once; a session of an older epoch is dead.
    pub epoch: i64,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// When anything of it changed last.
    pub updated_at: OffsetDateTime,
}

impl User {
    /// A new account: active, no superuser, unverified.
    pub fn register(
        id: UserId,
        email: EmailAddress,
        first_name: PersonName,
        last_name: PersonName,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            email,
            first_name,
            last_name,
            is_active: true,
            is_superuser: false,
            email_verified: false,
            epoch: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Marks the address as proven. Says whether that is news.
    pub fn verify_email(&mut self, now: OffsetDateTime) -> bool {
        let news = !self.email_verified;
        if news {
            self.email_verified = true;
            self.updated_at = now;
        }
        news
    }

    /// Takes a new, proven address and ends the sessions of the former one.
    pub fn change_email(&mut self, email: EmailAddress, now: OffsetDateTime) {
        self.email = email;
        self.email_verified = true;
        self.end_sessions(now);
    }

    /// Changes what is given of the names. Says whether that is news.
    pub fn rename(
        &mut self,
        first_name: Option<PersonName>,
        last_name: Option<PersonName>,
        now: OffsetDateTime,
    ) -> bool {
        let first_name = first_name.filter(|name| *name != self.first_name);
        let last_name = last_name.filter(|name| *name != self.last_name);
        let news = first_name.is_some() || last_name.is_some();
        if news {
            self.first_name = first_name.unwrap_or_else(|| self.first_name.clone());
            self.last_name = last_name.unwrap_or_else(|| self.last_name.clone());
            self.updated_at = now;
        }
        news
    }

    /// Ends every session by starting a new epoch.
    pub fn end_sessions(&mut self, now: OffsetDateTime) {
        self.epoch += 1;
        self.updated_at = now;
    }

    /// Takes every right away and ends every session.
    pub fn deactivate(&mut self, now: OffsetDateTime) {
        self.is_active = false;
        self.end_sessions(now);
    }

    /// Lets the account sign in again.
    pub fn activate(&mut self, now: OffsetDateTime) {
        self.is_active = true;
        self.updated_at = now;
    }

    /// Whether a superuser may appoint it: whoever registers somebody else's address first must not get what is meant
    /// for that person.
    pub const fn may_be_appointed(&self) -> Result<(), UnprovenAddress> {
        if self.email_verified { Ok(()) } else { Err(UnprovenAddress) }
    }

    /// Appoints or dismisses a superuser.
    pub fn set_superuser(&mut self, is_superuser: bool, now: OffsetDateTime) {
        self.is_superuser = is_superuser;
        self.updated_at = now;
    }

    /// First and last name, as mails and lists show them.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name.as_str(), self.last_name.as_str())
    }
}

/// Nobody has shown that they read the mail of the account's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the e-mail address of this account is not verified yet")]
pub struct UnprovenAddress;

impl Violation for UnprovenAddress {
    fn code(&self) -> &'static str {
        "email_not_verified"
    }
}

/// An account with the hash that its password is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub user: User,
    /// Hash of its password.
    pub password_hash: PasswordHash,
}

impl Credentials {
    /// Whether a password that these were compared with still is that of the account, which is locked as `now`.
    ///
    /// A new password brings another hash and ends every session. One alone does not make it another password: sessions
    /// end by themselves too, as often as whoever has one of them likes, and a hash is made anew at a sign-in.
    pub fn hold(&self, now: &Self) -> bool {
        let another_password = self.user.epoch != now.user.epoch && self.password_hash != now.password_hash;
        self.user.id == now.user.id && now.user.is_active && !another_password
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User::register(
            UserId::new(uuid::Uuid::from_u128(1)),
            EmailAddress::parse("a@example.com").unwrap(),
            PersonName::parse("Given").unwrap(),
            PersonName::parse("Familyname").unwrap(),
            OffsetDateTime::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_new_account_has_no_rights_and_no_proof() {
        let user = user();
        assert!(user.is_active && !user.is_superuser && !user.email_verified);
        assert_eq!(user.full_name(), "Given Familyname");
    }

    #[test]
    fn verifying_twice_is_news_once() {
        let mut user = user();
        let later = OffsetDateTime::UNIX_EPOCH + time::Duration::DAY;
        assert!(user.verify_email(OffsetDateTime::UNIX_EPOCH));
        assert!(!user.verify_email(later));
        assert!(user.email_verified);
        assert_eq!(user.updated_at, OffsetDateTime::UNIX_EPOCH);
    }

    #[test]
    fn only_an_account_whose_address_is_proven_may_be_appointed() {
        let mut user = user();
        assert_eq!(user.may_be_appointed(), Err(UnprovenAddress));
        user.verify_email(OffsetDateTime::UNIX_EPOCH);
        assert_eq!(user.may_be_appointed(), Ok(()));
    }

    #[test]
    fn activation_and_appointment_leave_the_sessions_and_say_when() {
        let (mut user, first) = (user(), OffsetDateTime::UNIX_EPOCH);
        let [deactivated, activated, appointed, dismissed] = [1, 2, 3, 4].map(|day| first + time::Duration::days(day));
        user.deactivate(deactivated);
        assert_eq!((user.is_active, user.epoch, user.updated_at), (false, 1, deactivated));
        user.activate(activated);
        assert_eq!((user.is_active, user.epoch, user.updated_at), (true, 1, activated));
        user.set_superuser(true, appointed);
        assert_eq!((user.is_superuser, user.epoch, user.updated_at), (true, 1, appointed));
        user.set_superuser(false, dismissed);
        assert_eq!((user.is_superuser, user.epoch, user.updated_at), (false, 1, dismissed));
    }

    #[test]
    fn the_same_names_are_no_change() {
        let mut user = user();
        let (before, later) = (user.clone(), OffsetDateTime::UNIX_EPOCH + time::Duration::DAY);
        assert!(!user.rename(None, None, later));
        assert!(!user.rename(Some(before.first_name.clone()), Some(before.last_name.clone()), later));
        assert_eq!(user, before);
        assert!(user.rename(Some(before.first_name), PersonName::parse("King").ok(), later));
        assert_eq!((user.last_name.as_str(), user.updated_at), ("King", later));
    }

    #[test]
    fn deactivation_and_a_new_address_end_every_session() {
        let mut user = user();
        user.deactivate(OffsetDateTime::UNIX_EPOCH);
        user.activate(OffsetDateTime::UNIX_EPOCH);
        assert_eq!(user.epoch, 1);
        user.change_email(EmailAddress::parse("b@example.com").unwrap(), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(user.epoch, 2);
        assert!(user.email_verified);
    }

    #[test]
    fn a_compared_password_holds_until_there_is_another_or_the_account_is_inactive() {
        let compared = Credentials { user: user(), password_hash: PasswordHash::new("hash") };
        let now = |change: fn(&mut Credentials)| {
            let mut now = compared.clone();
            change(&mut now);
            compared.hold(&now)
        };
        assert!(now(|_| {}));
        assert!(now(|now| now.user.end_sessions(OffsetDateTime::UNIX_EPOCH)));
        assert!(now(|now| now.password_hash = PasswordHash::new("the same password at another cost")));
        assert!(!now(|now| {
            now.user.end_sessions(OffsetDateTime::UNIX_EPOCH);
            now.password_hash = PasswordHash::new("another password");
        }));
        assert!(!now(|now| now.user.is_active = false));
        assert!(!now(|now| now.user.id = UserId::new(uuid::Uuid::from_u128(2))));
    }
}
