//! The networks that are an account's own: where strangers' wrong passwords elsewhere do not keep it out.

use countersign_domain::audit::Origin;
use countersign_domain::network::Network;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::error::Fault;
use crate::ports::unit_of_work::UnitOfWork;

/// Notes that the owner of the account was seen there: signed in, or with proof of the mailbox.
pub(crate) async fn remember(
    uow: &dyn UnitOfWork,
    user: &User,
    origin: &Origin,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    match origin.ip {
        Some(ip) => uow.networks().remember(user.id, Network::logged(ip), now).await,
        None => Ok(()),
    }
}
