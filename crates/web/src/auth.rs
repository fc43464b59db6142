//! Registration, signing in and out, verification, reset.

mod login;
mod logout;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint!(Open login [401 "invalid_credentials"]),
        endpoint!(Open logout [401 "authentication_required", 401 "invalid_token"]),
    ]
}
