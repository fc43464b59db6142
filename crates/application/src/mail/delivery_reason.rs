//! Why a mail was not sent, as far as it is told to whoever waits for it: what concerns the recipient, and nothing of how
//! the operator's mail server fares.

use std::ops::RangeInclusive;

use crate::ports::outbox::WITHDRAWN;

/// What a mail server said to this mail begins so; the code follows. What it said to the connection as a whole has other
/// words.
pub const ANSWERED: &str = "the mail server answered ";

/// Why a mail is not even tried whose link would open nothing.
pub(crate) const EXPIRED: &str = "its token has expired";

/// Stands for every reason that is the operator's to mend.
pub const OPERATORS: &str = "the mail could not be sent; the operator knows why";

/// Answers about the recipient or the message: put off (greylisted, mailbox busy or full).
const PUT_OFF: RangeInclusive<u16> = 450..=452;

/// Answers about the recipient or the message: refused for good (RFC 5321, 4.2.3, RFC 7504).
pub const REFUSED: RangeInclusive<u16> = 550..=556;

/// This reason in the words for whoever waits for the mail.
pub(crate) fn told(reason: String) -> String {
    if concerns_recipient(&reason) { reason } else { OPERATORS.to_owned() }
}

/// A mail that was given up after many attempts names the reason of the last one at its end.
fn concerns_recipient(reason: &str) -> bool {
    let last = reason.rsplit(": ").next().unwrap_or(reason);
    let code = last.strip_prefix(ANSWERED).and_then(|code| code.parse().ok());
    code.is_some_and(|code| PUT_OFF.contains(&code) || REFUSED.contains(&code)) || [WITHDRAWN, EXPIRED].contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_the_recipient_is_told() {
        for reason in [
            "the mail server answered 550",
            "the mail server answered 556",
            "the mail server answered 451",
            "given up after 20 attempts: the mail server answered 450",
            "withdrawn",
            "its token has expired",
        ] {
            assert_eq!(told(reason.to_owned()), reason);
        }
    }

    #[test]
    fn what_is_the_operators_to_mend_has_one_reason() {
        for reason in [
            "the mail server answered 535",
            "the mail server answered 530",
            "the mail server answered 421",
            "the mail server answered nonsense",
            "the mail server refused the connection: 554",
            "no connection to the mail server",
            "the certificate of the mail server has expired",
            "given up after 20 attempts: the mail server did not answer in time",
            "the mailbox cannot be written: permission denied",
            "it cannot be rendered",
            "",
        ] {
            assert_eq!(told(reason.to_owned()), "the mail could not be sent; the operator knows why", "{reason}");
        }
    }
}
