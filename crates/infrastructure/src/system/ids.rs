//! Ids made from the time and randomness.

use countersign_application::ports::id_generator::IdGenerator;
use uuid::Uuid;

/// Makes UUIDs of version 7 (RFC 9562); those of one process sort in the order they were made.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7Generator;

impl IdGenerator for UuidV7Generator {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_7_and_sort_by_their_making() {
        let ids: Vec<Uuid> = (0..10_000).map(|_| UuidV7Generator.next_id()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
