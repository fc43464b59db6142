//! Pages with one form: what was typed into it, and what came of it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use countersign_domain::secret::Secret;
use minijinja::{Value, context};
use serde::Serialize;

use crate::extract::form::Form;
use crate::extract::{Fields, FromFields};
use crate::pages::frame::{Frame, mark};
use crate::problem::Problem;

/// Code of a field whose password is not that of the account.
pub(crate) const WRONG_PASSWORD: &str = "wrong_password";

/// Codes of problems that no other value in the form would mend.
const FINAL: [&str; 2] = ["invalid_token", "invitation_for_another_account"];

/// The same where there is nothing to fill in: the address stands in the mail.
const FINAL_OF_MAILS: &str = "email_taken";

/// A page with one form. Its texts are those of this name in the catalogue.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
}

/// The form of a page, and the template that shows it.
pub(crate) struct Surrounded {
    page: Page,
    template: &'static str,
    values: Value,
}

/// A field of a form.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    /// What it is sent as; its texts are those of this name in the catalogue, unless `texts` says otherwise.
    pub(crate) name: &'static str,
    pub(crate) texts: &'static str,
    /// Type of the input.
    pub(crate) kind: &'static str,
    /// What browsers and password managers may fill in.
    pub(crate) autocomplete: &'static str,
    /// Whether it may stay empty.
    pub(crate) optional: bool,
}

impl Field {
    const fn of(name: &'static str, kind: &'static str, autocomplete: &'static str) -> Self {
        Self { name, texts: name, kind, autocomplete, optional: false }
    }

    pub(crate) const fn text(name: &'static str, autocomplete: &'static str) -> Self {
        Self::of(name, "text", autocomplete)
    }

    /// A text that may be long, and absent.
    pub(crate) const fn prose(name: &'static str) -> Self {
        Self { optional: true, ..Self::of(name, "prose", "off") }
    }

    pub(crate) const fn email(name: &'static str, autocomplete: &'static str) -> Self {
        Self::of(name, "email", autocomplete)
    }

    /// The password of the account.
    pub(crate) const fn password(name: &'static str) -> Self {
        Self::of(name, "password", "current-password")
    }

    /// A password to be chosen.
    pub(crate) const fn new_password(name: &'static str) -> Self {
        Self::of(name, "password", "new-password").called("new_password")
    }

    /// The token of a mail: hidden where the link brought it along.
    pub(crate) const fn token() -> Self {
        Self::of("token", "token", "off")
    }

    /// What goes along unseen.
    pub(crate) const fn hidden(name: &'static str) -> Self {
        Self::of(name, "hidden", "off")
    }

    /// The same with other texts.
    pub(crate) const fn called(mut self, texts: &'static str) -> Self {
        self.texts = texts;
        self
    }

    /// Whether nobody but its owner may see it.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.kind, "password" | "token")
    }

    /// Whether it goes along without being asked for.
    pub(crate) fn is_unseen(&self) -> bool {
        self.kind == "hidden"
    }

    fn kind(self, value: &str) -> &'static str {
        match (self.kind, value.is_empty()) {
            ("token", true) => "text",
            ("token", false) => "hidden",
            (kind, _) => kind,
        }
    }
}

/// A field as it is shown.
#[derive(Serialize)]
struct ShownField<'a> {
    name: &'a str,
    texts: &'a str,
    kind: &'a str,
    autocomplete: &'a str,
    optional: bool,
    value: &'a str,
    error: String,
    /// Whether an error stands before it, which has the focus.
    later: bool,
}

/// What came of a form.
pub(crate) enum Done {
    /// The page says so, by the text of this name.
    Told(&'static str),
    /// Another answer, such as another page.
    Led(HttpResponse),
}

impl Page {
    /// On a page that shows more than the form.
    pub(crate) const fn within(self, template: &'static str, values: Value) -> Surrounded {
        Surrounded { page: self, template, values }
    }

    fn alone(&self) -> Surrounded {
        self.within("form.html", context! {})
    }

    /// The empty form.
    pub(crate) fn show(&self, frame: &Frame) -> HttpResponse {
        self.form(frame, &Form(vec![]), None)
    }

    /// See [`Surrounded::show_linked`].
    pub(crate) fn show_linked(&self, frame: &Frame, token: Option<&str>) -> HttpResponse {
        self.alone().show_linked(frame, token)
    }

