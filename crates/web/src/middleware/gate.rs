//! Stands before every route and asks what the table of routes says: a handler behind a closed gate never runs, and
//! the body of the request is not even read, but for a form that is to be sent again. Behind it, a panic becomes an answer, and a request that others were in
//! the way of is handled again.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderValue, VARY};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, ResponseError as _, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_application::limits::CountedHits;
use countersign_application::spans;
use countersign_domain::audit::Origin;
use countersign_domain::team::permissions::Permission;
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use crate::extract::actor::{Authenticated, TeamMember, authenticate};
use crate::extract::path::TeamPath;
use crate::extract::{MemberPath, RequestOrigin};
use crate::pages::send_again::{self, FormFields};
use crate::pages::{self, same_origin, session};
use crate::problem::Problem;
use crate::routes::{Access, Credential};

/// Before a request is handled again that others were in the way of, and rolled back by the database for it. Uneven, so
/// that two of them do not meet again.
const PAUSES: [Duration; 3] = [Duration::from_millis(5), Duration::from_millis(35), Duration::from_millis(110)];

/// A body that was there by then was sent with its head, as good as.
const AT_ONCE: Duration = Duration::from_millis(50);

/// What a request was let in for, and when.
#[derive(Clone, Copy)]
struct Admitted {
    access: Access,
    credential: Credential,
    at: Instant,
}

pub(crate) async fn gate<B: MessageBody + 'static>(
    access: Access,
    credential: Credential,
    endpoint: &'static str,
    fields: FormFields,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    if credential == Credential::Cookie
        && let Some(again) = pages::reopen(req.request())
    {
        return Ok(pages::finish(req.into_response(again)));
    }
    req.extensions_mut().insert(fields);
    // A page's session may have to be renewed.
    let is_contended = |admitted: &Result<(), Problem>| admitted.as_ref().is_err_and(|problem| problem.is_contended);
    let mut response = match at_last(is_contended, async || admit(access, credential, req.request()).await).await {
        Ok(()) => {
            let span = tracing::info_span!(target: spans::TARGET, "endpoint", otel.name = endpoint);
            handle(req, next).instrument(span).await?
        }
        Err(problem) => {
            let (request, mut payload) = req.into_parts();
            if problem.status == StatusCode::UNAUTHORIZED && credential == Credential::Cookie {
                send_again::keep_unread(&request, &mut payload).await;
            }
            ServiceResponse::new(request, problem.error_response())
        }
    };
    if credential == Credential::Cookie {
        return Ok(pages::finish(response));
    }
    // Refusals included: whoever has another token is answered otherwise.
    if access != Access::Open {
        response.headers_mut().append(VARY, HeaderValue::from_static("authorization"));
    }
    Ok(response)
}

async fn handle<B: MessageBody + 'static>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse, Error> {
    let (request, mut first) = (req.request().clone(), Some(req));
    let is_contended = |answered: &Result<ServiceResponse, Error>| {
        let problem = |answered: &ServiceResponse| answered.response().extensions().get::<Problem>().cloned();
        answered.as_ref().ok().and_then(problem).is_some_and(|problem| problem.is_contended)
    };
    at_last(is_contended, async || {
        // The body is there already when it is handled again.
        let req = first.take().unwrap_or_else(|| ServiceRequest::from_parts(request.clone(), Payload::None));
        caught(req, &next).await
    })
    .await
}

/// Again where others were in the way. It counts toward limits once, however often that is.
async fn at_last<T>(is_contended: impl Fn(&T) -> bool, mut attempt: impl AsyncFnMut() -> T) -> T {
    let counted = CountedHits::default();
    let mut outcome = counted.of(attempt()).await;
    for pause in PAUSES {
        if !is_contended(&outcome) {
            break;
        }
        tracing::debug!("others were in the way: once more");
        counted.take_back().await;
        tokio::time::sleep(pause).await;
        outcome = counted.of(attempt()).await;
    }
    outcome
}

