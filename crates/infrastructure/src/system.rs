//! What the operating system gives: the time, ids made from it, randomness. Nothing else asks for these directly.

mod clock;
mod ids;
mod secrets;

pub use crate::system::clock::SystemClock;
pub use crate::system::ids::UuidV7Generator;
pub use crate::system::secrets::SystemSecretGenerator;
