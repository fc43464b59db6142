//! What verifiers of tokens look for in a place that everybody knows (RFC 8615).

mod jwks;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![endpoint!(Open jwks [])]
}
