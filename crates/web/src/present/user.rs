//! An account.

use countersign_domain::user::User;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::Timestamp;

/// An account. Never its password hash, nor anything else that is the service's own business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    pub(crate) id: Uuid,
    #[schema(format = Email)]
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) is_active: bool,
    pub(crate) is_superuser: bool,
    pub(crate) email_verified: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email.as_str().to_owned(),
            first_name: user.first_name.as_str().to_owned(),
            last_name: user.last_name.as_str().to_owned(),
            is_active: user.is_active,
            is_superuser: user.is_superuser,
            email_verified: user.email_verified,
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
        }
    }
}
