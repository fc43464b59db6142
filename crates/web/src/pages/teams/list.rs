//! `/account/teams`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::list_my_teams::ListMyTeamsCommand;
use countersign_domain::page::Cursor;
use minijinja::context;

use crate::extract::{Authenticated, QueryFields};
use crate::pages::frame::Frame;
use crate::pages::teams::part::Part;
use crate::present::TeamMembershipBody;
use crate::problem::Problem;

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    Authenticated(actor): Authenticated,
    QueryFields(part): QueryFields<Part>,
) -> Result<HttpResponse, Problem> {
    let command = ListMyTeamsCommand { page: part.request() };
    let teams = application.teams.list_my_teams.execute(&actor, command).await?;
    let next = teams.next.map(Cursor::encode);
    let teams: Vec<_> = teams.items.into_iter().map(TeamMembershipBody::from).collect();
    let me = actor.id().to_string();
    Ok(frame.page("teams_list.html", context! { teams, me, cursor => part.cursor(), next }))
}
