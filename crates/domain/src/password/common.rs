//! The passwords that attackers try first.
//!
//! `common.txt` is the list that the Django project keeps (BSD-3-Clause; from the most frequent passwords of public
//! leaks), reduced to those of at least eight characters and sorted by octets. `scripts/update-common-passwords`
//! makes it anew.

use std::sync::LazyLock;

static COMMON: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("common.txt").lines().collect());

/// Whether the list has this password, in any case.
pub(super) fn contains(password: &str) -> bool {
    COMMON.binary_search(&password.to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_long_enough() {
        assert!(COMMON.is_sorted());
        assert!(COMMON.len() > 3_000, "ASVS 6.2.4 asks for the top 3,000");
    }
}
