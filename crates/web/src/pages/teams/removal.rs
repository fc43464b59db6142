//! `/account/teams/{team_id}/members/{user_id}/remove`: asks once more before a member goes, or leaves.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::remove_member::RemoveMemberCommand;
use countersign_application::teams::show_member::ShowMemberCommand;
use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use minijinja::context;

use crate::extract::{MemberPath, RequestOrigin, TeamMember};
use crate::pages::frame::{Frame, mark};
use crate::pages::submitted::Submitted;
use crate::pages::teams::path_of;
use crate::present::TeamBody;
use crate::problem::Problem;

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    member: TeamMember,
    MemberPath(user_id): MemberPath,
) -> Result<HttpResponse, Problem> {
    answer(&application, &frame, &origin, &member, user_id, None).await
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    member: TeamMember,
    MemberPath(user_id): MemberPath,
    Submitted(_form): Submitted,
) -> Result<HttpResponse, Problem> {
    let command = RemoveMemberCommand { team_id: member.team_id(), user_id };
    if let Err(error) = application.teams.remove_member.execute(&member.actor, &origin, command).await {
        return answer(&application, &frame, &origin, &member, user_id, Some(error.into())).await;
    }
    if member.actor.id() == user_id {
        return Ok(frame.go_saying("account/teams", "team_left"));
    }
    Ok(frame.go_saying(&path_of(member.team_id()), "member_removed"))
}

async fn answer(
    application: &Application,
    frame: &Frame,
    origin: &Origin,
    member: &TeamMember,
    user_id: UserId,
    problem: Option<Problem>,
) -> Result<HttpResponse, Problem> {
    let leaves = member.actor.id() == user_id;
    // Whoever leaves knows who that is, and may see nobody while the membership awaits verification.
    let target = if leaves {
        None
    } else {
        let command = ShowMemberCommand { team_id: member.team_id(), user_id };
        let target = application.teams.show_member.execute(&member.actor, origin, command).await?;
        Some(context! {
            first_name => target.first_name.as_str(), last_name => target.last_name.as_str(),
            email => target.email.as_str(),
        })
    };
    let last_admin = leaves && application.teams.check_last_admin.execute(&member.membership).await?;
    let values = context! {
        last_admin,
        team => TeamBody::from(member.team.clone()), is_active => member.membership.effective_role().is_some(), target,
        alert => problem.as_ref().map(|problem| frame.words(problem)),
    };
    let Some(problem) = problem else { return Ok(frame.page("teams_removal.html", values)) };
    let mut response = frame.answer("teams_removal.html", problem.status, values);
    mark(&mut response, &problem);
    Ok(response)
}
