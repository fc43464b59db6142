use std::time::Duration;

use countersign_application::ports::mailer::{MailError, Mailer as _};
use countersign_domain::secret::Secret;
use countersign_infrastructure::mail::{MailSettingsError, SmtpMailer, SmtpSettings};

use crate::mail::fixtures::{TOKEN, clock, invitation, mail_id, message_settings, smuggling};
use crate::mail::sink::{Manner, Sink};

pub(crate) fn mailer(url: &str) -> Result<SmtpMailer, MailSettingsError> {
    mailer_within(url, Duration::from_secs(20))
}

fn mailer_within(url: &str, timeout: Duration) -> Result<SmtpMailer, MailSettingsError> {
    let settings = SmtpSettings { url: Secret::new(url), timeout };
    SmtpMailer::new(&settings, &message_settings(), clock())
}

async fn send(manner: Manner) -> (Result<(), MailError>, Sink) {
    let sink = Sink::start(manner).await;
    let outcome = mailer(&sink.url()).unwrap().send(&invitation(1, "Engines")).await;
    (outcome, sink)
}

#[tokio::test]
async fn a_mail_arrives_whole_with_its_own_message_id() {
    let (outcome, sink) = send(Manner::Accept).await;
    outcome.unwrap();
    let seen = sink.seen();
    assert_eq!(seen.messages.len(), 1);
    let message = &seen.messages[0];
    for line in [
        "From: Countersign <no-reply@id.example.com>",
        "To: new@example.com",
        "Date: Fri, 02 Jan 2026 03:04:05 +0000",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        TOKEN,
    ] {
        assert!(message.lines().any(|l| l == line), "{line} in {message}");
    }
    assert!(message.lines().any(|line| line == format!("Message-ID: <{}@id.example.com>", mail_id(1))), "{message}");
    assert!(message.contains("Content-Type: multipart/alternative"));
    assert!(seen.envelopes[0].starts_with("MAIL FROM:<no-reply@id.example.com>"));
    assert!(seen.envelopes[1].starts_with("RCPT TO:<new@example.com>"));
}

