//! What is asked of a list by the form above it, and the list that answers.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use countersign_domain::page::{Cursor, PageRequest};
use minijinja::{Value, context};
use serde::Serialize;
use time::OffsetDateTime;

use crate::extract::form::Form;
use crate::extract::query::pairs;
use crate::extract::{Fields, FromFields};
use crate::pages::frame::{Frame, encoded, mark};
use crate::present::{PageBody, Timestamp};
use crate::problem::Problem;

/// What the form of events sends for all of them.
pub(crate) const EVERY: &str = "every";

/// The query of a list. What was left empty does not narrow.
#[derive(Debug)]
pub(crate) struct Asked(pub(crate) Form);

/// A list that can be narrowed, and the template that shows it.
pub(crate) struct List {
    pub(crate) template: &'static str,
    pub(crate) filters: &'static [Filter],
}

/// A field of the form above a list. Its texts are those of this name in the catalogue.
#[derive(Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) texts: &'static str,
    pub(crate) kind: &'static str,
}

/// A filter as it is shown.
#[derive(Serialize)]
struct ShownFilter<'a> {
    name: &'a str,
    texts: &'a str,
    kind: &'a str,
    optional: bool,
    value: &'a str,
    error: String,
    /// Whether an error stands before it, which has the focus.
    later: bool,
}

impl Asked {
    /// Makes a command of it.
    fn read<T: FromFields>(&self) -> Result<T, Problem> {
        let is_any = |(name, value): &&(String, String)| name == "event" && value == EVERY;
        Fields::of_pairs(self.0.0.iter().filter(|pair| !is_any(pair)).cloned().collect()).read()
    }

    /// The same from there on; from the start without a cursor.
    fn from(&self, cursor: Option<&str>) -> String {
        let narrowing = self.0.0.iter().filter(|(name, _)| !["cursor", "done"].contains(&name.as_str()));
        let pairs = narrowing.map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<_> = pairs
            .chain(cursor.map(|cursor| ("cursor", cursor)))
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        pairs.join("&")
    }

    fn is_narrowed(&self, filters: &[Filter]) -> bool {
        filters.iter().any(|filter| self.0.value(filter.name).is_some())
    }
}

/// When what a cursor points to was made, as its key says.
fn made_at(cursor: &str) -> Option<Timestamp> {
    let (seconds, nanoseconds) = Cursor::parse(cursor).ok()?.key().get_timestamp()?.to_unix();
    let at = OffsetDateTime::from_unix_timestamp(seconds.try_into().ok()?).ok()?;
    at.checked_add(time::Duration::nanoseconds(nanoseconds.into())).map(Timestamp)
}

impl FromRequest for Asked {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = |pairs: Vec<(String, String)>| pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        ready(pairs(req.query_string().as_bytes()).map(|pairs| Self(Form(given(pairs)))))
    }
}

impl List {
    /// What is found for what was asked, or what is wrong with that.
    pub(crate) async fn show<Q: FromFields, T: Serialize>(
        &self,
        frame: &Frame,
        asked: &Asked,
        values: Value,
        find: impl AsyncFnOnce(Q) -> Result<PageBody<T>, Problem>,
    ) -> Result<HttpResponse, Problem> {
        let found = match asked.read() {
            Ok(query) => find(query).await,
            Err(problem) => Err(problem),
        };
        let problem = match found {
            Ok(list) => {
                let narrowed = asked.is_narrowed(self.filters);
                let is_short = list.items.len() < usize::from(PageRequest::DEFAULT_LIMIT);
                let goes_on = list.next_cursor.as_deref().filter(|_| is_short);
                let (searching, searched_to) = (goes_on.is_some(), goes_on.and_then(made_at));
                let next = list.next_cursor.as_deref().map(|cursor| asked.from(Some(cursor)));
                let first = asked.0.value("cursor").map(|_| asked.from(None));
                let filters = self.filters(frame, asked, None);
                let values =
                    context! { filters, items => list.items, next, first, narrowed, searching, searched_to, ..values };
                return Ok(frame.page(self.template, values));
            }
            Err(problem) if problem.status == StatusCode::UNPROCESSABLE_ENTITY => problem,
            Err(problem) => return Err(problem),
        };
        // Of what no form has, such as a cursor, only the rule itself tells.
        let stray = problem.errors.iter().find(|error| self.filters.iter().all(|filter| filter.name != error.field));
        let alert = stray.map_or_else(|| frame.words(&problem), |error| frame.field_words(error));
        let values = context! {
            filters => self.filters(frame, asked, Some(&problem)), refused => true, see_below => stray.is_none(), alert, ..values
        };
        let mut response = frame.answer(self.template, problem.status, values);
        mark(&mut response, &problem);
        Ok(response)
    }

    fn filters<'a>(&self, frame: &Frame, asked: &'a Asked, problem: Option<&Problem>) -> Vec<ShownFilter<'a>> {
        let mut is_told = false;
        let shown = self.filters.iter().map(|Filter { name, texts, kind }| {
            let value = asked.0.value(name).unwrap_or_default();
            // An input of times takes them without a zone.
            let value = if *kind == "datetime-local" { value.trim_end_matches('Z') } else { value };
            let error = problem.and_then(|problem| problem.errors.iter().find(|error| error.field == *name));
            let later = is_told;
            is_told |= error.is_some();
            let error = error.map(|error| frame.field_words(error)).unwrap_or_default();
            ShownFilter { name, texts, kind, optional: true, value, error, later }
        });
        shown.collect()
    }
}
