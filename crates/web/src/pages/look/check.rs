//! Whether an adopter's templates can be used: everything that can be known of it without the page that asks for them.

use std::collections::HashSet;

use minijinja::{Environment, UndefinedBehavior, Value};
use serde_json::Value as Json;

use crate::pages::look::Look;
use crate::pages::look::code::Code;
use crate::pages::look::error::LookError;
use crate::pages::look::templates::{self, TEMPLATES};

/// What every page is given, besides the values of its own: the table of `docs/pages.md`.
const AROUND: &[&str] = &[
    "product",
    "t",
    "root",
    "here",
    "style",
    "person",
    "person.email",
    "person.first_name",
    "person.last_name",
    "person.is_superuser",
    "person.email_verified",
    "mailbox",
    "registers",
    "form_token",
    "done",
    "request_id",
];

/// What the language has.
const OF_LANGUAGE: &[&str] = &["loop", "self", "super", "caller", "range", "dict", "namespace"];

/// Notes everything that is wrong.
pub(crate) fn check(look: &Look, texts: &Json, replaced: &[(String, String)], faults: &mut Vec<LookError>) {
    let ours = templates::load(&[], faults);
    for (file, source) in replaced {
        check_file(look, &ours, texts, file, source, faults);
    }
    // Beside what was found already it would only say the same in other words.
    if faults.is_empty() {
        faults.extend(try_out(look, &ours, texts));
    }
}

fn check_file(
    look: &Look,
    ours: &Environment<'_>,
    texts: &Json,
    file: &str,
    source: &str,
    faults: &mut Vec<LookError>,
) {
    let code = Code::of(source);
    let mut note = |at, what| faults.push(LookError::Wrong { file: file.to_owned(), line: code.line(at), what });
    for (at, name) in code.templates() {
        if ours.get_template(name).is_err() {
            note(at, format!("there is no template {name}"));
        }
    }
    for (at, path) in code.paths("t") {
        if path.split('.').try_fold(texts, |texts, name| texts.get(name)).is_none() {
            note(at, format!("there is no text t.{path}"));
        }
    }
    let (Ok(theirs), Ok(known)) = (look.templates.get_template(file), known(ours, file)) else { return };
    let mut names: Vec<_> = theirs.undeclared_variables(true).into_iter().collect();
    names.sort();
    for name in names {
        if !name.starts_with("t.") && !known.contains(&name) {
            note(code.find(&name).unwrap_or_default(), format!("{name} is not known here"));
        }
    }
}

/// What this template may ask for: what ours of this name does, and what every page is given. Of what ours of other
/// names ask for, the attributes: `team.name` wherever there is a `team`.
fn known(ours: &Environment<'_>, file: &str) -> Result<HashSet<String>, minijinja::Error> {
    let mut known: HashSet<String> = AROUND.iter().chain(OF_LANGUAGE).map(ToString::to_string).collect();
    known.extend(ours.get_template(file)?.undeclared_variables(false));
    for (name, _) in TEMPLATES {
        let attributes = ours.get_template(name)?.undeclared_variables(true);
        known.extend(
            attributes
                .into_iter()
                .filter(|name| {
                    let (whole, part) = name.split_once('.').unwrap_or((name, ""));
                    !part.is_empty() && known.contains(whole)
                })
                .collect::<Vec<_>>(),
        );
    }
    Ok(known)
}

/// Fills every page in with hardly anything: filters, functions and macros that do not exist are found by that. What
/// cannot be filled in with ours either is not looked at, and what is wrong with a template that others take from is told
/// once.
fn try_out(look: &Look, ours: &Environment<'_>, texts: &Json) -> Vec<LookError> {
    let values = serde_json::json!({
        "product": "Product", "t": texts, "root": "", "here": "account", "style": "0", "done": "Done.", "mailbox": true, "registers": true,
        "person": {
            "email": "somebody@example.com", "first_name": "Firstname", "last_name": "Lastname", "is_superuser": true,
            "email_verified": false,
        },
        "form_token": "token", "page": "sign_in", "next": "next", "cursor": "cursor",
        "fields": [{"name": "email", "texts": "email", "kind": "email", "autocomplete": "", "value": "", "error": "wrong"}],
        "sessions": [{"id": "id"}], "members": [{"user_id": "id"}], "invitations": [{"id": "id", "state": "pending"}],
        "teams": [{"id": "id", "name": "Team", "role": "admin", "status": "active"}], "mails": [{"id": "id", "readable": true}],
        "items": [{"id": "id"}], "team": {"id": "id", "name": "Team"}, "user": {"id": "id", "is_active": true},
        "is_admin": true,
    });
    let values = Value::from_serialize(values);
    let (mut theirs, mut ours) = (look.templates.clone(), ours.clone());
    for environment in [&mut theirs, &mut ours] {
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    }
    let mut faults: Vec<LookError> = Vec::new();
    for (name, _) in TEMPLATES {
        let render = |environment: &Environment<'_>| environment.get_template(name)?.render(&values);
        if render(&ours).is_ok()
            && let Err(error) = render(&theirs)
        {
            let fault = LookError::from(error);
            if faults.iter().all(|before| before.to_string() != fault.to_string()) {
                faults.push(fault);
            }
        }
    }
    faults
}

#[cfg(test)]
mod documented;

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that are tried: all but what a sample would have to be as large as a page for.
    #[test]
    fn ours_pass_in_the_place_of_themselves() {
        let replaced: Vec<_> =
            TEMPLATES.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect();
        let mut faults = vec![];
        let texts = crate::pages::texts::texts(None, &mut faults);
        check(Look::built_in(), &texts, &replaced, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
    }
}
