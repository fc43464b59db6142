//! Who the pages for accounts are shown to. All of them sign in with the password of the tests.

/// In no team.
pub(in crate::browser) const OWNER: &str = "owner@example.org";

/// Invited, and not verified.
pub(in crate::browser) const UNVERIFIED: &str = "unverified@example.org";

/// Admin of teams, of a large one, too.
pub(in crate::browser) const ADMIN: &str = "admin@example.org";

/// Member of the large team.
pub(in crate::browser) const MEMBER: &str = "member@example.org";

/// Of the console.
pub(in crate::browser) const SUPERUSER: &str = "superuser@example.org";
