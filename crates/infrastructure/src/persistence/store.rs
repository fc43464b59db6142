//! What implements the repositories.

use sea_orm::sea_query::LockType;

/// How rows of accounts and teams are locked: against each other, but not against rows that merely refer to them. On
/// PostgreSQL an insert with a foreign key locks what it refers to; under `FOR UPDATE` two admins who invite each other
/// would wait for one another, and so would an admin who invites and deletes the own account.
pub(crate) const ROW_LOCK: LockType = LockType::NoKeyUpdate;

/// Whether calls stand alone or belong together; only those that do may keep rows locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Call,
    UnitOfWork,
}

/// Every repository over one connection: a pool, where each call stands alone, or a transaction.
///
/// The statements of each port are in the file of its name.
#[derive(Clone, Debug)]
pub struct Store<C>(pub(crate) C, pub(crate) Scope);

impl<C> Store<C> {
    /// The repositories over this connection, each call on its own.
    pub const fn over(connection: C) -> Self {
        Self(connection, Scope::Call)
    }

    /// The repositories over this transaction.
    pub(crate) const fn within(transaction: C) -> Self {
        Self(transaction, Scope::UnitOfWork)
    }

    /// The connection itself, for statements that are no port's.
    pub const fn connection(&self) -> &C {
        &self.0
    }
}
