//! The templates: those in the binary, each of which an adopter may replace by a file of the same name.

use minijinja::Environment;

use crate::pages::look::error::LookError;
use crate::problem::sentence;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// The names end in `.html`, so every value is escaped.
        pub(crate) const TEMPLATES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../templates/", $name)))),*];
    };
}
templates![
    "layout.html",
    "parts.html",
    "form.html",
    "front.html",
    "join_team.html",
    "problem.html",
    "account.html",
    "account_delete.html",
    "reopen.html",
    "send_again.html",
    "sessions.html",
    "teams_delete.html",
    "teams_invitations.html",
    "teams_list.html",
    "teams_parts.html",
    "teams_removal.html",
    "teams_settings.html",
    "teams_team.html",
    "mailbox.html",
    "mail.html",
    "console_parts.html",
    "console_users.html",
    "console_user.html",
    "console_change.html",
    "console_delete_user.html",
    "console_team.html",
    "console_teams.html",
    "console_appoint.html",
    "console_audit.html",
];

pub(crate) fn names() -> Vec<&'static str> {
    TEMPLATES.iter().map(|(name, _)| *name).collect()
}

/// All of them, parsed; these in place of ours, as far as they can be parsed.
pub(crate) fn load(replaced: &[(String, String)], faults: &mut Vec<LookError>) -> Environment<'static> {
    let mut environment = Environment::new();
    // Messages of rules are half sentences, as programs want them.
    environment.add_filter("sentence", |text: String| sentence(&text));
    let ours = TEMPLATES.iter().map(|(name, source)| environment.add_template(name, source));
    faults.extend(ours.collect::<Vec<_>>().into_iter().filter_map(Result::err).map(LookError::from));
    for (name, source) in replaced {
        if let Err(error) = environment.add_template_owned(name.clone(), source.clone()) {
            faults.push(error.into());
        }
    }
    environment
}
