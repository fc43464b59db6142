//! The mailbox read back.

use std::fs;
use std::os::unix::fs::symlink;

use countersign_application::ports::mailbox::MailboxReader as _;
use countersign_application::ports::mailer::Mailer as _;
use countersign_domain::page::PageRequest;
use time::{Duration, OffsetDateTime};

use crate::mail::fixtures::{TOKEN, invitation, mail_id, smuggling};
use crate::mail::mailbox::open;

#[tokio::test]
async fn a_mail_is_read_as_it_was_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path());
    let sent = invitation(1, "Zoë's «Engines»");
    mailbox.send(&sent).await.unwrap();
    let mail = mailbox.find_by_id(sent.id).await.unwrap().unwrap();
    let queued_at = OffsetDateTime::from_unix_timestamp(1_767_323_045).unwrap() + Duration::milliseconds(1);
    assert_eq!((mail.id, mail.queued_at), (sent.id, queued_at));
    let content = mail.content.unwrap();
    assert_eq!(content.subject, sent.subject);
    assert_eq!(content.recipient, "new@example.com");
    assert_eq!(content.sender, "Countersign <no-reply@id.example.com>");
    let trimmed = |text: &str| text.trim().to_owned();
    assert_eq!(content.text.as_deref().map(trimmed), Some(trimmed(&sent.text)));
    assert_eq!(content.html.as_deref().map(trimmed), Some(trimmed(&sent.html)));
    assert!(content.text.unwrap().contains(TOKEN));
    assert!(content.head.contains("Message-ID: <") && content.head.contains("\nAuto-Submitted: auto-generated\n"));
    assert!(!content.head.contains('\r') && !content.head.contains(TOKEN), "{}", content.head);
}

#[tokio::test]
async fn the_latest_mail_comes_first_and_pages_have_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path());
    assert_eq!(mailbox.list(&PageRequest::first(2)).await.unwrap().items, []);
    for n in [2, 5, 1, 4, 3] {
        mailbox.send(&invitation(n, "Engines")).await.unwrap();
    }
    let mut request = PageRequest::first(2);
    let mut pages = Vec::new();
    loop {
        let page = mailbox.list(&request).await.unwrap();
        pages.push(page.items.iter().map(|mail| mail.id).collect::<Vec<_>>());
        let Some(next) = page.next else { break };
        request = request.starting(next);
    }
    assert_eq!(pages, [vec![mail_id(5), mail_id(4)], vec![mail_id(3), mail_id(2)], vec![mail_id(1)]]);
}

#[tokio::test]
async fn unfinished_files_and_those_of_others_are_no_mails() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path());
    let id = mail_id(1);
    let mail = "From: a@example.org\r\nTo: b@example.org\r\nSubject: s\r\n\r\ntext\r\n";
    let name = format!("20260102T030405.001Z-{id}.eml");
    for name in [
        format!(".{name}.unfinished"),
        format!("{name}.unfinished"),
        format!("{name}.txt"),
        format!("20260102T030405.002Z-{id}.eml"),
        format!("20260102T030405.001Z-{}.eml", id.to_string().to_uppercase()),
        format!("{id}.eml"),
        "20260102T030405.001Z-notes.eml".to_owned(),
        "mail.eml".to_owned(),
    ] {
        fs::write(folder.path().join(name), mail).unwrap();
    }
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), mail).unwrap();
    symlink(outside.path().join("secret"), folder.path().join(&name)).unwrap();
    fs::create_dir(folder.path().join(format!("20260102T030405.002Z-{}.eml", mail_id(2)))).unwrap();
    assert_eq!(mailbox.list(&PageRequest::first(9)).await.unwrap().items, []);
    for n in [1, 2, 3] {
        assert_eq!(mailbox.find_by_id(mail_id(n)).await.unwrap(), None, "{n}");
    }
    fs::remove_file(folder.path().join(&name)).unwrap();
    fs::write(folder.path().join(&name), mail).unwrap();
    assert_eq!(mailbox.list(&PageRequest::first(9)).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_mail_is_there_without_content() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path());
    mailbox.send(&invitation(1, "Engines")).await.unwrap();
    let name = |n| folder.path().join(format!("20260102T030405.00{n}Z-{}.eml", mail_id(n)));
    fs::write(name(2), b"\0\xff\xfe no mail").unwrap();
    fs::write(name(3), b"").unwrap();
    fs::write(name(4), b"Subject: to nobody\r\n\r\ntext\r\n").unwrap();
    let page = mailbox.list(&PageRequest::first(9)).await.unwrap();
    let readable: Vec<_> = page.items.iter().map(|mail| mail.content.is_some()).collect();
    assert_eq!(readable, [false, false, false, true]);
    assert!(mailbox.find_by_id(mail_id(3)).await.unwrap().unwrap().content.is_none());
}

#[tokio::test]
async fn what_would_smuggle_a_header_is_read_as_a_subject() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path());
    mailbox.send(&smuggling(1)).await.unwrap();
    let content = mailbox.find_by_id(mail_id(1)).await.unwrap().unwrap().content.unwrap();
    assert!(content.subject.starts_with("hello") && content.subject.contains("Bcc: evil@example.com"));
    assert_eq!(content.recipient, "new@example.com");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_a_fault() {
    let parent = tempfile::tempdir().unwrap();
    let mailbox = open(&parent.path().join("mailbox"));
    fs::remove_dir(parent.path().join("mailbox")).unwrap();
    assert!(mailbox.list(&PageRequest::first(9)).await.is_err());
    assert_eq!(mailbox.find_by_id(mail_id(1)).await.unwrap(), None);
}
