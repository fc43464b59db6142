//! The first page of an account's memberships.

use countersign_domain::page::{Cursor, Page};
use countersign_domain::team::membership::Membership;
use serde::{Deserialize, Serialize};

use crate::cache::redis::stored::{Stored, membership, read, write};

#[derive(Serialize, Deserialize)]
struct Fields {
    items: Vec<membership::Fields>,
    /// As clients carry it.
    next: Option<String>,
}

impl Stored for Page<Membership> {
    fn to_octets(&self) -> Option<Vec<u8>> {
        write(&Fields {
            items: self.items.iter().map(membership::Fields::from).collect(),
            next: self.next.map(Cursor::encode),
        })
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        let fields: Fields = read(octets)?;
        let items = fields.items.into_iter().map(membership::Fields::read).collect::<Option<_>>()?;
        let next = fields.next.map(|text| Cursor::parse(&text)).transpose().ok()?;
        Some(Self { items, next })
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::{NOW, membership};
    use countersign_domain::team::role::Role;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_page_survives_the_round_trip() {
        let items = vec![membership(1, Role::Admin), membership(1, Role::Member)];
        let more = Page { items, next: Some(Cursor::after_time(NOW, Uuid::from_u128(7))) };
        for page in [more, Page { items: vec![], next: None }] {
            assert_eq!(Page::from_octets(&page.to_octets().unwrap()), Some(page));
        }
    }
}
