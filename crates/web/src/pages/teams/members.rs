//! `/account/teams/{team_id}`: what the team is, who is in it, and as what.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::change_role::ChangeRoleCommand;
use countersign_application::teams::list_members::ListMembersCommand;
use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::page::Cursor;
use countersign_domain::team::role::Role;
use minijinja::context;

use crate::extract::{QueryFields, RequestOrigin, TeamAdmin, TeamMember};
use crate::pages::frame::{Frame, mark};
use crate::pages::submitted::Submitted;
use crate::pages::teams::part::Part;
use crate::pages::teams::path_of;
use crate::present::{MemberBody, TeamBody};
use crate::problem::Problem;

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    member: TeamMember,
    QueryFields(part): QueryFields<Part>,
) -> Result<HttpResponse, Problem> {
    answer(&application, &frame, &origin, &member, part, None).await
}

/// Gives a member another role.
pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    let part = Part::of(&form);
    // The button says which role, and whose.
    let asked = [Role::Admin, Role::Member].into_iter().find_map(|role| Some((role, form.value(role.as_str())?)));
    let Some((role, user_id)) = asked.and_then(|(role, id)| Some((role, UserId::parse(id)?))) else {
        return Err(Problem::of_status(StatusCode::BAD_REQUEST));
    };
    let command = ChangeRoleCommand { team_id: member.team_id(), user_id, role };
    if let Err(error) = application.teams.change_role.execute(&member.actor, &origin, command).await {
        return answer(&application, &frame, &origin, &member, part, Some(error.into())).await;
    }
    let cursor = part.cursor();
    let query: Vec<_> =
        cursor.iter().map(|cursor| ("cursor", cursor.as_str())).chain([("done", "role_changed")]).collect();
    Ok(frame.go_asking(&path_of(member.team_id()), &query))
}

async fn answer(
    application: &Application,
    frame: &Frame,
    origin: &Origin,
    member: &TeamMember,
    part: Part,
    problem: Option<Problem>,
) -> Result<HttpResponse, Problem> {
    let command = ListMembersCommand { team_id: member.team_id(), page: part.request() };
    let members = application.teams.list_members.execute(&member.actor, origin, command).await?;
    let last_admin = application.teams.check_last_admin.execute(&member.membership).await?;
    let next = members.next.map(Cursor::encode);
    let members: Vec<_> = members.items.into_iter().map(MemberBody::from).collect();
    let values = context! {
        team => TeamBody::from(member.team.clone()), is_admin => member.membership.is_active_admin(),
        me => member.actor.id().to_string(), members, cursor => part.cursor(), next, last_admin,
        alert => problem.as_ref().map(|problem| frame.words(problem)),
    };
    let Some(problem) = problem else { return Ok(frame.page("teams_team.html", values)) };
    let mut response = frame.answer("teams_team.html", problem.status, values);
    mark(&mut response, &problem);
    Ok(response)
}
