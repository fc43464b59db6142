//! What is wrong with a value that a client sent.

/// An error about one value: a stable code for machines, and `Display` as the sentence for people.
pub trait Violation: std::error::Error {
    /// Stable, machine-readable code in snake_case, such as `too_short`.
    fn code(&self) -> &'static str;
}
