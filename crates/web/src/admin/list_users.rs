//! `GET /admin/users`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::list_users::ListUsersCommand;

use crate::admin::search::{Search, SearchParameters};
use crate::extract::query::PageParameters;
use crate::extract::{QueryFields, RequestOrigin, Superuser};
use crate::present::{PageBody, UserBody};
use crate::problem::Problem;

/// List accounts, by id.
#[utoipa::path(get, path = "/admin/users", tag = "admin", params(SearchParameters, PageParameters),
    responses((status = 200, description = "A page of accounts.", body = PageBody<UserBody>)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    QueryFields(Search { text: search, page }): QueryFields<Search>,
) -> Result<web::Json<PageBody<UserBody>>, Problem> {
    let command = ListUsersCommand { search, page };
    let page = application.admin.list_users.execute(&actor, &origin, command).await?;
    Ok(web::Json(PageBody::of(page)))
}
