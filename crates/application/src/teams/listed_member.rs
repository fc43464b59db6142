//! A membership with the names that lists show.

use countersign_domain::team::membership::{Member, Membership};
use countersign_domain::user::User;

/// The member as the others of the team see it.
pub(crate) fn listed_member(membership: Membership, user: User) -> Member {
    Member { membership, email: user.email, first_name: user.first_name, last_name: user.last_name }
}
