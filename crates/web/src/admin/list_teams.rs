//! `GET /admin/teams`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::list_teams::{ListTeamsCommand, ListedTeam};
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::search::{Search, SearchParameters};
use crate::extract::query::PageParameters;
use crate::extract::{QueryFields, RequestOrigin, Superuser};
use crate::present::{PageBody, TeamBody};
use crate::problem::Problem;

/// A team, and whether it can go on by itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedTeam)]
pub(crate) struct ListedTeamBody {
    #[serde(flatten)]
    pub(crate) team: TeamBody,
    /// Whether it has an active admin; where it has none, appoint one.
    pub(crate) has_admin: bool,
}

impl From<ListedTeam> for ListedTeamBody {
    fn from(ListedTeam { team, has_admin }: ListedTeam) -> Self {
        Self { team: team.into(), has_admin }
    }
}

/// List teams, by id.
#[utoipa::path(get, path = "/admin/teams", tag = "admin", params(SearchParameters, PageParameters),
    responses((status = 200, description = "A page of teams.", body = PageBody<ListedTeamBody>)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    QueryFields(Search { text: search, page }): QueryFields<Search>,
) -> Result<web::Json<PageBody<ListedTeamBody>>, Problem> {
    let command = ListTeamsCommand { search, page };
    let page = application.admin.list_teams.execute(&actor, &origin, command).await?;
    Ok(web::Json(PageBody::of(page)))
}
