//! What superusers do, and that nobody else does it.

mod accounts;
mod console;
mod lists;
mod rights;

use crate::support::{PASSWORD, TestServer, Tokens};

/// A server and the tokens of its superuser.
async fn server() -> (TestServer, Tokens) {
    let server = TestServer::start().await;
    server.create_superuser("root@example.org", PASSWORD);
    let root = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    (server, root)
}
