//! `GET /mailbox`

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use countersign_application::ports::mailbox::FiledMail;
use countersign_domain::page::{Cursor, PageRequest};
use minijinja::context;
use serde::Serialize;

use crate::extract::{Fields, FromFields, QueryFields};
use crate::pages::frame::Frame;
use crate::pages::mailbox::{NearMailbox, key};
use crate::present::Timestamp;
use crate::problem::Problem;
use crate::settings::WebSettings;

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

pub(crate) struct Asked {
    key: Option<String>,
    page: PageRequest,
}

impl FromFields for Asked {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { key: fields.optional_text("key"), page: fields.page()? })
    }
}

pub(crate) async fn show(
    mailbox: NearMailbox,
    QueryFields(Asked { key, page }): QueryFields<Asked>,
    settings: web::Data<WebSettings>,
    frame: Frame,
) -> Result<HttpResponse, Problem> {
    if let Some(cookie) = key.and_then(|key| key::kept(&settings, &key)) {
        // On to the page without it: addresses of pages are copied, and stay in what browsers remember.
        let mut answer = frame.go("mailbox");
        answer.add_cookie(&cookie).map_err(Problem::internal)?;
        return Ok(answer);
    }
    let Some(mailbox) = mailbox.open else {
        return Ok(frame.answer("mailbox.html", StatusCode::FORBIDDEN, context! { closed => true }));
    };
    let mails = mailbox.0.list(&page).await?;
    let rows: Vec<_> = mails.items.into_iter().map(Row::from).collect();
    let (next, further) = (mails.next.map(Cursor::encode), page.after().is_some());
    Ok(frame.page("mailbox.html", context! { mails => rows, next, further }))
}
