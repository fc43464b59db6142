use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use countersign_application::ports::mailer::{MailError, Mailer as _};
use countersign_infrastructure::mail::Mailbox;

use crate::mail::fixtures::{TOKEN, clock, invitation, mail_id, message_settings, smuggling};

pub(crate) fn open(folder: &Path) -> Mailbox {
    Mailbox::open(folder, &message_settings(), clock()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn mails_lie_in_files_that_sort_by_time_and_only_the_owner_reads() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data/mailbox");
    let mailbox = open(&folder);
    for n in [2, 1] {
        mailbox.send(&invitation(n, "Engines")).await.unwrap();
    }
    let expected = [1, 2].map(|n| format!("20260102T030405.00{n}Z-{}.eml", mail_id(n)));
    assert_eq!(names(&folder), expected);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(&expected[0])), 0o600);
}

#[tokio::test]
async fn a_mail_that_is_sent_again_replaces_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path());
    mailbox.send(&invitation(1, "Engines")).await.unwrap();
    mailbox.send(&invitation(1, "Looms")).await.unwrap();
    let names = names(folder.path());
    assert_eq!(names.len(), 1);
    let message = fs::read_to_string(folder.path().join(&names[0])).unwrap();
    assert!(message.contains("Looms") && !message.contains("Engines"));
}

#[tokio::test]
async fn grep_finds_the_token_on_a_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).send(&invitation(1, &"a long name of a team ".repeat(4))).await.unwrap();
    let message = fs::read_to_string(folder.path().join(&names(folder.path())[0])).unwrap();
    let like_a_token =
        |line: &&str| line.len() == 43 && line.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    assert_eq!(message.lines().filter(like_a_token).collect::<Vec<_>>(), [TOKEN]);
    assert!(message.contains("Content-Transfer-Encoding: quoted-printable"));
}

#[tokio::test]
async fn a_hostile_subject_makes_no_header() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).send(&smuggling(1)).await.unwrap();
    let message = fs::read_to_string(folder.path().join(&names(folder.path())[0])).unwrap();
    let head = message.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("\r\nSubject: hello  Bcc: evil@example.com"), "{head}");
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(!message.replace("\r\n", "").contains(['\r', '\n']), "every line ends in CRLF");
}

#[tokio::test]
async fn a_folder_that_was_open_to_all_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    open(folder.path());
    assert_eq!(mode(folder.path()), 0o700);
}

#[tokio::test]
async fn a_folder_that_is_gone_is_a_setback_and_tells_no_path() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("mailbox");
    let mailbox = open(&folder);
    fs::remove_dir(&folder).unwrap();
    let Err(MailError::Transient { reason }) = mailbox.send(&invitation(1, "Engines")).await else { panic!() };
    assert!(!reason.contains('/'), "{reason}");
    fs::create_dir(&folder).unwrap();
    mailbox.send(&invitation(1, "Engines")).await.unwrap();
}

#[tokio::test]
async fn mails_are_purged_by_the_time_in_their_name_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path());
    for n in [1, 2] {
        mailbox.send(&invitation(n, "Engines")).await.unwrap();
    }
    for other in ["notes.txt", "20250101T000000.000Z-notes.txt", "my-own.eml", ".20250101T000000.000Z-x.eml.unfinished"]
    {
        fs::write(folder.path().join(other), "").unwrap();
    }
    let second = mail_id(2).as_uuid().get_timestamp().unwrap().to_unix();
    let second = i128::from(second.0) * 1_000_000_000 + i128::from(second.1);
    let before = time::OffsetDateTime::from_unix_timestamp_nanos(second).unwrap();
    assert_eq!(mailbox.purge(before).await.unwrap(), 2, "the first mail, and one that was never finished");
    let kept = format!("20260102T030405.002Z-{}.eml", mail_id(2));
    assert_eq!(names(folder.path()), ["20250101T000000.000Z-notes.txt", &kept, "my-own.eml", "notes.txt"]);
    assert_eq!(mailbox.purge(before + time::Duration::milliseconds(1)).await.unwrap(), 1);
}
