//! What implements the repositories.

/// Every repository over one connection: a pool, where each call stands alone, or a transaction.
///
/// The statements of each port are in the file of its name.
#[derive(Clone, Debug)]
pub struct Store<C>(pub(crate) C);

impl<C> Store<C> {
    /// The repositories over this connection.
    pub const fn over(connection: C) -> Self {
        Self(connection)
    }

    /// The connection itself, for statements that are no port's.
    pub const fn connection(&self) -> &C {
        &self.0
    }
}
