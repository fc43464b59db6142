//! Teams.

use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::name::{Description, TeamName};
use countersign_domain::team::Team;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cache::redis::stored::{Stored, read, write};

#[derive(Serialize, Deserialize)]
struct Fields {
    id: Uuid,
    name: String,
    description: Option<String>,
    created_by: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl Stored for Team {
    fn to_octets(&self) -> Option<Vec<u8>> {
        write(&Fields {
            id: self.id.as_uuid(),
            name: self.name.as_str().to_owned(),
            description: self.description.as_ref().map(|text| text.as_str().to_owned()),
            created_by: self.created_by.map(UserId::as_uuid),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        let fields: Fields = read(octets)?;
        let description = match fields.description {
            Some(text) => Description::parse(&text).ok()?,
            None => None,
        };
        Some(Self {
            id: TeamId::new(fields.id),
            name: TeamName::from_stored(fields.name),
            description,
            created_by: fields.created_by.map(UserId::new),
            created_at: fields.created_at,
            updated_at: fields.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::{team, user_id};

    use super::*;

    #[test]
    fn a_team_survives_the_round_trip() {
        let described =
            Team { description: Description::parse("of \"analysis\"").unwrap(), created_by: None, ..team(1) };
        for team in [described, Team { description: None, created_by: Some(user_id(1)), ..team(2) }] {
            assert_eq!(Team::from_octets(&team.to_octets().unwrap()), Some(team));
        }
    }
}
