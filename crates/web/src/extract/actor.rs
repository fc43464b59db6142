//! Who asks. The gate of a route has found out before its handler runs; these only hand it over, so a handler that
//! asks for more than its route grants is refused, never served.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_domain::ids::TeamId;
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;
use futures_util::future::LocalBoxFuture;

use crate::extract::bearer::bearer_token;
use crate::middleware::gate::shows_who;
use crate::problem::Problem;
use crate::routes::Credential;

/// An account that showed a valid access token.
#[derive(Clone, Debug)]
pub(crate) struct Authenticated(pub(crate) Actor);

/// The same on an open route: absent is fine, a bad token is not.
#[derive(Clone, Debug)]
pub(crate) struct MaybeAuthenticated(pub(crate) Option<Actor>);

/// A superuser.
#[derive(Clone, Debug)]
pub(crate) struct Superuser(pub(crate) Actor);

/// An active member of the team in the path.
#[derive(Clone, Debug)]
pub(crate) struct TeamMember {
    pub(crate) actor: Actor,
    pub(crate) team: Team,
    pub(crate) membership: Membership,
}

/// An active admin of the team in the path.
#[derive(Clone, Debug)]
pub(crate) struct TeamAdmin(pub(crate) TeamMember);

impl TeamMember {
    /// The team in the path.
    pub(crate) const fn team_id(&self) -> TeamId {
        self.team.id
    }
}

/// Who shows the token of this request, if there is one.
pub(crate) async fn authenticate(req: &HttpRequest, application: &Application) -> Result<Option<Actor>, Problem> {
    let Some(token) = bearer_token(req.headers())? else { return Ok(None) };
    Ok(Some(application.auth.authenticate.execute(token).await?))
}

fn authenticated(req: &HttpRequest) -> Result<Authenticated, Problem> {
    req.extensions().get::<Authenticated>().cloned().ok_or_else(Problem::authentication_required)
}

fn superuser(req: &HttpRequest) -> Result<Superuser, Problem> {
    let Authenticated(actor) = authenticated(req)?;
    if actor.user.is_superuser {
        return Ok(Superuser(actor));
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "superuser_required", "This takes a superuser."))
}

fn member(req: &HttpRequest) -> Result<TeamMember, Problem> {
    let member = req.extensions().get::<TeamMember>().cloned();
    member.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "team_not_found", "No such team."))
}

fn admin(req: &HttpRequest) -> Result<TeamAdmin, Problem> {
    let member = member(req)?;
    if member.membership.is_active_admin() {
        return Ok(TeamAdmin(member));
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "team_admin_required", "This takes an admin of the team."))
}

macro_rules! handed_over {
    ($($extractor:ident by $find:ident),*) => {$(
        impl FromRequest for $extractor {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready($find(req))
            }
        }
    )*};
}
handed_over!(Authenticated by authenticated, Superuser by superuser, TeamMember by member, TeamAdmin by admin);

impl FromRequest for MaybeAuthenticated {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let application = req.app_data::<web::Data<Application>>();
            let application = application.ok_or_else(|| Problem::internal("the application is not there"))?;
            if bearer_token(req.headers())?.is_some() {
                shows_who(&req, Credential::Token);
            }
            authenticate(&req, application).await.map(Self)
        })
    }
}
