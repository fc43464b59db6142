//! What every `Mailer` does, whichever way the mail goes.

use std::fs;

use countersign_application::ports::mail_renderer::RenderedMail;
use countersign_application::ports::mailer::Mailer;

use crate::mail::fixtures::{TOKEN, invitation, mail_id, smuggling};
use crate::mail::sink::{Manner, Sink};
use crate::mail::{mailbox, smtp};

/// Sends the mails, and asks `arrived` for all messages that came out.
async fn delivers_each_mail_as_one_message(mailer: &dyn Mailer, arrived: impl Fn() -> Vec<String>) {
    let mails: [RenderedMail; 3] = [invitation(1, "Engines"), invitation(2, "a\n.\nb"), smuggling(3)];
    for mail in &mails {
        mailer.send(mail).await.unwrap();
    }
    let messages = arrived();
    assert_eq!(messages.len(), mails.len());
    for (n, message) in (1..).zip(&messages) {
        let id = format!("Message-ID: <{}@id.example.com>", mail_id(n));
        assert_eq!(message.matches(&id).count(), 1, "{message}");
    }
    assert!(messages[0].lines().any(|line| line == TOKEN));
    assert!(messages[0].contains("Engines"));
}

#[tokio::test]
async fn the_mailbox_is_a_mailer() {
    let folder = tempfile::tempdir().unwrap();
    let arrived = || {
        let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
    };
    delivers_each_mail_as_one_message(&mailbox::open(folder.path()), arrived).await;
}

#[tokio::test]
async fn smtp_is_a_mailer() {
    let sink = Sink::start(Manner::Accept).await;
    let mailer = smtp::mailer(&sink.url()).unwrap();
    delivers_each_mail_as_one_message(&mailer, || sink.seen().messages).await;
}
