//! `GET /mailbox/{id}`

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use minijinja::context;

use crate::pages::frame::Frame;
use crate::pages::mailbox::OpenMailbox;
use crate::pages::mailbox::links::pieces;
use crate::present::Timestamp;
use crate::problem::Problem;

pub(crate) async fn show(mailbox: OpenMailbox, req: HttpRequest, frame: Frame) -> Result<HttpResponse, Problem> {
    let mail = mailbox.mail(&req).await?;
    let content = mail.content.as_ref().map(|content| {
        context! {
            subject => content.subject, sender => content.sender, recipient => content.recipient, head => content.head.trim_end(),
            text => content.text.as_deref().map(str::trim_end).map(pieces), html => content.html.is_some(),
        }
    });
    let queued_at = Timestamp::from(mail.queued_at);
    let mut page = frame.page("mail.html", context! { id => mail.id.to_string(), queued_at, mail => content });
    frame_letter(&mut page);
    Ok(page)
}

/// Lets the page show the part in HTML, in a frame.
fn frame_letter(page: &mut HttpResponse) {
    let policy = page.headers().get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let policy = policy.map(|policy| format!("{policy}; frame-src 'self'"));
    if let Some(policy) = policy.and_then(|policy| HeaderValue::from_str(&policy).ok()) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}
