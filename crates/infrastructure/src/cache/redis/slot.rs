//! What lies under a key.

use countersign_application::ports::snapshot_cache::Version;

const EMPTY: u8 = b'-';
const FENCED: u8 = b'#';
const FILLED: u8 = b'=';

/// An octet that says what it is, and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot<'a> {
    Empty(Version),
    Fenced,
    Filled(&'a [u8]),
}

impl<'a> Slot<'a> {
    pub(crate) fn to_octets(self) -> Vec<u8> {
        match self {
            Self::Empty(Version(version)) => [&[EMPTY], version.to_be_bytes().as_slice()].concat(),
            Self::Fenced => vec![FENCED],
            Self::Filled(value) => [&[FILLED], value].concat(),
        }
    }

    /// `None` for what this version of the service does not write.
    pub(crate) fn parse(octets: &'a [u8]) -> Option<Self> {
        match octets {
            [EMPTY, version @ ..] => Some(Self::Empty(Version(u64::from_be_bytes(version.try_into().ok()?)))),
            [FENCED] => Some(Self::Fenced),
            [FILLED, value @ ..] => Some(Self::Filled(value)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_survives_the_round_trip_and_nothing_else_is_one() {
        for slot in [Slot::Empty(Version(0)), Slot::Empty(Version(u64::MAX)), Slot::Fenced, Slot::Filled(b"1{}")] {
            assert_eq!(Slot::parse(&slot.to_octets()), Some(slot));
        }
        for other in ["", "-", "-1234567", "-123456789", "##", "?", "{}"] {
            assert_eq!(Slot::parse(other.as_bytes()), None, "{other}");
        }
    }
}
