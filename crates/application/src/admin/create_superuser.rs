//! Creates a verified superuser, from the command line.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::name::PersonName;
use countersign_domain::password::NewPassword;
use countersign_domain::user::User;

use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Conflict, Fault, FieldViolation, RejectedValue, WriteError, classify};
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct CreateSuperuserCommand {
    /// Its address.
    pub email: EmailAddress,
    /// Its password.
    pub password: NewPassword,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum CreateSuperuserError {
    /// Another account has this e-mail address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// A value breaks a rule that needed the account to judge.
    #[error(transparent)]
    Rejected(#[from] RejectedValue),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { CreateSuperuserError {
    EmailTaken => Conflict "email_taken",
} via { Rejected, Internal } }

/// The use case.
#[derive(Clone)]
pub struct CreateSuperuser {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    password_hasher: Arc<dyn PasswordHasher>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
}

impl CreateSuperuser {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            password_hasher: Arc::clone(&dependencies.password_hasher),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
        }
    }

    /// Creates a verified superuser, from the command line: whoever can start that vouches for the address.
    pub async fn execute(
        &self,
        origin: &Origin,
        command: CreateSuperuserCommand,
    ) -> Result<User, CreateSuperuserError> {
        let CreateSuperuserCommand { email, password, first_name, last_name } = command;
        password
            .check_owner(&email, &first_name, &last_name)
            .map_err(|error| RejectedValue(FieldViolation::new("password", &error)))?;
        let now = self.clock.now();
        let mut user = User::register(UserId::new(self.ids.next_id()), email, first_name, last_name, now);
        user.verify_email(now);
        user.set_superuser(true, now);
        let hash = self.password_hasher.hash(password.expose()).await?;
        let uow = self.units_of_work.begin().await?;
        uow.users().insert(&user, &hash).await.map_err(|error| match error {
            WriteError::Conflict(Conflict::EmailTaken) => CreateSuperuserError::EmailTaken,
            error => error.into_fault().into(),
        })?;
        let event = self.trail.event(AuditKind::SuperuserGranted, origin, now).about(user.id);
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        Ok(user)
    }
}

#[cfg(test)]
mod tests;
