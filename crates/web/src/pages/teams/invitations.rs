//! `/account/teams/{team_id}/invitations`

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::list_invitations::ListInvitationsCommand;
use countersign_application::teams::resend_invitation::ResendInvitationCommand;
use countersign_application::teams::revoke_invitation::RevokeInvitationCommand;
use countersign_domain::audit::Origin;
use countersign_domain::ids::InvitationId;
use countersign_domain::page::Cursor;
use minijinja::context;
use uuid::Uuid;

use crate::extract::form::Form;
use crate::extract::{QueryFields, RequestOrigin, TeamAdmin, TeamMember};
use crate::pages::frame::{Frame, mark};
use crate::pages::submitted::Submitted;
use crate::pages::teams::invite::{self, Invited};
use crate::pages::teams::part::Part;
use crate::pages::teams::path_of;
use crate::present::{InvitationBody, TeamBody};
use crate::problem::Problem;

/// Whose page it is.
struct Page<'a> {
    application: &'a Application,
    frame: &'a Frame,
    origin: &'a Origin,
    member: &'a TeamMember,
    part: Part,
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    QueryFields(part): QueryFields<Part>,
) -> Result<HttpResponse, Problem> {
    let page = Page { application: &application, frame: &frame, origin: &origin, member: &member, part };
    page.answer(None, Invited::default()).await
}

/// Invites, or sends or withdraws one of the invitations.
pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    let part = Part::of(&form);
    let page = Page { application: &application, frame: &frame, origin: &origin, member: &member, part };
    let settled = match (form.value("resend"), form.value("revoke")) {
        (Some(id), None) => page.resend(id).await.map(|()| "invitation_resent"),
        (None, Some(id)) => page.revoke(id).await.map(|()| "invitation_revoked"),
        _ => return page.invite(&form).await,
    };
    match settled {
        Ok(done) => Ok(page.go_saying(done)),
        Err(problem) => page.answer(Some(problem), Invited::default()).await,
    }
}

/// An id that is none is the id of nothing.
fn id_of(text: &str) -> InvitationId {
    InvitationId::parse(text).unwrap_or(InvitationId::new(Uuid::nil()))
}

impl Page<'_> {
    async fn resend(&self, id: &str) -> Result<(), Problem> {
        let command = ResendInvitationCommand { team_id: self.member.team_id(), invitation_id: id_of(id) };
        Ok(self.application.teams.resend_invitation.execute(&self.member.actor, self.origin, command).await?)
    }

    async fn revoke(&self, id: &str) -> Result<(), Problem> {
        let command = RevokeInvitationCommand { team_id: self.member.team_id(), invitation_id: id_of(id) };
        Ok(self.application.teams.revoke_invitation.execute(&self.member.actor, self.origin, command).await?)
    }

    async fn invite(&self, form: &Form) -> Result<HttpResponse, Problem> {
        let mut invited = invite::execute(self.application, self.frame, self.member, self.origin, form).await?;
        match invited.problem.take() {
            None => Ok(self.go_saying("invited")),
            problem => self.answer(problem, invited).await,
        }
    }

    fn go_saying(&self, done: &str) -> HttpResponse {
        let cursor = self.part.cursor();
        let cursor = cursor.iter().map(|cursor| ("cursor", cursor.as_str()));
        let query: Vec<_> = cursor.chain([("done", done)]).collect();
        self.frame.go_asking(&format!("{}/invitations", path_of(self.member.team_id())), &query)
    }

    async fn answer(&self, problem: Option<Problem>, invited: Invited) -> Result<HttpResponse, Problem> {
        let command = ListInvitationsCommand { team_id: self.member.team_id(), page: self.part.request() };
        let teams = &self.application.teams;
        let invitations = teams.list_invitations.execute(&self.member.actor, self.origin, command).await?;
        let next = invitations.next.map(Cursor::encode);
        let invitations: Vec<_> = invitations.items.into_iter().map(InvitationBody::from).collect();
        let values = context! {
            team => TeamBody::from(self.member.team.clone()), is_admin => true, invitations,
            cursor => self.part.cursor(), next, invited, most => invite::MOST,
            alert => problem.as_ref().map(|problem| self.frame.words(problem)),
        };
        let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
        let mut response = self.frame.answer("teams_invitations.html", status, values);
        if let Some(problem) = problem {
            mark(&mut response, &problem);
        }
        Ok(response)
    }
}
