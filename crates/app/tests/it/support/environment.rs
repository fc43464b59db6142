//! What whoever runs the tests tells them: the one place that looks.

/// A variable of the environment, unless it is empty.
pub(crate) fn told(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where these tests are told something")]
    let text = std::env::var(name).ok()?;
    Some(text).filter(|text| !text.is_empty())
}

/// A number of the environment.
pub(crate) fn number(name: &str) -> Option<u64> {
    told(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
