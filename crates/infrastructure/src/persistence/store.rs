//! What implements the repositories.

/// Every repository over one connection: a pool, where each call stands alone, or a transaction.
///
/// The statements of each port are in the file of its name.
#[derive(Clone, Debug)]
pub struct Store<C>(pub(crate) C);
