//! What is found out about one thing.

use anyhow::Error;

/// What is there, or what is wrong with it.
pub(crate) type Found = anyhow::Result<Remark>;

/// About something that is not wrong.
#[derive(Debug)]
pub(crate) enum Remark {
    /// It is as it should be.
    Fine(String),
    /// It works, and is seldom meant so; with the next step.
    Warning(String),
    /// It could not be looked at, for this reason.
    Unchecked(&'static str),
}

impl Remark {
    /// As it should be, unless there is advice.
    pub(crate) fn advised(advice: Option<&'static str>, otherwise: &str) -> Self {
        advice.map_or_else(|| otherwise.into(), |advice| Self::Warning(advice.to_owned()))
    }
}

impl From<&str> for Remark {
    fn from(text: &str) -> Self {
        Self::Fine(text.to_owned())
    }
}

/// The line about it.
pub(crate) fn line(what: &str, found: &Found) -> String {
    let (verdict, text) = match found {
        Ok(Remark::Fine(text)) => ("ok", text.clone()),
        Ok(Remark::Warning(text)) => ("warning", text.clone()),
        Ok(Remark::Unchecked(why)) => ("skipped", format!("not checked: {why}")),
        Err(error) => ("failed", told(error)),
    };
    format!("{verdict:7} {what:<10}  {text}")
}

/// An error and what brought it about, each once: many say themselves what their cause says again.
fn told(error: &Error) -> String {
    let mut told: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.iter().any(|before| before.contains(&cause)) {
            continue;
        }
        told.pop_if(|before| cause.contains(before.as_str()));
        told.push(cause);
    }
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once_and_down_to_the_bottom() {
        let refused = std::io::Error::other("refused");
        let error =
            Error::new(refused).context("no connection: refused").context("no connection").context("look there");
        assert_eq!(line("redis", &Err(error)), "failed  redis       look there: no connection: refused");
    }
}
