//! Variables that were meant as settings but are none, by their names.

use crate::settings::catalogue::{PREFIX, Setting, catalogue};
use crate::settings::environment::Environment;
use crate::settings::problem::Problem;
use crate::settings::suggestion;

/// Variables that start like a setting of this service and are none.
pub(crate) fn refused(environment: &Environment) -> Vec<Problem> {
    let known: Vec<String> = catalogue().flat_map(variables).collect();
    environment
        .names()
        .filter(|name| is_meant_for_us(&name.to_ascii_uppercase(), &known) && !known.iter().any(|known| known == name))
        .map(|name| Problem {
            at: name.to_owned(),
            what: suggestion::did_you_mean(&name.to_ascii_uppercase(), known.iter().cloned()),
        })
        .collect()
}

/// Settings without the prefix. They may be another program's, so nobody is stopped by them; names of one word, such as
/// `DEV`, certainly are too common to speak of.
pub(crate) fn unprefixed(environment: &Environment) -> Vec<Problem> {
    let known = catalogue().filter(|setting| setting.key.contains('.')).flat_map(variables);
    known
        .filter_map(|variable| {
            let bare = variable.strip_prefix(PREFIX)?;
            let at = environment.names().find(|name| *name == bare)?.to_owned();
            Some(Problem { at, what: format!("is not read; the setting is {variable}") })
        })
        .collect()
}

/// By the prefix; or with one underscore for two, as long as the rest tells. Kubernetes gives every container variables
/// such as `COUNTERSIGN_PORT` or `COUNTERSIGN_SERVICE_HOST` where a service is called like this one.
fn is_meant_for_us(name: &str, known: &[String]) -> bool {
    let is_a_setting = |name: &str| known.iter().any(|known| single_underscores(known) == single_underscores(name));
    name.starts_with(PREFIX) || name.starts_with("COUNTERSIGN_") && (name.contains("__") || is_a_setting(name))
}

fn single_underscores(name: &str) -> String {
    name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// Every name in the environment that sets it.
fn variables(setting: &Setting) -> impl Iterator<Item = String> {
    let files = setting.secret.then(|| setting.variables().map(|name| format!("{name}_FILE")));
    setting.variables().chain(files.into_iter().flatten())
}
