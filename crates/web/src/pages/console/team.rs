//! `/console/teams/{team_id}`: a team, who is in it and who administers it.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::admin::list_team_members::ListTeamMembersCommand;
use countersign_application::admin::show_team::{ShowTeamCommand, ShownTeam};
use countersign_domain::ids::TeamId;
use countersign_domain::page::Cursor;
use minijinja::context;

use crate::extract::{QueryFields, RequestOrigin, Superuser, TeamPath};
use crate::pages::frame::Frame;
use crate::pages::teams::part::Part;
use crate::present::{MemberBody, TeamBody};
use crate::problem::Problem;

/// Where the page of a team is.
pub(crate) fn path_of(team_id: TeamId) -> String {
    format!("console/teams/{team_id}")
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    TeamPath(team_id): TeamPath,
    QueryFields(part): QueryFields<Part>,
) -> Result<HttpResponse, Problem> {
    let shown = application.admin.show_team.execute(&actor, &origin, ShowTeamCommand { team_id }).await?;
    let command = ListTeamMembersCommand { team_id, page: part.request() };
    let members = application.admin.list_team_members.execute(&actor, &origin, command).await?;
    let ShownTeam { team, has_admin, admins, pending_invitations } = shown;
    let bodies = |members: Vec<_>| members.into_iter().map(MemberBody::from).collect::<Vec<_>>();
    let values = context! {
        team => TeamBody::from(team), has_admin, pending_invitations, admins => bodies(admins),
        next => members.next.map(Cursor::encode), members => bodies(members.items), cursor => part.cursor(),
    };
    Ok(frame.page("console_team.html", values))
}
