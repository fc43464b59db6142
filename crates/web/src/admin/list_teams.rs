//! `GET /admin/teams`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::list_teams::ListTeamsCommand;

use crate::admin::search::{Search, SearchParameters};
use crate::extract::query::PageParameters;
use crate::extract::{QueryFields, RequestOrigin, Superuser};
use crate::present::{PageBody, TeamBody};
use crate::problem::Problem;

/// List teams, by id.
#[utoipa::path(get, path = "/admin/teams", tag = "admin", params(SearchParameters, PageParameters),
    responses((status = 200, description = "A page of teams.", body = PageBody<TeamBody>)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    QueryFields(Search { text: search, page }): QueryFields<Search>,
) -> Result<web::Json<PageBody<TeamBody>>, Problem> {
    let command = ListTeamsCommand { search, page };
    let page = application.admin.list_teams.execute(&actor, &origin, command).await?;
    Ok(web::Json(PageBody::of(page)))
}
