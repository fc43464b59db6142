//! `/console/users`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::admin::list_users::ListUsersCommand;
use minijinja::context;

use crate::admin::search::Search;
use crate::extract::{RequestOrigin, Superuser};
use crate::pages::console::asked::{Asked, Filter, List};
use crate::pages::frame::Frame;
use crate::present::{PageBody, UserBody};
use crate::problem::Problem;

const LIST: List =
    List { template: "console_users.html", filters: &[Filter { name: "q", texts: "user_search", kind: "search" }] };

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let find = async |Search { text: search, page }| {
        let found = application.admin.list_users.execute(&actor, &origin, ListUsersCommand { search, page }).await?;
        Ok(PageBody::<UserBody>::of(found))
    };
    LIST.show(&frame, &asked, context! {}, find).await
}