    /// See [`Surrounded::submit`].
    pub(crate) async fn submit<T: FromFields>(
        &self,
        frame: &Frame,
        form: &Form,
        execute: impl AsyncFnOnce(T) -> Result<Done, Problem>,
    ) -> HttpResponse {
        self.alone().submit(frame, form, execute).await
    }

    /// See [`Surrounded::form`].
    pub(crate) fn form(&self, frame: &Frame, typed: &Form, problem: Option<&Problem>) -> HttpResponse {
        self.alone().form(frame, typed, problem)
    }
}

impl Surrounded {
    /// The form of a link; none for a token that can only be refused, which its shape alone tells: nothing is looked up.
    pub(crate) fn show_linked(&self, frame: &Frame, token: Option<&str>) -> HttpResponse {
        match token.filter(|token| !token.is_empty()) {
            Some(token) if !is_whole(token) => {
                let values = context! { page => self.page.name, cut => true, ..self.values.clone() };
                frame.answer(self.template, StatusCode::BAD_REQUEST, values)
            }
            token => {
                let typed = token.map(|token| ("token".to_owned(), token.to_owned()));
                self.form(frame, &Form(typed.into_iter().collect()), None)
            }
        }
    }

    /// Makes a command of what was typed and says what came of it; the form again if nothing did.
    pub(crate) async fn submit<T: FromFields>(
        &self,
        frame: &Frame,
        form: &Form,
        execute: impl AsyncFnOnce(T) -> Result<Done, Problem>,
    ) -> HttpResponse {
        let outcome = match Fields::of_pairs(form.0.clone()).read::<T>() {
            Ok(command) => execute(command).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(Done::Told(told)) => {
                frame.page(self.template, context! { page => self.page.name, told, ..self.values.clone() })
            }
            Ok(Done::Led(answer)) => answer,
            Err(problem) => self.form(frame, form, Some(&problem)),
        }
    }

    fn can_only_fail(&self, typed: &Form, problem: &Problem) -> bool {
        let is_hidden = |field: &Field| field.kind(typed.value(field.name).unwrap_or_default()) == "hidden";
        FINAL.contains(&problem.code) || problem.code == FINAL_OF_MAILS && self.page.fields.iter().all(is_hidden)
    }

    /// The form with what was typed before, passwords apart, and what is wrong with it; no form where it can only
    /// fail again.
    pub(crate) fn form(&self, frame: &Frame, typed: &Form, problem: Option<&Problem>) -> HttpResponse {
        let error_of = |name: &str| {
            let error = problem.and_then(|problem| problem.errors.iter().find(|error| error.field == name));
            // The API says it of the whole; on a page there is a field that it is about.
            let of_password = problem.filter(|problem| problem.code == WRONG_PASSWORD && name == "current_password");
            let of_password = || of_password.map(|problem| frame.words(problem)).unwrap_or_default();
            error.map_or_else(of_password, |error| frame.field_words(error))
        };
        let mut is_told = false;
        let fields: Vec<_> = self
            .page
            .fields
            .iter()
            .map(|field| {
                let value = if field.kind == "password" { "" } else { typed.value(field.name).unwrap_or_default() };
                let Field { name, texts, autocomplete, optional, .. } = *field;
                let (kind, error, later) = (field.kind(value), error_of(name), is_told);
                is_told |= kind != "hidden" && !error.is_empty();
                ShownField { name, texts, kind, autocomplete, optional, value, error, later }
            })
            .collect();
        let Some(problem) = problem else {
            return frame.page(self.template, context! { page => self.page.name, fields, ..self.values.clone() });
        };
        let values = context! {
            page => self.page.name,
            fields => if self.can_only_fail(typed, problem) { vec![] } else { fields },
            alert => frame.words(problem),
            see_below => problem.code == WRONG_PASSWORD || !problem.errors.is_empty(),
            ..self.values.clone()
        };
        let mut response = frame.answer(self.template, problem.status, values);
        mark(&mut response, problem);
        response
    }
}

/// Mailed tokens are 32 octets in base64url, all of them.
pub(crate) fn is_whole(token: &str) -> bool {
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
pub(crate) struct TokenOnly(pub(crate) Secret);

impl FromFields for TokenOnly {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        fields.secret("token").map(Self)
    }
}
