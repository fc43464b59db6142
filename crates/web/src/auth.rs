//! Registration, signing in and out, verification, reset.

mod disown_account;
pub(crate) mod login;
mod logout;
#[cfg(test)]
pub(crate) mod one_time_tokens;
mod refresh;
pub(crate) mod register;
mod request_email_verification;
pub(crate) mod request_password_reset;
pub(crate) mod reset_password;
mod verify_email;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint!(Open register [
            400 "invalid_token",
            403 "invitation_for_another_account",
            403 "registration_closed",
            409 "email_taken",
        ]),
        endpoint!(Open login [401 "invalid_credentials"]),
        endpoint!(Open refresh [401 "invalid_refresh_token"]),
        endpoint!(Open logout [401 "authentication_required", 401 "invalid_token"]),
        endpoint!(Open request_password_reset []),
        endpoint!(Open reset_password [400 "invalid_token"]),
        endpoint!(Open verify_email [
            400 "invalid_token",
            401 "authentication_required",
            401 "invalid_token",
            403 "proof_required",
        ]),
        endpoint!(Open request_email_verification []),
        endpoint!(Open disown_account [400 "invalid_token"]),
    ]
}
