//! Lists, rotates and retires the keys that sign access tokens.

use std::time::Duration;

use clap::Subcommand;
use countersign_application::Application;
use countersign_application::keys::retire_key::{RetireKeyCommand, RetireKeyError};
use countersign_application::keys::rotate_keys::RotateKeysCommand;
use countersign_domain::audit::Origin;
use countersign_infrastructure::security::tokens::KeyRing;
use time::format_description::well_known::Rfc3339;

use crate::settings::Settings;
use crate::terminal;
use crate::wiring::System;

/// By then running nodes have looked for new keys, if they can.
const SEEN: Duration = KeyRing::POLLED_EVERY.saturating_mul(2);
/// By then no running node accepts a key that was refused: it has seen that, or what it knows is too old to be believed.
const REFUSED_EVERYWHERE: Duration = KeyRing::BELIEVED_FOR.saturating_add(Duration::from_secs(1));

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List the keys and what each is: announced, active, honoured or refused.
    List,
    /// Make a new key. It is announced in the JWKS for ten minutes before it signs; older ones are honoured until
    /// their last token has expired.
    Rotate {
        /// After a compromise: the new key signs at once, and every older one is refused at once, on all nodes.
        #[arg(long)]
        now: bool,
    },
    /// Refuse every token of this key from now on.
    Retire {
        /// Which key, as `keys list` shows it.
        // One in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

impl Keys {
    /// Does it, and answers once it is in force on running nodes.
    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let system = match self {
            Self::Rotate { now: true } => System::open_anew(settings).await?,
            _ => System::open(settings).await?,
        };
        let application = &system.application;
        match self {
            Self::List => list(application).await?,
            Self::Rotate { now } => {
                let command = RotateKeysCommand { algorithm: settings.tokens.algorithm, immediate: *now };
                let key = application.keys.rotate_keys.execute(&Origin::default(), command).await?;
                if *now {
                    wait(REFUSED_EVERYWHERE).await;
                    terminal::say(&format!("{} signs, and every older key is refused, on all nodes.", key.kid));
                } else {
                    wait(SEEN).await;
                    let starts = key.active_from.format(&Rfc3339)?;
                    terminal::say(&format!("{} is announced, and signs from {starts}.", key.kid));
                }
            }
            Self::Retire { kid } => {
                let command = RetireKeyCommand { kid: kid.clone() };
                let retired = application.keys.retire_key.execute(&Origin::default(), command).await;
                retired.map_err(|error| next_step(kid, error))?;
                wait(REFUSED_EVERYWHERE).await;
                terminal::say(&format!("{kid} is refused on all nodes."));
            }
        }
        system.close().await;
        Ok(())
    }
}

fn next_step(kid: &str, error: RetireKeyError) -> anyhow::Error {
    let next = match &error {
        RetireKeyError::KeyNotFound => "`countersign keys list` shows which there are",
        RetireKeyError::KeyActive => "`countersign keys rotate` makes its successor",
        RetireKeyError::Internal(_) => return error.into(),
    };
    anyhow::anyhow!("cannot retire {kid}: {error}; {next}")
}

async fn list(application: &Application) -> anyhow::Result<()> {
    let listings = application.keys.list_keys.execute().await?;
    if listings.is_empty() {
        terminal::say("There is no key yet. The first start of `countersign serve` makes one.");
    }
    for listing in listings {
        let made = listing.key.created_at.format(&Rfc3339)?;
        let (state, algorithm) = (listing.state.as_str(), listing.key.algorithm.as_str());
        terminal::say(&format!("{}  {algorithm:5}  {state:9}  made {made}", listing.key.kid));
    }
    Ok(())
}

async fn wait(time: Duration) {
    terminal::say("Waiting until every node has seen it ...");
    tokio::time::sleep(time).await;
}
