//! Reads the folder back. No name of a file comes from outside: one is found by the id that its name was made of, and
//! whatever has another name, or is no plain file, does not count.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::mailbox::{FiledMail, MailContent, MailboxReader};
use countersign_domain::ids::MailId;
use countersign_domain::page::{Page, PageRequest};
use mail_parser::{Address, Message, MessageParser, PartType};

use crate::mail::mailbox::{Mailbox, file_name, queue_time};

/// Octets of a file that are read, at most; the mails of the service have a few thousand.
const LONGEST: u64 = 1024 * 1024;

#[async_trait]
impl MailboxReader for Mailbox {
    async fn list(&self, page: &PageRequest) -> Result<Page<FiledMail>, Fault> {
        let (folder, request) = (self.folder().to_owned(), *page);
        let found = unblocked(move || {
            let mut ids = ids(&folder)?;
            ids.sort_unstable_by(|one, other| other.cmp(one));
            let ids = ids.into_iter().filter(|id| request.after().is_none_or(|after| id.as_uuid() < after.key()));
            let page =
                Page::from_rows(ids.take(usize::from(request.limit()) + 1).collect(), &request, |id: &MailId| {
                    id.as_uuid()
                });
            let mut mails = Vec::with_capacity(page.items.len());
            for id in page.items {
                // Purged meanwhile, perhaps.
                mails.extend(read(&folder, id)?);
            }
            Ok(Page { items: mails, next: page.next })
        });
        found.await
    }

    async fn find_by_id(&self, id: MailId) -> Result<Option<FiledMail>, Fault> {
        let folder = self.folder().to_owned();
        unblocked(move || read(&folder, id)).await
    }
}

async fn unblocked<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
    done.map_err(|error| Fault::unavailable("mailbox", error))
}

fn ids(folder: &Path) -> io::Result<Vec<MailId>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            ids.extend(entry.file_name().to_str().and_then(id_of));
        }
    }
    Ok(ids)
}

/// The id that this name was made of; `None` for what is unfinished or a stranger's.
fn id_of(name: &str) -> Option<MailId> {
    let (_, id) = name.strip_suffix(".eml")?.split_once('-')?;
    MailId::parse(id).filter(|id| file_name(*id) == name)
}

fn read(folder: &Path, id: MailId) -> io::Result<Option<FiledMail>> {
    let path = folder.join(file_name(id));
    let octets = match fs::symlink_metadata(&path) {
        Ok(found) if found.is_file() => octets(&path),
        Ok(_stranger) => return Ok(None),
        Err(error) => Err(error),
    };
    match octets {
        Ok(octets) => Ok(Some(FiledMail { id, queued_at: queue_time(id), content: content(&octets) })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn octets(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut octets)?;
    Ok(octets)
}

fn content(octets: &[u8]) -> Option<MailContent> {
    let message = MessageParser::default().parse(octets)?;
    let (sender, recipient) = (address(message.from()?)?, address(message.to()?)?);
    let head: String = message.headers_raw().map(|(name, value)| format!("{name}:{value}")).collect();
    Some(MailContent {
        subject: message.subject().unwrap_or_default().to_owned(),
        sender,
        recipient,
        head: head.replace('\r', ""),
        text: part(&message, |part| if let PartType::Text(text) = part { Some(text) } else { None }),
        html: part(&message, |part| if let PartType::Html(html) = part { Some(html) } else { None }),
    })
}

/// The first part of a kind.
fn part<'a>(
    message: &'a Message<'a>,
    of_kind: impl Fn(&'a PartType<'a>) -> Option<&'a std::borrow::Cow<'a, str>>,
) -> Option<String> {
    message.parts.iter().find_map(|part| of_kind(&part.body)).map(|text| text.replace('\r', ""))
}

fn address(of: &Address<'_>) -> Option<String> {
    let address = of.first()?;
    let (name, address) = (address.name(), address.address()?);
    Some(name.map_or_else(|| address.to_owned(), |name| format!("{name} <{address}>")))
}
