//! Naming someone in a log without naming them.

/// Makes keyed pseudonyms whose key changes with the retention of logs.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Pseudonymizer: Send + Sync {
    /// A short stable name for this subject, for as long as the key lives; without the key it leads nowhere.
    fn pseudonym(&self, subject: &str) -> String;

    /// What this subject is counted under: like a pseudonym, but of a key that does not change with time, so that no
    /// window starts anew in the middle; never logged.
    fn fingerprint(&self, subject: &str) -> String;
}