async fn caught<B: MessageBody + 'static>(req: ServiceRequest, next: &Next<B>) -> Result<ServiceResponse, Error> {
    let request = req.request().clone();
    let Ok(answered) = AssertUnwindSafe(next.call(req)).catch_unwind().await else {
        let problem = Problem::internal("a handler panicked");
        return Ok(ServiceResponse::new(request, problem.error_response()));
    };
    Ok(answered?.map_into_boxed_body())
}

/// Once more behind a body that was waited for: whoever sent it may have been shut out meanwhile, and must not have come
/// in for having begun early.
pub(crate) async fn admit_again(req: &HttpRequest) -> Result<(), Problem> {
    let admitted = req.extensions().get::<Admitted>().copied();
    let Some(Admitted { access, credential, .. }) = admitted.filter(|admitted| admitted.at.elapsed() > AT_ONCE) else {
        return Ok(());
    };
    session::look_again(req, application_of(req)?).await?;
    admit(access, credential, req).await
}

/// What is open to everybody may do more for whoever shows who they are: they, too, have to be so behind a body that was
/// waited for. Said before it is looked up, which also takes its time.
pub(crate) fn shows_who(req: &HttpRequest, credential: Credential) {
    req.extensions_mut().insert(Admitted { access: Access::SignedIn, credential, at: Instant::now() });
}

async fn admit(access: Access, credential: Credential, req: &HttpRequest) -> Result<(), Problem> {
    if credential == Credential::Cookie {
        same_origin::require(req)?;
    }
    if access != Access::Open {
        let span = tracing::info_span!(target: spans::TARGET, "authorize");
        return admit_known(access, credential, req).instrument(span).await;
    }
    // A cookie that stands for nobody any more closes no open page, so here it is looked up first.
    let is_form = credential == Credential::Cookie && req.method() == Method::POST;
    if is_form && session::resume(req, application_of(req)?).await?.is_some() {
        shows_who(req, credential);
    }
    Ok(())
}

fn application_of(req: &HttpRequest) -> Result<&Application, Problem> {
    let application = req.app_data::<web::Data<Application>>();
    application.map(|application| &***application).ok_or_else(|| Problem::internal("the application is not there"))
}

async fn admit_known(access: Access, credential: Credential, req: &HttpRequest) -> Result<(), Problem> {
    let application = application_of(req)?;
    let origin = req.extensions().get::<RequestOrigin>().cloned().unwrap_or_default().0;
    let actor = match credential {
        Credential::Token => authenticate(req, application).await?,
        Credential::Cookie => session::resume(req, application).await?.map(|session| session.actor),
    };
    let actor = actor.ok_or_else(Problem::authentication_required)?;
    match access {
        Access::Open | Access::SignedIn => {}
        Access::TeamMember => admit_to_team(application, &actor, &origin, req, Permission::ViewTeam).await?,
        Access::TeamAdmin => admit_to_team(application, &actor, &origin, req, Permission::UpdateTeam).await?,
        Access::MemberRemoval => {
            let MemberPath(target) = MemberPath::of(req)?;
            admit_to_team(application, &actor, &origin, req, Permission::RemoveMember { target }).await?;
        }
        Access::Superuser => application.superuser_guard.require(&actor, &origin).await?,
    }
    req.extensions_mut().insert(Authenticated(actor));
    req.extensions_mut().insert(Admitted { access, credential, at: Instant::now() });
    Ok(())
}

async fn admit_to_team(
    application: &Application,
    actor: &Actor,
    origin: &Origin,
    req: &HttpRequest,
    permission: Permission,
) -> Result<(), Problem> {
    let TeamPath(team_id) = TeamPath::of(req)?;
    let (team, membership) = application.team_access.require(actor, origin, team_id, permission).await?;
    req.extensions_mut().insert(TeamMember { actor: actor.clone(), team, membership });
    Ok(())
}
