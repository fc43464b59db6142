//! The table of routes. A line of it names an endpoint, who may call it and what can go wrong, and is all there is to
//! registering one: the method and pattern are those of the endpoint's OpenAPI annotation, the gate follows from
//! [`Access`], and the OpenAPI document is made of the same lines.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::{Route, guard, web};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{RefOr, Schema};

use crate::middleware::flood_guard::{FloodGuard, Guarded};
use crate::middleware::gate::gate;
use crate::pages::page::Field;
use crate::pages::send_again::FormFields;
use crate::problem::Problem;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Whoever is signed in.
    SignedIn,
    /// Active members of `{team_id}`; to everybody else the team does not exist.
    TeamMember,
    /// Active admins of `{team_id}`.
    TeamAdmin,
    /// Admins of `{team_id}`, and `{user_id}` itself, also while its membership awaits verification.
    MemberRemoval,
    /// Superusers.
    Superuser,
}

/// What shows who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An access token in `Authorization`.
    Token,
    /// The cookie of a browser: a page, which answers whoever is not signed in by leading there.
    Cookie,
}

impl Access {
    /// Whether the route is about `{team_id}`.
    pub const fn is_of_team(self) -> bool {
        matches!(self, Self::TeamMember | Self::TeamAdmin | Self::MemberRemoval)
    }
}

