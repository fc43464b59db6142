//! What all pages have in common: a form, what was typed into it, and what came of it.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError as _};
use minijinja::{Environment, context};
use serde::Serialize;

use crate::extract::form::Form;
use crate::extract::{Fields, FromFields};
use crate::middleware::answer::OwnBody;
use crate::problem::Problem;
use crate::settings::WebSettings;

const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The names end in `.html`, so every value is escaped.
const TEMPLATE: &str = "page.html";
/// The template of `GET /`.
pub(crate) const FRONT: &str = "front.html";

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.add_template(TEMPLATE, include_str!("page.html"))?;
    environment.add_template(FRONT, include_str!("front.html"))?;
    Ok(environment)
});

/// Code of a field whose password is not that of the account.
pub(crate) const WRONG_PASSWORD: &str = "wrong_password";

const CUT: &str = "The link is not whole. Open it from the mail again, or copy all of it.";

/// A page with a form.
pub(crate) struct Page {
    /// The path, without the slash: links stay relative, so that pages also work below a path of a proxy.
    pub(crate) action: &'static str,
    pub(crate) title: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) fields: &'static [Field],
    pub(crate) button: &'static str,
}

/// A field of a form, besides the token.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// Type of the input.
    pub(crate) kind: &'static str,
    /// What browsers and password managers may fill in.
    pub(crate) autocomplete: &'static str,
    pub(crate) hint: &'static str,
}

/// A field as it is shown.
#[derive(Serialize)]
struct ShownField<'a> {
    name: &'a str,
    label: &'a str,
    kind: &'a str,
    autocomplete: &'a str,
    hint: &'a str,
    value: &'a str,
    error: &'a str,
}

/// What a page shows besides what it is for.
#[derive(Default)]
struct Shown<'a> {
    heading: &'a str,
    /// The form; none without fields.
    fields: Vec<ShownField<'a>>,
    /// What went wrong.
    alert: &'a str,
    /// What was done.
    done: &'a str,
}

impl Page {
    /// The empty form; none for a token that can only be refused, which its shape alone tells: nothing is looked up.
    pub(crate) fn show(&self, settings: &WebSettings, token: Option<&str>) -> HttpResponse {
        let shown = Shown { heading: self.title, ..Shown::default() };
        match token.filter(|token| !token.is_empty()) {
            Some(token) if !is_whole(token) => {
                self.render(settings, StatusCode::BAD_REQUEST, &Shown { alert: CUT, ..shown })
            }
            token => {
                let typed = token.map(|token| ("token".to_owned(), token.to_owned()));
                self.form(settings, &Form(typed.into_iter().collect()), None)
            }
        }
    }

    /// Makes a command of what was typed and says what came of it; the form again if nothing did.
    pub(crate) async fn submit<T: FromFields>(
        &self,
        settings: &WebSettings,
        form: &Form,
        execute: impl AsyncFnOnce(T) -> Result<&'static str, Problem>,
    ) -> HttpResponse {
        let outcome = match Fields::of_pairs(form.0.clone()).read::<T>() {
            Ok(command) => execute(command).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(done) => {
                let shown = Shown { heading: self.title, done, ..Shown::default() };
                self.render(settings, StatusCode::OK, &shown)
            }
            Err(problem) => self.form(settings, form, Some(&problem)),
        }
    }

    /// The form with what was typed before, passwords apart, and what is wrong with it; no form where the token is dead.
    pub(crate) fn form(&self, settings: &WebSettings, typed: &Form, problem: Option<&Problem>) -> HttpResponse {
        let token = typed.value("token").unwrap_or_default();
        let mut fields = vec![ShownField {
            name: "token",
            label: "Token",
            kind: if token.is_empty() { "text" } else { "hidden" },
            autocomplete: "off",
            hint: "It stands in the mail.",
            value: token,
            error: "",
        }];
        fields.extend(self.fields.iter().map(|field| ShownField {
            name: field.name,
            label: field.label,
            kind: field.kind,
            autocomplete: field.autocomplete,
            hint: field.hint,
            value: if field.kind == "password" { "" } else { typed.value(field.name).unwrap_or_default() },
            error: "",
        }));
        let heading = self.title;
        let Some(problem) = problem else {
            return self.render(settings, StatusCode::OK, &Shown { heading, fields, ..Shown::default() });
        };
        for error in &problem.errors {
            if let Some(field) = fields.iter_mut().find(|field| field.name == error.field) {
                field.error = &error.message;
            }
        }
        let is_wrong_password = problem.errors.iter().any(|error| error.code == WRONG_PASSWORD);
        let shown = Shown {
            heading: if is_wrong_password { "The password is wrong" } else { heading },
            fields: if problem.code == "invalid_token" { vec![] } else { fields },
            alert: if problem.code == "validation_failed" {
                "Some of it cannot be used; see below."
            } else {
                &problem.detail
            },
            done: "",
        };
        let mut response = self.render(settings, problem.status, &shown);
        if let Some(seconds) = problem.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        // For the log.
        response.extensions_mut().insert(problem.clone());
        response
    }

    fn render(&self, settings: &WebSettings, status: StatusCode, shown: &Shown<'_>) -> HttpResponse {
        let values = context! {
            product => settings.product, title => shown.heading, intro => self.intro, action => self.action,
            button => self.button, fields => shown.fields, alert => shown.alert, done => shown.done,
        };
        render(TEMPLATE, status, values)
    }
}

/// Makes a page of a template; the policy lets nothing run on it.
pub(crate) fn render(template: &str, status: StatusCode, values: minijinja::Value) -> HttpResponse {
    let page = match &*TEMPLATES {
        Ok(templates) => templates.get_template(template).and_then(|template| template.render(values)),
        Err(error) => return Problem::internal(error.to_string()).error_response(),
    };
    let page = match page {
        Ok(page) => page,
        Err(error) => return Problem::internal(error).error_response(),
    };
    let mut response = HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type("text/html; charset=utf-8")
        .body(page);
    response.extensions_mut().insert(OwnBody);
    response
}

/// Mailed tokens are 32 octets in base64url, all of them.
fn is_whole(token: &str) -> bool {
    token.len() == 43 && token.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}

/// The token that a link carries.
pub(crate) struct Linked {
    pub(crate) token: Option<String>,
}

impl FromFields for Linked {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { token: fields.optional_text("token") })
    }
}

/// A form that has only the token.
pub(crate) struct TokenOnly(pub(crate) countersign_domain::secret::Secret);

impl FromFields for TokenOnly {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        fields.secret("token").map(Self)
    }
}
