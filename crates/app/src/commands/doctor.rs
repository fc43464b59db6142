//! Examines what the service stands on, and says of each thing that is wrong what to do about it. Changes nothing.

pub(crate) mod certificate;
mod database;
mod finding;
pub(crate) mod secret_key;
mod version;

use anyhow::{Context as _, bail};
use countersign_application::ports::clock::Clock as _;
use countersign_infrastructure::system::SystemClock;

use crate::commands::doctor::finding::{Found, Remark};
use crate::settings::{Settings, advice};
use crate::{terminal, wiring};

/// Examines all of it, and fails if anything is not as it should be. Settings that cannot be used were told before.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = database::examine(settings).await;
    let now = SystemClock.now();
    let mut examined = vec![
        ("settings", Ok(Remark::advised(advice::on_wire(settings), "can be used"))),
        ("templates", templates(settings)),
        ("issuer", Ok(issuer(settings))),
        ("secret key", secret_key::examine(settings, database.signing_keys, now)),
        ("tls", certificate::examine(settings, now)),
    ];
    examined.extend(database.found);
    examined.push(("redis", redis(settings).await));
    examined.push(("mail", mail(settings).await));
    for (what, found) in &examined {
        terminal::say(&finding::line(what, found));
    }
    match examined.iter().filter(|(_, found)| found.is_err()).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} are not as they should be", examined.len()),
    }
}

fn templates(settings: &Settings) -> Found {
    wiring::templates(settings)
        .context("mend these files, or take them out of mail.templates_dir and pages.templates_dir")?;
    Ok("can be rendered".into())
}

fn issuer(settings: &Settings) -> Remark {
    let url = settings.server.public_url_at(settings.server.listen).to_string();
    Remark::advised(advice::on_issuer(settings), settings.tokens.issuer.as_ref().unwrap_or(&url))
}

async fn redis(settings: &Settings) -> Found {
    let Some(redis) = wiring::redis(&settings.storage)? else {
        return Ok(Remark::advised(advice::on_redis(settings), "not set"));
    };
    let version = redis.examine().await.context(
        "see that the servers which redis.url names run and take connections from here, and that user and password \
         are right; until then the service does without, more slowly",
    )?;
    Ok(version::remark("answers", version::REDIS, version.as_deref()))
}

async fn mail(settings: &Settings) -> Found {
    let Some(server) = wiring::mail_server(settings)? else {
        let mailbox = "not set: mails are files in the mailbox of the data folder";
        return Ok(Remark::advised(advice::on_mail(settings), mailbox));
    };
    server.greet().await.context("see mail.smtp_url; docs/mail.md has a next step for each reason")?;
    Ok("the mail server takes mail from here".into())
}
