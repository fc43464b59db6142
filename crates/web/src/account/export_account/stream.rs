//! The body of an export that does not fit into one page of events: sent as it is read, so that many exports at once take
//! no more memory than a page each.

use actix_web::web::Bytes;
use countersign_application::account::export_account::EventPages;
use countersign_application::error::Fault;
use countersign_domain::ids::UserId;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use crate::account::export_account::audit_event::ExportedEventBody;

/// What ends the array of events, which is the last field, and the object.
const END: &[u8] = b"]}";

/// The export as JSON, in pieces. A fault on the way breaks it off, so that nobody takes it for the whole.
pub(crate) fn pieces(
    head: Vec<u8>,
    has_events: bool,
    pages: EventPages,
    owner: UserId,
) -> impl Stream<Item = Result<Bytes, Fault>> {
    let writer = Writer { head: Some(head), has_events, pages, owner, ended: false };
    try_unfold(writer, |mut writer| async move {
        let piece = writer.next().await.inspect_err(|fault| {
            tracing::warn!(error = fault as &dyn std::error::Error, "an export was broken off");
        })?;
        Ok(piece.map(|piece| (piece, writer)))
    })
}

struct Writer {
    head: Option<Vec<u8>>,
    has_events: bool,
    pages: EventPages,
    owner: UserId,
    ended: bool,
}

impl Writer {
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if let Some(mut head) = self.head.take() {
            head.truncate(head.len() - END.len());
            return Ok(Some(head.into()));
        }
        while let Some(events) = self.pages.next().await? {
            let mut piece = Vec::new();
            for event in events {
                if std::mem::replace(&mut self.has_events, true) {
                    piece.push(b',');
                }
                let body = ExportedEventBody::of(event, self.owner);
                serde_json::to_writer(&mut piece, &body).map_err(|error| Fault::internal("export", error))?;
            }
            // An empty piece would end the body.
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
        }
        Ok((!std::mem::replace(&mut self.ended, true)).then(|| Bytes::from_static(END)))
    }
}
