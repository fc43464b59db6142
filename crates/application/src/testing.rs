//! Doubles of every port, for tests here and in services that embed this crate.
