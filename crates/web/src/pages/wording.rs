//! What went wrong, in the words of the pages where they have some.

use minijinja::Value;

use crate::problem::Problem;

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

/// The words for a field that breaks a rule of the pages; a rule of the service has its own.
pub(crate) fn field_words(texts: &Value, code: &str, message: &str) -> String {
    let text = texts.get_attr("field_errors").and_then(|errors| errors.get_attr(code)).ok();
    text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;

    use super::*;
    use crate::pages::look::Look;

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
    fn what_the_pages_have_no_words_for_is_told_in_those_of_the_service() {
        let problem = Problem::new(StatusCode::CONFLICT, "last_admin", "One sentence. Another.");
        assert_eq!(words(&Look::built_in().texts, &problem), "One sentence. Another.");
        let untimed = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many; later.");
        assert_eq!(words(&Look::built_in().texts, &untimed), "Too many; later.");
        assert_eq!(field_words(&Look::built_in().texts, "too_short", "its own"), "its own");
    }
}
