//! Examines what the service stands on, and says of each thing that is wrong what to do about it. Changes nothing.

mod certificate;
mod database;

use anyhow::{Context as _, bail};
use countersign_application::ports::clock::Clock as _;
use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_infrastructure::system::{SystemClock, SystemSecretGenerator};

use crate::settings::Settings;
use crate::{terminal, wiring};

/// What is there, in words, or what is wrong with it.
type Found = anyhow::Result<String>;

/// Examines all of it, and fails if anything is not as it should be. Settings that cannot be used were told before.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut examined = vec![("settings", Ok("can be used".to_owned())), ("templates", templates(settings))];
    examined.push(("secret key", secret_key(settings)));
    examined.push(("tls", certificate::examine(settings.server.tls.as_ref(), SystemClock.now())));
    examined.extend(database::examine(settings).await);
    examined.push(("redis", redis(settings).await));
    examined.push(("mail", mail(settings).await));
    for (what, found) in &examined {
        terminal::say(&match found {
            Ok(text) => format!("ok      {what:<10}  {text}"),
            Err(error) => format!("failed  {what:<10}  {error:#}"),
        });
    }
    match examined.iter().filter(|(_, found)| found.is_err()).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} are not as they should be", examined.len()),
    }
}

fn templates(settings: &Settings) -> Found {
    wiring::check_templates(settings).map(|()| "can be rendered".to_owned())
}

/// Read, and not made.
fn secret_key(settings: &Settings) -> Found {
    if wiring::has_secret_key(&settings.storage) {
        wiring::secret_keys(&settings.storage, &SystemSecretGenerator).map(|_keys| "can be used".to_owned())
    } else {
        Ok("none yet: the first start makes one in the data folder".to_owned())
    }
}

async fn redis(settings: &Settings) -> Found {
    let Some(redis) = wiring::redis(&settings.storage)? else { return Ok("not set".to_owned()) };
    redis.probe().check().await.context(
        "see that the servers which redis.url names run and take connections from here, and that user and password \
         are right; until then the service does without, more slowly",
    )?;
    Ok("answers".to_owned())
}

async fn mail(settings: &Settings) -> Found {
    let Some(server) = wiring::mail_server(settings)? else {
        return Ok("not set: mails are files in the mailbox of the data folder".to_owned());
    };
    server.greet().await.context("see mail.smtp_url; docs/mail.md has a next step for each reason")?;
    Ok("the mail server takes mail from here".to_owned())
}
