//! The session of the pages: one cookie, which no script can read.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::COOKIE;
use actix_web::{HttpMessage as _, HttpRequest, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_application::auth::browser_session::{BrowserSession, FormToken, ResumeError, SessionCookie};
use countersign_domain::secret::Secret;

use crate::extract::RequestOrigin;
use crate::pages::same_origin;
use crate::problem::Problem;
use crate::settings::WebSettings;

/// Bound to host and path `/` by its name (RFC 6265bis, 4.1.3.2); over plain http no browser would take that one.
const OVER_TLS: &str = "__Host-countersign";
const PLAIN: &str = "countersign";

/// Whoever is signed in on this browser.
#[derive(Clone, Debug)]
pub(crate) struct PageSession {
    pub(crate) actor: Actor,
    /// Proves that a form was filled in on a page of this session.
    pub(crate) form_token: FormToken,
}

impl From<BrowserSession> for PageSession {
    fn from(BrowserSession { actor, form_token }: BrowserSession) -> Self {
        Self { actor, form_token }
    }
}

/// What the answer is to set.
struct Outgoing(Cookie<'static>);

/// Looked up once a request.
#[derive(Clone)]
struct Resumed(Option<PageSession>);

/// Whoever the cookie of this request stands for.
pub(crate) async fn resume(req: &HttpRequest, application: &Application) -> Result<Option<PageSession>, Problem> {
    let known = req.extensions().get::<Resumed>().cloned();
    if let Some(Resumed(session)) = known {
        return Ok(session);
    }
    let session = look_up(req, application).await?;
    req.extensions_mut().insert(Resumed(session.clone()));
    Ok(session)
}

/// The same for an answer that no page gives, such as where there is none: nothing is renewed for it, and whoever cannot
/// be told is nobody.
pub(crate) async fn recognize(req: &HttpRequest) {
    let is_known = req.extensions().get::<Resumed>().is_some();
    let Some(application) = req.app_data::<web::Data<Application>>().filter(|_| !is_known) else { return };
    let Some(cookie) = presented(req) else { return };
    let session = application.auth.browser_sessions.recognize(&cookie).await.ok();
    req.extensions_mut().insert(Resumed(session.map(PageSession::from)));
}

/// The same, if it was asked for already.
pub(crate) fn known(req: &HttpRequest) -> Option<PageSession> {
    req.extensions().get::<Resumed>().and_then(|Resumed(session)| session.clone())
}

async fn look_up(req: &HttpRequest, application: &Application) -> Result<Option<PageSession>, Problem> {
    let Some(cookie) = presented(req) else { return Ok(None) };
    let sessions = &application.auth.browser_sessions;
    // A cookie may go stale after the gate has let it through.
    if same_origin::is_led_from_elsewhere(req) {
        return found(sessions.recognize(&cookie).await);
    }
    let origin = req.extensions().get::<RequestOrigin>().cloned().unwrap_or_default().0;
    let resumed = sessions.resume(&origin, &cookie).await;
    if let Some(renewed) = &resumed.renewed {
        keep(req, renewed);
    }
    found(resumed.session)
}

/// Has it looked up anew, by the cookie that the answer is to set if there is one: none is exchanged twice.
pub(crate) async fn look_again(req: &HttpRequest, application: &Application) -> Result<(), Problem> {
    if req.extensions_mut().remove::<Resumed>().is_none() {
        return Ok(());
    }
    let renewed = req.extensions().get::<Outgoing>().map(|Outgoing(cookie)| Secret::new(cookie.value()));
    if let Some(cookie) = renewed {
        let session = found(application.auth.browser_sessions.recognize(&cookie).await)?;
        req.extensions_mut().insert(Resumed(session));
    }
    Ok(())
}

fn found(session: Result<BrowserSession, ResumeError>) -> Result<Option<PageSession>, Problem> {
    match session {
        Ok(session) => Ok(Some(session.into())),
        Err(ResumeError::Over) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the cookie has to be renewed, and that is not to be done for whoever led here: a site that drops the answer with
/// the next cookie would have its visitors come back with a token that was exchanged long ago, as a thief does. Such a
/// request gets no further than `reopen`.
pub(crate) fn waits_for_own_request(req: &HttpRequest, application: &Application) -> bool {
    let is_stale = |cookie: &Secret| application.auth.browser_sessions.is_stale(cookie);
    same_origin::is_led_from_elsewhere(req) && presented(req).as_ref().is_some_and(is_stale)
}

/// The cookie as it was sent, if it was sent once. Names are not decoded: `%5F%5FHost-` is no prefix that a browser
/// would hold to this host.
fn presented(req: &HttpRequest) -> Option<Secret> {
    let lines = req.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(cookie, _)| *cookie == name(req)).map(|(_, value)| Secret::new(value));
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Lets the browser keep this session from now on.
pub(crate) fn keep(req: &HttpRequest, cookie: &SessionCookie) {
    let lasts = actix_web::cookie::time::Duration::seconds(cookie.lasts.whole_seconds());
    set(req, Cookie::build(name(req), cookie.value.expose().to_owned()).max_age(lasts).finish());
}

/// Lets the browser forget a session that is over. Only where it is told to sign in: an answer that comes late from
/// elsewhere would take the cookie of a session that has begun meanwhile. Nor where another site leads.
pub(crate) fn forget_dead(req: &HttpRequest) {
    if presented(req).is_some() && !same_origin::is_led_from_elsewhere(req) {
        forget(req);
    }
}

/// Lets the browser forget the session.
pub(crate) fn forget(req: &HttpRequest) {
    let mut cookie = Cookie::new(name(req), "");
    cookie.make_removal();
    set(req, cookie);
}

/// The cookie to go with the answer to this request.
pub(crate) fn outgoing(req: &HttpRequest) -> Option<Cookie<'static>> {
    req.extensions_mut().remove::<Outgoing>().map(|Outgoing(cookie)| cookie)
}

fn set(req: &HttpRequest, mut cookie: Cookie<'static>) {
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(is_https(req));
    req.extensions_mut().insert(Outgoing(cookie));
}

fn name(req: &HttpRequest) -> &'static str {
    if is_https(req) { OVER_TLS } else { PLAIN }
}

fn is_https(req: &HttpRequest) -> bool {
    req.app_data::<web::Data<WebSettings>>().is_some_and(|settings| settings.is_https())
}

#[cfg(test)]
mod tests;
