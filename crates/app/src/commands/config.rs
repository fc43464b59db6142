//! Checks or shows the settings.

use clap::Subcommand;

use crate::settings::Loaded;
use crate::terminal;

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Check the settings, and say everything that is wrong with them.
    Check,
    /// Print every setting with its source. Secrets are hidden.
    Show,
}

impl Config {
    /// Settings that could be read are settings that were checked.
    #[expect(clippy::unnecessary_wraps, reason = "every command answers alike")]
    pub(crate) fn run(&self, loaded: &Loaded) -> anyhow::Result<()> {
        match self {
            Self::Check => terminal::say("The settings can be used."),
            Self::Show => terminal::say(loaded.show().trim_end()),
        }
        Ok(())
    }
}
