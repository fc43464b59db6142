//! Teams, who is in them, and what that allows.

pub mod membership;
pub mod permissions;
pub mod role;

use time::OffsetDateTime;

use crate::ids::{TeamId, UserId};
use crate::name::{Description, TeamName};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Never reused.
    pub id: TeamId,
    /// Name; not unique.
    pub name: TeamName,
    /// What it is about.
    pub description: Option<Description>,
    /// Who created it; `None` once that account is gone. Counts toward the limit of teams, gives no right.
    pub created_by: Option<UserId>,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When its name or description changed last.
    pub updated_at: OffsetDateTime,
}

/// A change of a team: what is absent keeps its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamChange {
    /// A new name.
    pub name: Option<TeamName>,
    /// `Some(None)` clears the description.
    pub description: Option<Option<Description>>,
}

impl Team {
    /// Applies a change. Says whether anything is different then.
    pub fn change(&mut self, change: TeamChange, now: OffsetDateTime) -> bool {
        let name = change.name.unwrap_or_else(|| self.name.clone());
        let description = change.description.unwrap_or_else(|| self.description.clone());
        let news = name != self.name || description != self.description;
        if news {
            *self = Self { name, description, updated_at: now, ..self.clone() };
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn absent_fields_keep_their_value_and_none_clears() {
        let mut team = Team {
            id: TeamId::new(Uuid::from_u128(1)),
            name: TeamName::parse("Engines").unwrap(),
            description: Description::parse("of analysis").unwrap(),
            created_by: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        };
        let later = OffsetDateTime::UNIX_EPOCH + time::Duration::DAY;
        let moment = OffsetDateTime::UNIX_EPOCH + time::Duration::HOUR;
        let looms = || TeamChange { name: Some(TeamName::parse("Looms").unwrap()), description: None };
        assert!(team.change(looms(), moment));
        assert_eq!((team.name.as_str(), team.updated_at), ("Looms", moment));
        assert!(team.description.is_some());
        let cleared = TeamChange { name: None, description: Some(None) };
        assert!(team.change(cleared.clone(), moment));
        for nothing in [looms(), cleared, TeamChange::default()] {
            assert!(!team.change(nothing, later));
        }
        assert_eq!((team.created_at, team.updated_at), (OffsetDateTime::UNIX_EPOCH, moment));
        assert_eq!(team.name.as_str(), "Looms");
        assert!(team.description.is_none());
    }
}
