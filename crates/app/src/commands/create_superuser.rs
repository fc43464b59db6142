//! Creates a superuser.

use anyhow::{Context as _, anyhow};
use clap::Args;
use countersign_application::admin::create_superuser::{CreateSuperuserCommand, CreateSuperuserError};
use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::name::PersonName;
use countersign_domain::password::NewPassword;

use crate::settings::Settings;
use crate::terminal;
use crate::wiring::{self, System};

/// Who becomes a superuser.
#[derive(Debug, Args)]
pub(crate) struct CreateSuperuser {
    /// Address to sign in with.
    #[arg(long)]
    email: String,
    /// First name.
    #[arg(long)]
    first_name: String,
    /// Last name.
    #[arg(long)]
    last_name: String,
}

impl CreateSuperuser {
    /// Reads the password and creates the account.
    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let email = EmailAddress::parse(&self.email).context("--email")?;
        let first_name = PersonName::parse(&self.first_name).context("--first-name")?;
        let last_name = PersonName::parse(&self.last_name).context("--last-name")?;
        let password = terminal::read_password().context("cannot read the password")?;
        let password = NewPassword::parse(password.expose())?;
        let is_new = !wiring::has_database(&settings.storage)?;
        let system = System::open(settings).await?;
        let command = CreateSuperuserCommand { email, password, first_name, last_name };
        let created = system.application.admin.create_superuser.execute(&Origin::default(), command).await;
        system.close().await;
        let user = created.map_err(explain)?;
        let place = system.database.place();
        terminal::say(&format!("Created superuser {} in {place}.", user.id));
        if is_new {
            terminal::say(
                "It has just made that database. Where the service has run before, this is another one: run it in the same \
                 folder with the same settings.",
            );
        }
        Ok(())
    }
}

/// What to do where an account is in the way.
fn explain(error: CreateSuperuserError) -> anyhow::Error {
    match error {
        CreateSuperuserError::EmailTaken => anyhow!(
            "--email: {error}; give another, or have a superuser make that account one: in the console, or by PATCH \
             /admin/users/{{id}} with {{\"is_superuser\": true}}"
        ),
        error => error.into(),
    }
}
