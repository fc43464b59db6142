//! What the owner of an account does with it.

mod me_show;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![endpoint!(Bearer me_show [])]
}
