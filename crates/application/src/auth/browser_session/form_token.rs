//! The token of forms: one half of the session, one of its account.

use countersign_domain::secret::Secret;

/// Characters of either half: 32 octets in base64url.
const HALF: usize = 43;

/// What each form of a session carries, and a form of another site cannot (ASVS 3.5.1). The half of the session is what
/// lets a form in. That of the account opens nothing: it tells whose form it was once its session is over, so that what
/// was typed is shown again to that account, and to no other.
#[derive(Clone, Debug)]
pub struct FormToken {
    session: Secret,
    account: Secret,
}

/// Whose page a form was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormOf {
    /// This session's.
    Session,
    /// That of another session of this account.
    Account,
    /// Another account's, another site's, or nobody's who signed in.
    Another,
}

impl FormToken {
    pub(crate) const fn new(session: Secret, account: Secret) -> Self {
        Self { session, account }
    }

    /// As forms carry it.
    pub fn text(&self) -> String {
        format!("{}.{}", self.session.expose(), self.account.expose())
    }

    /// Whose form it is that carries this. Pages that were open before there were two halves carry the first alone.
    pub fn judge(&self, carried: &str) -> FormOf {
        let (session, account) = carried.split_once('.').unwrap_or((carried, ""));
        // Digests are compared in constant time.
        let is_same = |ours: &Secret, theirs: &str| ours.digest() == Secret::new(theirs).digest();
        match (is_same(&self.session, session), is_same(&self.account, account)) {
            (true, _) => FormOf::Session,
            (false, true) => FormOf::Account,
            (false, false) => FormOf::Another,
        }
    }

    /// What a form may carry on of this where nobody is signed in who could be asked: the half of the account, by itself.
    pub fn of_account_alone(carried: &str) -> Option<&str> {
        let dot = carried.find('.')?;
        let is_half = |half: &str| {
            half.len() == HALF && half.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
        };
        Some(&carried[dot..]).filter(|alone| is_half(&alone[1..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(session: &str, account: &str) -> FormToken {
        FormToken::new(Secret::new(session.repeat(HALF)), Secret::new(account.repeat(HALF)))
    }

    #[test]
    fn the_half_of_the_session_lets_in_and_that_of_the_account_tells_whose_form_it_was() {
        let ours = token("s", "a");
        let half = |letter: &str| letter.repeat(HALF);
        for (carried, expected) in [
            (ours.text(), FormOf::Session),
            (half("s"), FormOf::Session),
            (format!("{}.{}", half("s"), half("b")), FormOf::Session),
            (token("t", "a").text(), FormOf::Account),
            (format!(".{}", half("a")), FormOf::Account),
            (token("t", "b").text(), FormOf::Another),
            (format!("{}.{}", half("a"), half("s")), FormOf::Another),
            (format!("{}.{}.", half("t"), half("a")), FormOf::Another),
            (half("a"), FormOf::Another),
            (String::new(), FormOf::Another),
            (".".to_owned(), FormOf::Another),
        ] {
            assert_eq!(ours.judge(&carried), expected, "{carried}");
        }
    }

    #[test]
    fn nothing_of_the_session_is_carried_on() {
        let (whole, alone) = (token("s", "a").text(), format!(".{}", "a".repeat(HALF)));
        assert_eq!(FormToken::of_account_alone(&whole), Some(&*alone));
        assert_eq!(FormToken::of_account_alone(&alone), Some(&*alone));
        let (half, longer, strange) = ("s".repeat(HALF), format!("{whole}a"), whole.replace('a', "\""));
        for none in ["", ".", &half, &longer, &strange, &whole.replacen('a', "é", 1)] {
            assert_eq!(FormToken::of_account_alone(none), None, "{none}");
        }
    }
}
