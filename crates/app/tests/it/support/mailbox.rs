//! The local mailbox, read as a person would.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(15);

/// The folder with one `.eml` file a message.
pub(crate) struct Mailbox {
    folder: PathBuf,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// The file as it is.
    pub(crate) raw: String,
}

impl Mailbox {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Every mail there is at the moment, the oldest first.
    pub(crate) fn all(&self) -> Vec<Mail> {
        self.unread(&mut BTreeSet::new())
    }

    /// The same without those whose files are known; they are from now on.
    pub(crate) fn unread(&self, known: &mut BTreeSet<PathBuf>) -> Vec<Mail> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(&self.folder)
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "eml") && !known.contains(file));
        files.sort();
        known.extend(files.iter().cloned());
        files.iter().map(|file| Mail::parse(&std::fs::read_to_string(file).unwrap())).collect()
    }

    /// Every mail to this address at the moment, the oldest first.
    pub(crate) fn to(&self, address: &str) -> Vec<Mail> {
        self.all().into_iter().filter(|mail| mail.to == address).collect()
    }

    /// Waits until at least `count` mails to this address are there; all of them, the oldest first.
    pub(crate) async fn wait_for(&self, address: &str, count: usize) -> Vec<Mail> {
        let start = Instant::now();
        loop {
            let mails = self.to(address);
            if mails.len() >= count {
                return mails;
            }
            let subjects: Vec<String> = mails.iter().map(|mail| mail.subject.clone()).collect();
            assert!(start.elapsed() < PATIENCE, "{count} mails to {address} expected; there are {subjects:?}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Waits for a mail to this address whose subject has these words; the latest such.
    pub(crate) async fn about(&self, address: &str, words: &str) -> Mail {
        let start = Instant::now();
        loop {
            let mails = self.to(address);
            if let Some(mail) = mails.iter().rev().find(|mail| mail.subject.to_lowercase().contains(words)) {
                return mail.clone();
            }
            let subjects: Vec<String> = mails.iter().map(|mail| mail.subject.clone()).collect();
            assert!(start.elapsed() < PATIENCE, "a mail about {words:?} to {address} expected; there are {subjects:?}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

impl Mail {
    /// The token that its link carries.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        let start = self.text.find("token=").unwrap_or_else(|| panic!("no token in {}", self.text)) + "token=".len();
        self.text[start..].chars().take_while(|c| !c.is_whitespace() && *c != '&').collect()
    }

    pub(crate) fn parse(raw: &str) -> Self {
        let (head, _) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
            line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let to = header("to").trim_matches(['<', '>']).to_owned();
        Self {
            to,
            subject: header("subject"),
            text: part(raw, "text/plain"),
            html: part(raw, "text/html"),
            raw: raw.to_owned(),
        }
    }
}

/// The body of the part with this content type; parts are in quoted-printable.
fn part(raw: &str, content_type: &str) -> String {
    // Before the parts are told apart: a line may be broken before two dashes of a token.
    let raw = raw.replace("=\r\n", "");
    let Some(start) = raw.find(&format!("Content-Type: {content_type}")) else { return String::new() };
    let (_, rest) = raw[start..].split_once("\r\n\r\n").unwrap_or_default();
    let body = rest.split("\r\n--").next().unwrap_or_default();
    quoted_printable(body)
}

fn quoted_printable(body: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = body.as_bytes();
    while let [octet, tail @ ..] = rest {
        let escaped = match (octet, tail) {
            (b'=', [high, low, ..]) => u8::from_str_radix(&String::from_utf8_lossy(&[*high, *low]), 16).ok(),
            _ => None,
        };
        octets.push(escaped.unwrap_or(*octet));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(octets).unwrap().replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_its_reader_sees_it() {
        let raw = "To: a@example.org\r\nSubject: Confirm your\r\n address\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\
                   Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://h/verify?token=3Dabc=\r\n--def\r\n\r\n--x\r\n\
                   Content-Type: text/html; charset=utf-8\r\n\r\n<p>\r\n--x--\r\n";
        let mail = Mail::parse(raw);
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("a@example.org", "Confirm your address"));
        assert_eq!((mail.token().as_str(), mail.html.as_str()), ("abc--def", "<p>"));
    }
}
