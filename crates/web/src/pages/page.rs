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

/// The name ends in `.html`, so every value is escaped.
const TEMPLATE: &str = "page.html";

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.add_template(TEMPLATE, include_str!("page.html"))?;
    Ok(environment)
});

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

impl Page {
    /// The empty form.
    pub(crate) fn show(&self, settings: &WebSettings, token: Option<&str>) -> HttpResponse {
        let typed = token.map(|token| ("token".to_owned(), token.to_owned()));
        self.form(settings, &Form(typed.into_iter().collect()), None)
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
            Ok(done) => self.render(settings, StatusCode::OK, &[], "", done),
            Err(problem) => self.form(settings, form, Some(&problem)),
        }
    }

    /// The form with what was typed before, passwords apart, and what is wrong with it.
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
        let Some(problem) = problem else { return self.render(settings, StatusCode::OK, &fields, "", "") };
        for error in &problem.errors {
            if let Some(field) = fields.iter_mut().find(|field| field.name == error.field) {
                field.error = &error.message;
            }
        }
        let mut response = self.render(settings, problem.status, &fields, &problem.detail, "");
        if let Some(seconds) = problem.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        // For the log.
        response.extensions_mut().insert(problem.clone());
        response
    }

    fn render(
        &self,
        settings: &WebSettings,
        status: StatusCode,
        fields: &[ShownField<'_>],
        alert: &str,
        done: &str,
    ) -> HttpResponse {
        let errors = fields.iter().any(|field| !field.error.is_empty());
        let values = context! {
            product => settings.product, title => self.title, intro => self.intro, action => self.action,
            button => self.button, fields, errors, alert, done,
        };
        let page = match &*TEMPLATES {
            Ok(templates) => templates.get_template(TEMPLATE).and_then(|template| template.render(values)),
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
