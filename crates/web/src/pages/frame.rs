//! What every page has around it: product, navigation of whoever is signed in, and what has just been done.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, RETRY_AFTER, VARY};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _, web};
use countersign_application::Application;
use futures_util::future::LocalBoxFuture;
use minijinja::{Value, context};

use crate::extract::RequestOrigin;
use crate::extract::query::pairs;
use crate::middleware::answer::OwnBody;
use crate::pages::mailbox::at_home;
use crate::pages::same_origin;
use crate::pages::session::{self, PageSession};
use crate::pages::way_back::way_back;
use crate::pages::wording;
use crate::problem::{FieldError, Problem};
use crate::settings::WebSettings;

/// Nothing runs on a page, and nothing is loaded but its style.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// No address leaves a page: its query may be a token. Its host does, for without it browsers do not say of a form that
/// it is from here.
const REFERRER: &str = "strict-origin";

/// The frame of the page that a request asks for.
pub(crate) struct Frame {
    settings: web::Data<WebSettings>,
    /// The path, without the slash it starts with.
    here: String,
    /// Where whoever has to sign in first comes back to.
    way_back: Option<String>,
    /// Whoever is signed in.
    pub(crate) session: Option<PageSession>,
    /// Names the text that says what the request before has done.
    pub(crate) done: Option<String>,
    /// Whether there is a mailbox to lead to.
    mailbox: bool,
    /// By which the log names the request.
    request_id: String,
}

impl Frame {
    fn of(req: &HttpRequest, session: Option<PageSession>, done: Option<String>) -> Result<Self, Problem> {
        let settings = req.app_data::<web::Data<WebSettings>>().cloned();
        let settings = settings.ok_or_else(|| Problem::internal("the settings are not there"))?;
        let mailbox = at_home::is_shown(req, &settings);
        let (here, way_back) = (req.path().trim_start_matches('/').to_owned(), way_back(req));
        let origin = req.extensions().get::<RequestOrigin>().cloned().unwrap_or_default();
        let request_id = origin.request_id().to_owned();
        Ok(Self { settings, here, way_back, session, done, mailbox, request_id })
    }

    /// Whether strangers may register.
    pub(crate) fn registers(&self) -> bool {
        self.settings.open_registration
    }

    /// From this page to `/`: links stay relative, so that pages also work below a path of a proxy.
    fn root(&self) -> String {
        "../".repeat(self.here.matches('/').count())
    }

    /// A page.
    pub(crate) fn page(&self, template: &str, values: Value) -> HttpResponse {
        self.answer(template, StatusCode::OK, values)
    }

    /// A page with another status.
    pub(crate) fn answer(&self, template: &str, status: StatusCode, values: Value) -> HttpResponse {
        match self.render(template, status, values) {
            Ok(page) => html(status, page),
            Err(error) => Problem::internal(error).error_response(),
        }
    }

    /// What went wrong, in words of the pages.
    pub(crate) fn words(&self, problem: &Problem) -> String {
        wording::words(&self.settings.look().texts, problem)
    }

    /// What is wrong with a field, in words of the pages.
    pub(crate) fn field_words(&self, error: &FieldError) -> String {
        wording::field_words(&self.settings.look().texts, error.code, &error.message)
    }

    fn render(&self, template: &str, status: StatusCode, values: Value) -> Result<String, String> {
        let look = self.settings.look();
        let texts = look.texts.clone();
        let done = self.done.as_deref().and_then(|done| texts.get_attr("done").ok()?.get_attr(done).ok());
        let person = self.session.as_ref().map(|session| {
            let user = &session.actor.user;
            context! {
                email => user.email.as_str(), first_name => user.first_name.as_str(), last_name => user.last_name.as_str(),
                is_superuser => user.is_superuser, email_verified => user.email_verified,
            }
        });
        let around = context! {
            product => self.settings.product, t => texts, root => self.root(), here => self.here, person, mailbox => self.mailbox,
            registers => self.settings.open_registration, style => look.stylesheet.version,
            form_token => self.session.as_ref().map(|session| session.form_token.text()), done,
            request_id => status.is_server_error().then_some(&self.request_id),
            ..values
        };
        let template = look.templates.get_template(template).map_err(|error| error.to_string())?;
        template.render(around).map_err(|error| format!("{error:#}"))
    }

    /// What went wrong, as a page; whoever has to sign in is led there.
    pub(crate) fn problem(&self, problem: &Problem) -> HttpResponse {
        if problem.status == StatusCode::UNAUTHORIZED {
            let next = self.way_back.iter().map(|page| ("next", page.as_str()));
            return self.go_asking("sign-in", &next.collect::<Vec<_>>());
        }
        let mut response = self.answer(
            "problem.html",
            problem.status,
            context! { problem => problem.code, alert => self.words(problem) },
        );
        mark(&mut response, problem);
        response
    }

    /// To a page, given by its path without the slash.
    pub(crate) fn go(&self, to: &str) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((LOCATION, format!("{}{to}", prefix(&self.root())))).finish()
    }

    /// The same, which is to say there what was done.
    pub(crate) fn go_saying(&self, to: &str, done: &str) -> HttpResponse {
        self.go_asking(to, &[("done", done)])
    }

    /// To a page with a query.
    pub(crate) fn go_asking(&self, to: &str, query: &[(&str, &str)]) -> HttpResponse {
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        self.go(&format!("{to}{mark}{}", query.join("&")))
    }
}

/// What the query says was done; a link of another site has this service say nothing.
fn done(req: &HttpRequest) -> Option<String> {
    let query = Some(req.query_string()).filter(|query| query.contains("done="))?;
    let pairs = pairs(query.as_bytes()).ok().filter(|_| !same_origin::is_led_from_elsewhere(req))?;
    pairs.into_iter().find(|(name, _)| name == "done").map(|(_, value)| value)
}

/// What is relative to `/` starts with a full stop, so that no path is taken for a scheme or a host.
fn prefix(root: &str) -> &str {
    if root.is_empty() { "./" } else { root }
}

/// For a query: all but what never means anything else.
pub(crate) fn encoded(value: &str) -> String {
    let octets = value.bytes().map(|octet| {
        let is_plain = octet.is_ascii_alphanumeric() || matches!(octet, b'/' | b'-' | b'_' | b'.' | b'~');
        if is_plain { char::from(octet).to_string() } else { format!("%{octet:02X}") }
    });
    octets.collect()
}

/// For the log, and for whoever waits.
pub(crate) fn mark(response: &mut HttpResponse, problem: &Problem) {
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response.extensions_mut().insert(problem.clone());
}

fn html(status: StatusCode, page: String) -> HttpResponse {
    let mut response = HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, REFERRER))
        .insert_header((VARY, "cookie"))
        .content_type("text/html; charset=utf-8")
        .body(page);
    response.extensions_mut().insert(OwnBody);
    response
}

impl FromRequest for Frame {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let application = req.app_data::<web::Data<Application>>();
            let application = application.ok_or_else(|| Problem::internal("the application is not there"))?;
            let session = session::resume(&req, application).await?;
            Self::of(&req, session, done(&req))
        })
    }
}

/// The frame of a page that could not be made.
pub(crate) fn bare(req: &HttpRequest) -> Result<Frame, Problem> {
    Frame::of(req, session::known(req), None)
}