/// Status and code of a problem.
pub type ProblemCode = (u16, &'static str);

type Schemas = Vec<(String, RefOr<Schema>)>;

/// Makes the documentation of a call, and collects the schemas that it names.
type Document = (fn() -> Operation, fn(&mut Schemas));

/// One route.
#[derive(Clone)]
pub struct Endpoint {
    /// Name of its file, and its `operationId`.
    pub name: &'static str,
    /// Method; a GET answers HEAD too.
    pub method: Method,
    /// Path with its parameters in braces.
    pub pattern: String,
    /// Who may call it.
    pub access: Access,
    /// By what it is told who calls.
    pub credential: Credential,
    /// Problems of its own; [`crate::openapi`] adds those that follow from its access and shape.
    pub problems: &'static [ProblemCode],
    /// Of its form, where what was typed is kept if the form is not taken.
    pub(crate) fields: &'static [Field],
    document: Option<Document>,
    handler: fn() -> Route,
}

impl Endpoint {
    /// A call of the API. Written by the macro `endpoint!`.
    pub(crate) fn new<P>(
        name: &'static str,
        access: Access,
        problems: &'static [ProblemCode],
        handler: fn() -> Route,
    ) -> Self
    where
        P: utoipa::Path + utoipa::__dev::SchemaReferences + utoipa::__dev::Tags<'static>,
    {
        let method = match P::methods().first() {
            Some(HttpMethod::Post) => Method::POST,
            Some(HttpMethod::Put) => Method::PUT,
            Some(HttpMethod::Patch) => Method::PATCH,
            Some(HttpMethod::Delete) => Method::DELETE,
            _ => Method::GET,
        };
        let operation = || {
            let mut operation = P::operation();
            operation.tags = Some(P::tags().into_iter().map(Into::into).collect());
            operation
        };
        let document: Document = (operation, P::schemas);
        let (pattern, credential) = (P::path(), Credential::Token);
        Self { name, method, pattern, access, credential, problems, fields: &[], document: Some(document), handler }
    }

    /// Something to fetch, which is no call of the API.
    pub(crate) fn file(name: &'static str, pattern: &str, handler: fn() -> Route) -> Self {
        let page = Self::page(name, Access::Open, Method::GET, pattern, handler);
        Self { credential: Credential::Token, ..page }
    }

    /// A page, or the form on it.
    pub(crate) fn page(
        name: &'static str,
        access: Access,
        method: Method,
        pattern: &str,
        handler: fn() -> Route,
    ) -> Self {
        let (pattern, credential) = (pattern.to_owned(), Credential::Cookie);
        Self { name, method, pattern, access, credential, problems: &[], fields: &[], document: None, handler }
    }

    /// The same for a form that is kept, passwords and tokens apart, where it is not taken because its session is over.
    pub(crate) fn keeping(self, fields: &'static [Field]) -> Self {
        Self { fields, ..self }
    }

    /// Its documentation and the schemas that this names; pages have none.
    pub(crate) fn document(&self) -> Option<(Operation, Schemas)> {
        let (operation, collect) = self.document?;
        let mut schemas = Schemas::new();
        collect(&mut schemas);
        Some((operation(), schemas))
    }

    /// As what a flood is held off it: everything but reads by a token. Whoever asks for a page may have a session that
    /// goes on by it, as one of the API does by `/auth/refresh`.
    pub(crate) fn guarded(&self) -> Option<Guarded> {
        let is_read = self.method == Method::GET;
        let open = self.access == Access::Open && (self.pattern.starts_with("/auth/") || !is_read);
        match self.credential {
            _ if open => Some(Guarded::Open),
            Credential::Cookie => Some(Guarded::Page),
            Credential::Token => (!is_read).then_some(Guarded::Write),
        }
    }

    fn route(&self, flood_guard: &FloodGuard) -> Route {
        let (access, credential, name) = (self.access, self.credential, self.name);
        let fields = FormFields(self.fields);
        let gate = move |req, next| gate(access, credential, name, fields, req, next);
        let route = (self.handler)().wrap(from_fn(gate));
        let route = match self.guarded() {
            Some(guarded) => flood_guard.before(route, guarded),
            None => route,
        };
        if self.method == Method::GET {
            route.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            route.guard(guard::Method(self.method.clone()))
        }
    }
}

/// A line of the table: who may call, the endpoint's module, the problems of its own.
macro_rules! endpoint {
    ($access:ident $module:ident [$($status:literal $code:literal),* $(,)?]) => {
        $crate::routes::Endpoint::new::<$module::__path_handle>(
            stringify!($module),
            $crate::routes::Access::$access,
            &[$(($status, $code)),*],
            || actix_web::web::to($module::handle),
        )
    };
}
pub(crate) use endpoint;

/// Every route.
pub fn table() -> Vec<Endpoint> {
    [
        crate::auth::endpoints(),
        crate::account::endpoints(),
        crate::teams::endpoints(),
        crate::admin::endpoints(),
        crate::well_known::endpoints(),
        crate::health::endpoints(),
        crate::docs::endpoints(),
        crate::pages::endpoints(),
    ]
    .concat()
}

/// Registers the table: one resource for each pattern, which refuses other methods and says which there are.
pub(crate) fn configure(config: &mut web::ServiceConfig, flood_guard: &FloodGuard, table: &[Endpoint]) {
    let mut resources: BTreeMap<(bool, String), Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in table {
        // The first that fits is taken. A literal segment goes before a parameter: `/teams/accept-invitation` is not the
        // team of that id. Patterns without parameters go before all others, which are compared by regular expressions.
        let rank = (endpoint.pattern.contains('{'), endpoint.pattern.replace('{', "~"));
        resources.entry(rank).or_default().push(endpoint);
    }
    for endpoints in resources.values() {
        let Some(first) = endpoints.first() else { continue };
        let allow = allow(endpoints);
        let resource = endpoints.iter().fold(web::resource(first.pattern.as_str()), |resource, endpoint| {
            resource.route(endpoint.route(flood_guard))
        });
        config.service(resource.default_service(web::to(move || std::future::ready(refuse_method(&allow)))));
    }
}

fn allow(endpoints: &[&Endpoint]) -> String {
    let mut methods: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.sort_unstable();
    methods.join(", ")
}

/// What a path answers whose resource does not take the method.
pub(crate) fn refuse_method(allow: &str) -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem { allow: Some(allow.into()), ..Problem::of_status(StatusCode::METHOD_NOT_ALLOWED) })
}

/// What a path answers that no route has.
pub(crate) async fn not_found() -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem::of_status(StatusCode::NOT_FOUND))
}

#[cfg(test)]
mod tests;
