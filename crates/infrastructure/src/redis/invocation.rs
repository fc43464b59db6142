//! Scripts of the server.

use deadpool_redis::redis::{Cmd, Script, cmd};

/// A script that Redis runs as one step, on one key.
pub(crate) struct LuaScript {
    text: &'static str,
    digest: String,
}

impl LuaScript {
    /// Of this text.
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, digest: Script::new(text).get_hash().to_owned() }
    }

    /// By its digest: a server that has not seen it yet says so and does nothing.
    pub(crate) fn by_digest(&self, key: &str, arguments: &[impl AsRef<[u8]>]) -> Cmd {
        call("EVALSHA", &self.digest, key, arguments)
    }

    /// By its text, which the server keeps.
    pub(crate) fn by_text(&self, key: &str, arguments: &[impl AsRef<[u8]>]) -> Cmd {
        call("EVAL", self.text, key, arguments)
    }
}

fn call(how: &str, script: &str, key: &str, arguments: &[impl AsRef<[u8]>]) -> Cmd {
    let mut command = cmd(how);
    command.arg(script).arg(1).arg(key);
    for argument in arguments {
        command.arg(argument.as_ref());
    }
    command
}
