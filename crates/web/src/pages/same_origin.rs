//! Forms are sent from this service's own pages only.

use actix_web::http::Method;
use actix_web::http::header::{HOST, ORIGIN, REFERER};
use actix_web::http::uri::Authority;
use actix_web::{HttpRequest, web};

use crate::problem::Problem;
use crate::settings::WebSettings;

/// Refuses every form of which the browser does not say that a page of this service sent it (ASVS 3.5.1): those of
/// nobody's session, such as signing in, have no token that would show it.
pub(crate) fn require(req: &HttpRequest) -> Result<(), Problem> {
    if req.method() == Method::POST && !is_own(req) {
        return Err(Problem::form_refused());
    }
    Ok(())
}

/// Whether the browser says that a page of another site led here: the link may be one that nobody wanted to follow, and
/// the answer one that nobody gets to see.
pub(crate) fn is_led_from_elsewhere(req: &HttpRequest) -> bool {
    site(req).is_some_and(|site| !is_here(site))
}

fn site(req: &HttpRequest) -> Option<&str> {
    req.headers().get("sec-fetch-site").map(|site| site.to_str().unwrap_or("?"))
}

fn is_here(site: &str) -> bool {
    matches!(site, "same-origin" | "none")
}

/// By Fetch Metadata; in browsers before those by `Origin`, and before that by `Referer`. Pages have a policy under which
/// browsers tell them of themselves, so that `null` is somebody else.
fn is_own(req: &HttpRequest) -> bool {
    let header = |name: &str| req.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = site(req) {
        return is_here(site);
    }
    let sender = header(ORIGIN.as_str()).or_else(|| header(REFERER.as_str()));
    let Some((scheme, rest)) = sender.and_then(|sender| sender.split_once("://")) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let settings = req.app_data::<web::Data<WebSettings>>();
    let public = settings.and_then(|settings| settings.public_url.split_once("://"));
    let Some((own_scheme, public)) = public else { return false };
    // A proxy may ask by another name than the browser does.
    let public = public.split('/').next();
    let asked = header(HOST.as_str()).or_else(|| req.uri().authority().map(Authority::as_str));
    scheme == own_scheme
        && [public, asked].into_iter().flatten().any(|own| without_port(scheme, own).eq_ignore_ascii_case(authority))
}

/// Browsers leave the port out where it is that of the scheme.
fn without_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let port = if scheme == "https" { ":443" } else { ":80" };
    authority.strip_suffix(port).unwrap_or(authority)
}

#[cfg(test)]
mod tests;
