//! Signs of life, for whoever runs the service.

mod live;
mod ready;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![endpoint!(Open live []), endpoint!(Open ready [])]
}
