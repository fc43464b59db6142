//! Redis: connections, and when to stop asking.

mod circuit;
mod circuits;
mod failure;
mod invocation;
mod lanes;
mod pool;
mod probe;
mod version;

pub use crate::redis::pool::{InvalidRedisUrl, RedisOptions, RedisPool};
pub use crate::redis::probe::RedisProbe;

pub(crate) use crate::redis::invocation::LuaScript;
pub(crate) use crate::redis::pool::Unavailable;
