//! What wrote the files.

use clap::ValueEnum;
use countersign_infrastructure::moving;

/// By the names that the command line has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum System {
    /// An export of Countersign.
    Countersign,
    /// Tables with the columns of docs/moving.md.
    Csv,
    /// fastapi-users on SQLAlchemy: its table of accounts.
    FastapiUsers,
    /// Supabase: auth.users.
    Supabase,
    /// better-auth, with organizations, members and invitations.
    BetterAuth,
}

impl System {
    /// None for our own.
    pub(super) const fn foreign(self) -> Option<moving::System> {
        match self {
            Self::Countersign => None,
            Self::Csv => Some(moving::System::Plain),
            Self::FastapiUsers => Some(moving::System::FastapiUsers),
            Self::Supabase => Some(moving::System::Supabase),
            Self::BetterAuth => Some(moving::System::BetterAuth),
        }
    }
}
