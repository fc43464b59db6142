//! `GET /mailbox/{id}/html`: the part of a mail in HTML, as mail programs show it. It stands in a frame of the mail's
//! page, without origin, scripts and forms, and loads nothing; its links lead the whole window on.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use actix_web::{HttpRequest, HttpResponse};

use crate::pages::mailbox::OpenMailbox;
use crate::problem::Problem;

/// Mails have their styles in them.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation";

const BASE: &str = "<base target=\"_top\">";

pub(crate) async fn show(mailbox: OpenMailbox, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let html = mailbox.mail(&req).await?.content.and_then(|content| content.html);
    let html = html.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_FRAME_OPTIONS, "SAMEORIGIN"))
        .content_type("text/html; charset=utf-8")
        .body(with_base(html)))
}

/// Within the head, so that what stands before it, the doctype, stays first.
fn with_base(mut html: String) -> String {
    let head = html.to_ascii_lowercase().find("<head>").map_or(0, |at| at + "<head>".len());
    html.insert_str(head, BASE);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_out_of_the_frame_whatever_the_head() {
        let text = "<!DOCTYPE html><HEAD><title>t</title></HEAD>".to_owned();
        assert_eq!(with_base(text), format!("<!DOCTYPE html><HEAD>{BASE}<title>t</title></HEAD>"));
        assert_eq!(with_base("<p>İ</p>".to_owned()), format!("{BASE}<p>İ</p>"));
    }
}
