//! Checks or shows the settings.

use clap::Subcommand;

use crate::commands::serve;
use crate::settings::{Loaded, advice};
use crate::terminal;

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Check the settings, say everything that is wrong with them, and warn of what is seldom meant so.
    Check,
    /// Print every setting with its source. Secrets are hidden.
    Show,
}

impl Config {
    /// Settings that could be read were checked already; what remains is what the files they name hold.
    pub(crate) fn run(&self, loaded: &Loaded) -> anyhow::Result<()> {
        match self {
            Self::Check => {
                serve::check_files(&loaded.settings)?;
                terminal::say("The settings can be used.");
                let settings = &loaded.settings;
                let advice = advice::all(settings).chain(advice::on_wire(settings));
                advice.for_each(|advice| terminal::say(&format!("Warning: {advice}")));
            }
            Self::Show => terminal::say(loaded.show().trim_end()),
        }
        Ok(())
    }
}
