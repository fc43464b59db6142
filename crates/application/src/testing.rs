//! Doubles of every port, for tests here and in services that embed this crate.
//!
//! [`Mocks`] holds a mock of each port (mockall), with harmless defaults where a test seldom cares: the clock stands
//! still, ids count up, secrets are predictable, limits allow, caches miss and confirm. Set expectations on the fields,
//! stage the units of work that the use case will begin, and turn it into [`Dependencies`](crate::Dependencies):
//!
//! ```
//! use countersign_application::Application;
//! use countersign_application::teams::create_team::CreateTeamCommand;
//! use countersign_application::testing::{Mocks, StagedUnitOfWork, actor, origin};
//! # use countersign_domain::name::TeamName;
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let mut mocks = Mocks::default();
//! let mut uow = StagedUnitOfWork::default();
//! uow.hold_sessions();
//! uow.teams.expect_count_created_by().returning(|_| Ok(0));
//! uow.teams.expect_insert().times(1).returning(|_| Ok(()));
//! uow.memberships.expect_insert().times(1).returning(|_| Ok(()));
//! let written = mocks.stage(uow);
//!
//! let application = Application::new(&mocks.into_dependencies());
//! let command = CreateTeamCommand { name: TeamName::parse("Engines").unwrap(), description: None };
//! application.teams.create_team.execute(&actor(), &origin(), command).await.unwrap();
//! assert!(written.committed());
//! # });
//! ```

mod doubles;
mod fixtures;
#[cfg(test)]
pub(crate) mod log_lines;
mod mocks;
mod staged_session;
mod staged_team;
mod unit_of_work;

pub use crate::testing::doubles::{FixedClock, PredictableSecrets, SequentialIds};
pub use crate::testing::fixtures::{
    NOW, PASSWORD, actor, credentials, email, invitation, membership, name, new_password, one_time_token, origin,
    outage, password_hasher, presented, session, superuser, team, user, user_id,
};
pub use crate::testing::mocks::Mocks;
pub use crate::testing::unit_of_work::{StagedUnitOfWork, Written};
