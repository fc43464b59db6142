//! What can go wrong, sorted so that an adapter needs one conversion and one status table.

use std::error::Error as StdError;

use time::Duration;

use countersign_domain::violation::Violation;

/// The sort of an error; an HTTP adapter maps each to one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request as a whole cannot be used, such as a dead token (400).
    BadRequest,
    /// A value breaks a rule; [`Classify::violation`] names it (422).
    Rejected,
    /// Who asks is not known (401).
    Unauthenticated,
    /// Who asks may not (403).
    Forbidden,
    /// There is no such thing for who asks (404).
    Missing,
    /// It contradicts the present state (409).
    Conflict,
    /// Too often; [`Classify::retry_after`] says when again (429).
    Limited,
    /// A dependency is out; [`Classify::retry_after`] says when to try again (503).
    Unavailable,
    /// Others were in the way at the same moment, and nothing was done (503): worth another try at once.
    Contended,
    /// A fault of this service (500).
    Internal,
}

/// A violated rule and the field it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Name of the field in the request.
    pub field: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// Sentence for people.
    pub message: String,
}

impl FieldViolation {
    /// A violation of this field's rules.
    pub fn new(field: &'static str, violation: &impl Violation) -> Self {
        Self { field, code: violation.code(), message: violation.to_string() }
    }
}

/// How adapters read the errors of use cases.
pub trait Classify: StdError {
    /// Its sort.
    fn kind(&self) -> Kind;

    /// Stable, machine-readable code, such as `email_taken`.
    fn code(&self) -> &'static str;

    /// When it makes sense to try again.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// The field at fault, for [`Kind::Rejected`].
    fn violation(&self) -> Option<FieldViolation> {
        None
    }
}

/// What an adapter of a port reports when it cannot do its work. Its source is kept for the log, never for the answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A dependency does not answer, refuses, or is full; it may be back in a moment.
    #[error("{what} is unavailable")]
    Unavailable {
        /// Which dependency: `database`, `password hashing`, …
        what: &'static str,
        /// When to try again.
        retry_after: Duration,
        /// Why.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// Others were in the way at the same moment: a deadlock, or transactions that cannot be put in a row. Nothing was
    /// done; the whole of it, from its beginning, is worth another try at once.
    #[error("{what} is contended")]
    Contended {
        /// Which dependency.
        what: &'static str,
        /// Why.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// Something that must not happen: a row that cannot be read, a key that does not open.
    #[error("{what} is broken")]
    Internal {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
}

impl Fault {
    /// A dependency is out; worth another try in a second.
    pub fn unavailable(what: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable { what, retry_after: Duration::seconds(1), source: Some(source.into()) }
    }

    /// Others were in the way.
    pub fn contended(what: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Contended { what, source: Some(source.into()) }
    }

    /// Something that must not happen, did.
    pub fn internal(what: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal { what, source: Some(source.into()) }
    }
}

impl Classify for Fault {
    fn kind(&self) -> Kind {
        match self {
            Self::Unavailable { .. } => Kind::Unavailable,
            Self::Contended { .. } => Kind::Contended,
            Self::Internal { .. } => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } | Self::Contended { .. } => "service_unavailable",
            Self::Internal { .. } => "internal_error",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => Some(*retry_after),
            Self::Contended { .. } => Some(Duration::SECOND),
            Self::Internal { .. } => None,
        }
    }
}

/// A write that breaks a uniqueness the database guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Another account has the address.
    EmailTaken,
    /// The account is in the team already.
    MembershipExists,
    /// An invitation of the address to the team is pending already.
    InvitationPending,
}

/// What a write may answer besides success.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It would break a uniqueness. On PostgreSQL the unit of work is of no more use: return.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// It could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl WriteError {
    /// The fault behind it; a conflict that the caller had excluded is one too.
    pub fn into_fault(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Conflict(conflict) => Fault::internal("database", format!("unexpected conflict: {conflict:?}")),
        }
    }
}

/// Writes `Classify` for an error enum: the sort and code of each own variant, and the variants that pass on
/// an error which is classified itself.
macro_rules! classify {
    ($error:ident { $($variant:ident => $kind:ident $code:literal),* $(,)? } via { $($inner:ident),* $(,)? }) => {
        impl $crate::error::Classify for $error {
            fn kind(&self) -> $crate::error::Kind {
                match self {
                    $(Self::$variant { .. } => $crate::error::Kind::$kind,)*
                    $(Self::$inner(inner) => $crate::error::Classify::kind(inner),)*
                }
            }

            fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)*
                    $(Self::$inner(inner) => $crate::error::Classify::code(inner),)*
                }
            }

            fn retry_after(&self) -> Option<time::Duration> {
                match self {
                    $(Self::$variant { .. } => None,)*
                    $(Self::$inner(inner) => $crate::error::Classify::retry_after(inner),)*
                }
            }

            fn violation(&self) -> Option<$crate::error::FieldViolation> {
                match self {
                    $(Self::$variant { .. } => None,)*
                    $(Self::$inner(inner) => $crate::error::Classify::violation(inner),)*
                }
            }
        }
    };
}
pub(crate) use classify;

/// A value that breaks a rule which needed more than the value itself to judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .0.field, .0.message)]
pub struct RejectedValue(pub FieldViolation);

impl Classify for RejectedValue {
    fn kind(&self) -> Kind {
        Kind::Rejected
    }

    fn code(&self) -> &'static str {
        "validation_failed"
    }

    fn violation(&self) -> Option<FieldViolation> {
        Some(self.0.clone())
    }
}
