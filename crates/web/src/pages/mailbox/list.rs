//! `GET /mailbox`

use actix_web::HttpResponse;
use countersign_application::ports::mailbox::FiledMail;
use countersign_domain::page::{Cursor, PageRequest};
use minijinja::context;
use serde::Serialize;

use crate::extract::QueryFields;
use crate::pages::frame::Frame;
use crate::pages::mailbox::OpenMailbox;
use crate::present::Timestamp;
use crate::problem::Problem;

#[derive(Serialize)]
struct Row {
    id: String,
    queued_at: Timestamp,
    readable: bool,
    subject: String,
    recipient: String,
}

impl From<FiledMail> for Row {
    fn from(mail: FiledMail) -> Self {
        let readable = mail.content.is_some();
        let (subject, recipient) = mail.content.map(|content| (content.subject, content.recipient)).unwrap_or_default();
        Self { id: mail.id.to_string(), queued_at: mail.queued_at.into(), readable, subject, recipient }
    }
}

pub(crate) async fn show(
    mailbox: OpenMailbox,
    QueryFields(page): QueryFields<PageRequest>,
    frame: Frame,
) -> Result<HttpResponse, Problem> {
    let mails = mailbox.0.list(&page).await?;
    let rows: Vec<_> = mails.items.into_iter().map(Row::from).collect();
    let (next, further) = (mails.next.map(Cursor::encode), page.after().is_some());
    Ok(frame.page("mailbox.html", context! { mails => rows, next, further }))
}
