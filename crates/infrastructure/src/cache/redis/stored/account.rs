//! Accounts.

use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::name::PersonName;
use countersign_domain::user::User;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cache::redis::stored::{Stored, read, write};

#[derive(Serialize, Deserialize)]
struct Fields {
    id: Uuid,
    email: String,
    first_name: String,
    last_name: String,
    is_active: bool,
    is_superuser: bool,
    email_verified: bool,
    epoch: i64,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl Stored for User {
    fn to_octets(&self) -> Option<Vec<u8>> {
        write(&Fields {
            id: self.id.as_uuid(),
            email: self.email.as_str().to_owned(),
            first_name: self.first_name.as_str().to_owned(),
            last_name: self.last_name.as_str().to_owned(),
            is_active: self.is_active,
            is_superuser: self.is_superuser,
            email_verified: self.email_verified,
            epoch: self.epoch,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        let fields: Fields = read(octets)?;
        Some(Self {
            id: UserId::new(fields.id),
            email: EmailAddress::parse(&fields.email).ok()?,
            first_name: PersonName::from_stored(fields.first_name),
            last_name: PersonName::from_stored(fields.last_name),
            is_active: fields.is_active,
            is_superuser: fields.is_superuser,
            email_verified: fields.email_verified,
            epoch: fields.epoch,
            created_at: fields.created_at,
            updated_at: fields.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::{name, user};
    use time::Duration;

    use super::*;

    #[test]
    fn an_account_survives_the_round_trip() {
        let mut account = user(1);
        account.last_name = name("Ἀβγ \"quoted\" \\ 名");
        account.epoch = i64::MAX;
        account.is_superuser = true;
        account.updated_at += Duration::milliseconds(7);
        for account in [account, user(2)] {
            assert_eq!(User::from_octets(&account.to_octets().unwrap()), Some(account));
        }
    }

    #[test]
    fn what_has_another_form_is_no_account() {
        let octets = user(1).to_octets().unwrap();
        let newer = [b"3", &octets[1..]].concat();
        for other in [&newer, &octets[..octets.len() - 1], &octets[1..], b"", b"2", b"2{}", b"2null"] {
            assert_eq!(User::from_octets(other), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn the_form_is_the_one_that_its_number_stands_for() {
        let text = String::from_utf8(user(1).to_octets().unwrap()).unwrap();
        let expected = r#"2{"id":"00000000-0000-0000-0000-000000001001","email":"user1@example.com","first_name":"Firstname","last_name":"Surname","is_active":true,"is_superuser":false,"email_verified":true,"epoch":0,"#;
        assert!(text.starts_with(expected), "give a changed form another number: {text}");
    }
}