#[tokio::test]
async fn a_dot_on_a_line_of_its_own_ends_no_message() {
    let sink = Sink::start(Manner::Accept).await;
    let mailer = mailer(&sink.url()).unwrap();
    mailer.send(&invitation(1, "a\r\n.\r\nMAIL FROM:<evil@example.com>\n.\nRCPT TO:<evil@example.com>")).await.unwrap();
    mailer.send(&smuggling(2)).await.unwrap();
    let seen = sink.seen();
    assert_eq!(seen.messages.len(), 2, "{:?}", seen.messages);
    assert_eq!(seen.envelopes.len(), 4, "{:?}", seen.envelopes);
    assert!(seen.messages[1].contains("<p>one\n.\nMAIL FROM:"), "unstuffed, the text is what it was");
    let head = seen.messages[1].split("\n\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
}

#[tokio::test]
async fn a_passing_refusal_is_transient_and_the_next_try_arrives_once() {
    let (outcome, sink) = send(Manner::RefuseRecipient(451)).await;
    assert!(matches!(outcome, Err(MailError::Transient { .. })));
    sink.behave(Manner::Accept);
    mailer(&sink.url()).unwrap().send(&invitation(1, "Engines")).await.unwrap();
    assert_eq!(sink.seen().messages.len(), 1);
}

#[tokio::test]
async fn a_refusal_for_good_is_permanent_and_tells_no_address() {
    for manner in [Manner::RefuseRecipient(550), Manner::RefuseContent(554)] {
        let Err(MailError::Permanent { reason }) = send(manner).await.0 else { panic!("{manner:?}") };
        assert!(reason.contains("55") && !reason.contains('@'), "{reason}");
    }
}

#[tokio::test]
async fn what_the_operator_can_mend_is_transient() {
    for manner in [Manner::RefuseConnection(554), Manner::RefuseRecipient(530), Manner::RefuseContent(451)] {
        assert!(matches!(send(manner).await.0, Err(MailError::Transient { .. })), "{manner:?}");
    }
}

#[tokio::test]
async fn no_answer_and_no_server_are_transient() {
    let silent = Sink::start(Manner::Silent).await;
    let mailer_of_silent = mailer_within(&silent.url(), Duration::from_millis(100)).unwrap();
    assert!(matches!(mailer_of_silent.send(&invitation(1, "Engines")).await, Err(MailError::Transient { .. })));
    assert!(matches!(send(Manner::DropAfterData).await.0, Err(MailError::Transient { .. })));
    let nobody = mailer("smtp://127.0.0.1:1").unwrap();
    assert!(matches!(nobody.send(&invitation(1, "Engines")).await, Err(MailError::Transient { .. })));
}

#[tokio::test]
async fn mails_share_a_connection_and_a_refused_one_harms_no_other() {
    let sink = Sink::start(Manner::RefuseRecipient(550)).await;
    let mailer = mailer(&sink.url()).unwrap();
    assert!(mailer.send(&invitation(1, "Engines")).await.is_err());
    sink.behave(Manner::Accept);
    for n in 2..=9 {
        mailer.send(&invitation(n, "Engines")).await.unwrap();
    }
    let seen = sink.seen();
    assert_eq!(seen.messages.len(), 8);
    assert_eq!(seen.connections, 2, "the refused one and one for all others");
}

#[tokio::test]
async fn a_connection_that_the_server_dropped_is_replaced() {
    let sink = Sink::start(Manner::Accept).await;
    let mailer = mailer(&sink.url()).unwrap();
    mailer.send(&invitation(1, "Engines")).await.unwrap();
    sink.behave(Manner::DropAfterData);
    assert!(mailer.send(&invitation(2, "Engines")).await.is_err());
    sink.behave(Manner::Accept);
    mailer.send(&invitation(3, "Engines")).await.unwrap();
    assert_eq!(sink.seen().messages.len(), 2);
}

#[tokio::test]
async fn a_mail_is_not_sent_in_the_clear_where_tls_is_required() {
    let sink = Sink::start(Manner::Accept).await;
    let outcome = mailer(&format!("{}?tls=required", sink.url())).unwrap().send(&invitation(1, "Engines")).await;
    assert!(matches!(outcome, Err(MailError::Transient { .. })));
    assert!(sink.seen().envelopes.is_empty());
}

#[test]
fn a_password_goes_in_the_clear_to_this_machine_only() {
    for url in ["smtp://u:hunter2@mail.example.com", "smtp://u:hunter2@192.0.2.1:587", "smtp://u:hunter2@[2001:db8::1]"]
    {
        let error = mailer(url).err().expect(url).to_string();
        assert!(error.contains("smtps://") && error.contains("?tls=required"), "{error}");
        assert!(!error.contains("hunter2"));
    }
    for url in
        ["smtp://u:p@localhost", "smtp://u:p@127.0.0.2:25", "smtp://u:p@[::1]", "smtp://u:p@h.example?tls=required"]
    {
        assert!(mailer(url).is_ok(), "{url}");
    }
}

#[test]
fn settings_that_are_no_mail_server_are_refused_without_their_password() {
    for url in ["", "mail.example.com", "http://mail.example.com", "smtp://u:hunter2@mail.example.com?tls=perhaps"] {
        let error = mailer(url).err().unwrap();
        assert!(matches!(error, MailSettingsError::SmtpUrl), "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    for url in
        ["smtp://mail.example.com", "smtps://u:p%40@mail.example.com", "smtp://mail.example.com:587?tls=required"]
    {
        assert!(mailer(url).is_ok(), "{url}");
    }
    let settings = SmtpSettings { url: Secret::new("smtp://localhost"), timeout: Duration::from_secs(1) };
    let mut sender = message_settings();
    sender.sender = "a@b.example, c@d.example".to_owned();
    assert!(matches!(SmtpMailer::new(&settings, &sender, clock()), Err(MailSettingsError::Sender)));
}

#[tokio::test]
async fn what_cannot_be_delivered_goes_where_the_envelope_says() {
    let sink = Sink::start(Manner::Accept).await;
    let settings = SmtpSettings { url: Secret::new(sink.url()), timeout: Duration::from_secs(20) };
    let mut message = message_settings();
    message.envelope_sender = Some("bounces@example.com".to_owned());
    SmtpMailer::new(&settings, &message, clock()).unwrap().send(&invitation(1, "Engines")).await.unwrap();
    let seen = sink.seen();
    assert!(seen.envelopes[0].starts_with("MAIL FROM:<bounces@example.com>"), "{:?}", seen.envelopes);
    assert!(seen.envelopes[1].starts_with("RCPT TO:<new@example.com>"), "{:?}", seen.envelopes);
    assert!(seen.messages[0].contains("From: Countersign <no-reply@id.example.com>"), "{}", seen.messages[0]);
    message.envelope_sender = Some("Bounces <bounces@example.com>".to_owned());
    assert!(matches!(SmtpMailer::new(&settings, &message, clock()), Err(MailSettingsError::EnvelopeSender)));
}

#[tokio::test]
async fn mails_sent_at_once_keep_as_many_connections_for_the_next() {
    let sink = Sink::start(Manner::Accept).await;
    let mailer = mailer(&sink.url()).unwrap();
    let mails: Vec<_> = (1..=3).map(|n| invitation(n, "Engines")).collect();
    for _ in 0..3 {
        let (a, b, c) = tokio::join!(mailer.send(&mails[0]), mailer.send(&mails[1]), mailer.send(&mails[2]));
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
    }
    assert_eq!((sink.seen().messages.len(), sink.seen().connections), (9, 3));
}
