//! What is wrong with a value that a client sent.

/// An error about one value: a stable code for machines, and `Display` as the sentence for people.
pub trait Violation: std::error::Error {
    /// Stable, machine-readable code in snake_case, such as `too_short`.
    fn code(&self) -> &'static str;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email_address::EmailAddressError;
    use crate::name::{Description, PersonName, TextError};
    use crate::page::PageError;
    use crate::password::{PasswordError, PresentedPasswordError};
    use crate::team::role::RoleError;
    use crate::user::UnprovenAddress;

    #[test]
    fn the_page_about_the_api_has_the_code_and_the_sentence_of_every_violation() {
        let page = include_str!("../../../docs/api.md");
        let violations: [&dyn Violation; 18] = [
            &EmailAddressError::Required,
            &EmailAddressError::TooLong,
            &EmailAddressError::Malformed,
            &TextError::Required,
            &TextError::TooLong { max: PersonName::MAX },
            &TextError::TooLong { max: Description::MAX },
            &TextError::ControlCharacter,
            &TextError::Invisible,
            &PasswordError::TooShort,
            &PasswordError::TooLong,
            &PasswordError::Common,
            &PasswordError::Personal,
            &PresentedPasswordError::Required,
            &PresentedPasswordError::TooLong,
            &PageError::Limit,
            &PageError::Cursor,
            &RoleError,
            &UnprovenAddress,
        ];
        for violation in violations {
            let row = format!("| `{}` | {violation} |", violation.code());
            assert!(page.contains(&row), "docs/api.md lacks {row}");
        }
    }
}
