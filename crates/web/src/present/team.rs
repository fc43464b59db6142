//! A team.

use countersign_domain::team::Team;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::Timestamp;

/// A team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team)]
pub(crate) struct TeamBody {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    #[schema(required)]
    pub(crate) description: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl From<Team> for TeamBody {
    fn from(team: Team) -> Self {
        Self {
            id: team.id.as_uuid(),
            name: team.name.as_str().to_owned(),
            description: team.description.map(|description| description.as_str().to_owned()),
            created_at: team.created_at.into(),
            updated_at: team.updated_at.into(),
        }
    }
}
