//! Typed ids. All are UUIDs of version 7 (RFC 9562): sortable by the time they were made, and never a secret.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that the caller knows to be of this kind.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for storage and presentation.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// Reads the hyphenated form. `None` for anything else; braces, URNs and bare hex are not accepted.
            pub fn parse(text: &str) -> Option<Self> {
                if text.len() != 36 {
                    return None;
                }
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id!(
    /// Id of an account; the `sub` of its access tokens. Never reused, also not after a deletion (ASVS 10.3.3).
    UserId
);
id!(
    /// Id of a team.
    TeamId
);
id!(
    /// Id of a session, the `sid` of its access tokens.
    SessionId
);
id!(
    /// Id of an invitation. Not its secret: that is only in the mail.
    InvitationId
);
id!(
    /// Id of a one-time token's row. Not its secret.
    OneTimeTokenId
);
id!(
    /// Id of a mail in the outbox; its Message-ID is made from it, so that a repeat is recognised.
    MailId
);
id!(
    /// Id of an audit event.
    AuditEventId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let text = "0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a";
        assert_eq!(UserId::parse(text).unwrap().to_string(), text);
        for bad in [
            "",
            "1",
            "0190a5d07c1e7e7a9a531f2e3d4c5b6a",
            "{0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a}",
            "urn:uuid:0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a",
            "0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6g",
        ] {
            assert!(UserId::parse(bad).is_none(), "{bad}");
        }
    }
}
