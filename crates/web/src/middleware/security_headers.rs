//! Headers that keep browsers from doing what nobody meant (ASVS 3.4, OWASP Secure Headers), on every answer.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::settings::WebSettings;

/// The policy of everything that is not a page; pages set their own.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
const TWO_YEARS: &str = "max-age=63072000";

pub(crate) async fn security_headers<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let settings = req.app_data::<web::Data<WebSettings>>().cloned();
    let mut response = next.call(req).await?;
    // A report has the address of the page with its query: the token of a mail, somebody who is searched for.
    if let Some(url) = settings.as_ref().and_then(|settings| settings.csp_report_url.as_deref())
        && response.request().query_string().is_empty()
    {
        report_to(response.headers_mut(), url);
    }
    mark(response.headers_mut(), settings.is_some_and(|settings| settings.is_https()));
    Ok(response)
}

/// Has browsers tell this URL what the policy of a page kept from happening. Only a page has a policy by now, and all of
/// them have this at once.
fn report_to(headers: &mut HeaderMap, url: &str) {
    let policy = headers.get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let reporting = policy.and_then(|policy| HeaderValue::try_from(format!("{policy}; report-uri {url}")).ok());
    if let Some(reporting) = reporting {
        headers.insert(CONTENT_SECURITY_POLICY, reporting);
    }
}

/// What every answer carries.
pub(crate) fn mark(headers: &mut HeaderMap, https: bool) {
    let always = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TWO_YEARS));
    }
    let unless_said = [
        (CONTENT_SECURITY_POLICY, API_POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in unless_said {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
