//! `GET /auth/me`

use actix_web::web;
use countersign_application::Application;
use countersign_application::account::show_account::AccountView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::Authenticated;
use crate::present::{TeamMembershipBody, UserBody};
use crate::problem::Problem;

/// The account and its teams.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeBody {
    #[serde(flatten)]
    user: UserBody,
    /// The first 50.
    teams: Vec<TeamMembershipBody>,
    /// Whether there are more; `GET /auth/teams` lists them.
    teams_truncated: bool,
}

impl From<AccountView> for MeBody {
    fn from(view: AccountView) -> Self {
        Self {
            user: view.user.into(),
            teams: view.teams.into_iter().map(Into::into).collect(),
            teams_truncated: view.teams_truncated,
        }
    }
}

/// Show the account of the access token.
#[utoipa::path(get, path = "/auth/me", tag = "account",
    responses((status = 200, description = "The account.", body = MeBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    Authenticated(actor): Authenticated,
) -> Result<web::Json<MeBody>, Problem> {
    let view = application.account.show_account.execute(&actor).await?;
    Ok(web::Json(view.into()))
}
