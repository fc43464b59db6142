//! The identity of an account: one rule for it everywhere (registration, login, invitations, limits).

use std::fmt;

use crate::violation::Violation;

/// A mail address in canonical form: lower-case ASCII local part, lower-case IDNA-encoded domain.
///
/// Two spellings that mean one mailbox for people (case, a domain in Unicode or in `xn--` form) are equal;
/// look-alikes (dotless i, Kelvin sign, full-width letters) are rejected or different, never the same account.
/// `Debug` hides it, so that a log line never shows an address by accident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// Why a text is not one mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    /// Nothing there.
    #[error("an e-mail address is required")]
    Required,
    /// Longer than SMTP carries (RFC 5321, 4.5.3.1): 64 octets of local part, 254 in all.
    #[error("the e-mail address is too long (at most 64 characters before the @, 254 in all)")]
    TooLong,
    /// Not `local@domain`, or with characters that mail systems disagree about.
    #[error("this is not an e-mail address; write it like name@example.com")]
    Malformed,
}

impl Violation for EmailAddressError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong => "too_long",
            Self::Malformed => "invalid_email",
        }
    }
}

const LOCAL_PART_MAX: usize = 64;
const ADDRESS_MAX: usize = 254;

impl EmailAddress {
    /// Reads one address. Nothing is trimmed: an address with a space is a typing error to be told.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        if text.is_empty() {
            return Err(EmailAddressError::Required);
        }
        // Unicode domains shrink or grow when encoded; four octets a character is their bound.
        if text.len() > 4 * ADDRESS_MAX {
            return Err(EmailAddressError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailAddressError::Malformed)?;
        if local.len() > LOCAL_PART_MAX {
            return Err(EmailAddressError::TooLong);
        }
        if !is_dot_atom(local) {
            return Err(EmailAddressError::Malformed);
        }
        let domain = canonical_domain(domain)?;
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if address.len() > ADDRESS_MAX {
            return Err(EmailAddressError::TooLong);
        }
        Ok(Self(address))
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the `@`, IDNA-encoded.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(***)")
    }
}

/// RFC 5322 dot-atom in ASCII. Quoted local parts are legal and a source of injections; no provider hands them out.
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    })
}

fn canonical_domain(domain: &str) -> Result<String, EmailAddressError> {
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_invalid| EmailAddressError::Malformed)?;
    // A domain that is not the Unicode form of its own encoding (full-width letters, ligatures, the Kelvin sign)
    // is a look-alike.
    let (unicode, valid) = idna::domain_to_unicode(&ascii);
    let spelled = domain.to_lowercase();
    let folds_to_ascii = domain.chars().any(|c| !c.is_ascii() && c.to_lowercase().all(|l| l.is_ascii()));
    if valid.is_err() || folds_to_ascii || (spelled != unicode && spelled != ascii) {
        return Err(EmailAddressError::Malformed);
    }
    // Each label is well-formed by now: 1 to 63 letters, digits and hyphens, with none of these at an end.
    let public = ascii.rsplit_once('.').is_some_and(|(_, top)| !top.bytes().all(|b| b.is_ascii_digit()));
    if public { Ok(ascii) } else { Err(EmailAddressError::Malformed) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        EmailAddress::parse(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn case_does_not_make_another_account() {
        assert_eq!(canonical("Mike.O'Neil+x@EXAMPLE.Com"), "mike.o'neil+x@example.com");
    }

    #[test]
    fn a_domain_in_unicode_and_in_ascii_form_is_one_account() {
        assert_eq!(canonical("a@Bücher.example"), "a@xn--bcher-kva.example");
        assert_eq!(canonical("a@xn--bcher-kva.example"), "a@xn--bcher-kva.example");
        assert_ne!(canonical("a@gma\u{131}l.com"), canonical("a@gmail.com"));
    }

    #[test]
    fn look_alikes_and_lists_are_rejected() {
        for bad in [
            "m\u{131}ke@example.com",
            "mi\u{212A}e@example.com",
            "mi\u{FB00}e@example.com",
            "\u{17F}am@example.com",
            "a\u{202E}b@example.com",
            "a\u{FF20}example.com",
            "a@\u{FF47}mail.com",
            "a@mi\u{212A}e.com",
            "a@x.com,b@x.com",
            "a@b@example.com",
            "<a@example.com>",
            "a@example.com (c)",
            "\"a b\"@example.com",
            "a b@example.com",
            " a@example.com",
            "a@example.com ",
            "a@example.com\r\nBcc: b@example.com",
            "a\0@example.com",
            "a@example.com\0",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "@example.com",
            "a@",
            "a",
            "a@localhost",
            "a@-example.com",
            "a@example-.com",
            "a@example.com-",
            "a@.example.com",
            "a@example.123",
            &format!("a@{}.com", "d".repeat(64)),
            &format!("a@{}.com", "猫".repeat(60)),
            "a@example..com",
            "a@example.com.",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@exa_mple.com",
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(EmailAddressError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn lengths_are_those_of_smtp() {
        let domain = ["d".repeat(63), "d".repeat(63), "d".repeat(63), "d".repeat(60)].join(".");
        let local = "l".repeat(64);
        for (fits, too_long) in [
            (format!("{local}@example.com"), format!("{local}l@example.com")),
            (format!("a@{domain}"), format!("ab@{domain}")),
        ] {
            assert_eq!(canonical(&fits), fits);
            assert_eq!(EmailAddress::parse(&too_long), Err(EmailAddressError::TooLong), "{too_long}");
        }
        assert_eq!(EmailAddress::parse(""), Err(EmailAddressError::Required));
    }

    #[test]
    fn a_domain_counts_as_encoded_and_what_no_domain_could_shrink_to_is_not_read() {
        let unicode = format!("a@{}.example", vec!["猫".repeat(50); 4].join("."));
        assert!(unicode.len() > 600 && canonical(&unicode).len() <= 254);
        assert_eq!(EmailAddress::parse(&"x".repeat(4 * 254)), Err(EmailAddressError::Malformed));
        assert_eq!(EmailAddress::parse(&"x".repeat(4 * 254 + 1)), Err(EmailAddressError::TooLong));
    }

    #[test]
    fn an_address_has_a_part_before_the_last_at_and_one_behind() {
        let address = EmailAddress::parse("Own@Bücher.example").unwrap();
        assert_eq!((address.local_part(), address.domain()), ("own", "xn--bcher-kva.example"));
    }

    #[test]
    fn debug_hides_the_address() {
        assert_eq!(format!("{:?}", EmailAddress::parse("a@example.com").unwrap()), "EmailAddress(***)");
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert!(address.as_str().is_ascii());
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
