//! What went wrong, in the words of the pages where they have some.

use minijinja::Value;

use crate::problem::{Problem, catalogue};

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;

/// The words for a problem: those of the pages for its code, otherwise its own.
pub(crate) fn words(texts: &Value, problem: &Problem) -> String {
    let text = |section: &str, name: &str| {
        let text = texts.get_attr(section).ok()?.get_attr(name).ok()?;
        text.as_str().map(str::to_owned)
    };
    let wait = || {
        let (name, count) = wait(problem.retry_after?);
        Some(text("waits", name)?.replace("{n}", &count.to_string()))
    };
    let told = text("problem_details", problem.code);
    let told = if problem.code == "rate_limited" {
        told.and_then(|told| Some(told.replace("{wait}", &wait()?)))
    } else {
        told
    };
    told.unwrap_or_else(|| problem.detail.to_string())
}

/// Name of the text for so many seconds, rounded up, and the number in it.
const fn wait(seconds: u32) -> (&'static str, u32) {
    match seconds {
        0..=MINUTE => ("minute", 1),
        // The last minute would be called an hour of them.
        _ if seconds.div_ceil(MINUTE) < HOUR / MINUTE => ("minutes", seconds.div_ceil(MINUTE)),
        _ if seconds <= HOUR => ("hour", 1),
        _ => ("hours", seconds.div_ceil(HOUR)),
    }
}

/// Codes of the rules of the service (docs/api.md, Fields): they have words of their own, which an adopter's take the place of.
const RULES: [&str; 16] = [
    "common_password",
    "control_character",
    "duplicate",
    "email_not_verified",
    "invalid_cursor",
    "invalid_email",
    "invalid_limit",
    "invalid_role",
    "invalid_scope",
    "invalid_type",
    "invisible",
    "malformed",
    "personal_password",
    "required",
    "too_long",
    "too_short",
];

/// Whether the catalogue may have a text at this place that ours does not: what the service says in its own words.
pub(crate) fn is_of_the_service(place: &[String]) -> bool {
    match place {
        [section, code] if section == "field_errors" => RULES.contains(&&**code),
        [section, code] if section == "problem_details" => catalogue::find(code).is_some(),
        _ => false,
    }
}

/// The words for a field that breaks a rule: those of the pages for its code, otherwise its own.
pub(crate) fn field_words(texts: &Value, code: &str, message: &str) -> String {
    let text = texts.get_attr("field_errors").and_then(|errors| errors.get_attr(code)).ok();
    text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use actix_web::http::StatusCode;

    use super::*;
    use crate::pages::look::Look;
    use crate::pages::texts::texts;

    #[test]
    fn a_time_to_wait_is_told_as_people_say_it() {
        for (seconds, expected) in [
            (1, "in a minute"),
            (60, "in a minute"),
            (61, "in 2 minutes"),
            (3540, "in 59 minutes"),
            (3541, "in an hour"),
            (3598, "in an hour"),
            (3601, "in 2 hours"),
            (86_400, "in 24 hours"),
        ] {
            let detail = format!("too many requests; try again in {seconds} s");
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
            let problem = Problem { retry_after: Some(seconds), ..problem };
            let told = words(&Look::built_in().texts, &problem);
            assert_eq!(told, format!("That was too often. Try again {expected}."), "{seconds}");
        }
    }

    #[test]
    fn the_rules_that_an_adopter_may_put_in_words_are_those_of_the_api() {
        let (_, table) = include_str!("../../../../docs/api.md").split_once("### Fields").unwrap();
        let rows = table.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| "));
        let cells = rows.skip(1).filter_map(|row| row.split('|').nth(2)).map(|cell| cell.trim().trim_matches('`'));
        assert_eq!(cells.collect::<BTreeSet<_>>(), BTreeSet::from(RULES));
    }

    #[test]
    fn an_adopter_has_words_for_rules_and_problems_too_and_for_no_others() {
        let with = |words: &str| {
            let mut faults = vec![];
            let texts = texts(Some(words), &mut faults);
            (texts, faults.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let words =
            r#"{"field_errors": {"too_short": "{least}!"}, "problem_details": {"email_taken": "x", "nmae": "x"}}"#;
        let (told, faults) = with(words);
        assert_eq!(told["field_errors"]["too_short"], format!("{}!", countersign_domain::password::NewPassword::MIN));
        assert_eq!(told["problem_details"]["email_taken"], "x");
        assert_eq!(faults, ["texts.json, line 1: problem_details.nmae is no text of the pages"]);
        for no_words in [r#"{"field_errors": {"too_short": {}}}"#, r#"{"field_errors": {"email_taken": "x"}}"#] {
            assert_eq!(with(no_words).1.len(), 1, "{no_words}");
        }
    }

    #[test]
    fn what_the_pages_have_no_words_for_is_told_in_those_of_the_service() {
        let problem = Problem::new(StatusCode::CONFLICT, "last_admin", "One sentence. Another.");
        assert_eq!(words(&Look::built_in().texts, &problem), "One sentence. Another.");
        let untimed = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many; later.");
        assert_eq!(words(&Look::built_in().texts, &untimed), "Too many; later.");
        assert_eq!(field_words(&Look::built_in().texts, "too_short", "its own"), "its own");
    }
}
