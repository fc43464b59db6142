//! The runtime that connections belong to.

use std::future::poll_fn;
use std::pin::pin;

use tokio::runtime::Handle;

/// The runtime in which an adapter was made, for work that callers in other runtimes wait for. A socket is of the runtime
/// in which it was opened, and dead once that ends; workers of the listener have each their own, and at a stop the first
/// of them ends while others still answer by the connections that they share.
#[derive(Clone, Debug)]
pub(crate) struct HomeRuntime(Option<Handle>);

impl HomeRuntime {
    /// That of the caller, if there is one.
    pub(crate) fn current() -> Self {
        Self(Handle::try_current().ok())
    }

    /// Whichever asks: for work that opens no sockets.
    pub(crate) const fn any() -> Self {
        Self(None)
    }

    /// Work that nobody waits for, done there.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        match &self.0 {
            Some(home) => drop(home.spawn(work)),
            None => drop(tokio::spawn(work)),
        }
    }

    /// The work, still done by whoever waits for it; what it opens and spawns is of this runtime.
    pub(crate) fn run<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let home = self.0.clone();
        async move {
            let mut work = pin!(work);
            poll_fn(|context| {
                let _entered = home.as_ref().map(Handle::enter);
                work.as_mut().poll(context)
            })
            .await
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpStream;
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn what_is_opened_for_another_runtime_outlives_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // On a thread of its own, which looks after its sockets.
        let staying = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let of_staying = staying.block_on(async { HomeRuntime::current() });
        for (home, outlives) in [(of_staying, true), (HomeRuntime::any(), false)] {
            let passing = Builder::new_current_thread().enable_all().build().unwrap();
            let mut stream = passing.block_on(home.run(TcpStream::connect(address))).unwrap();
            drop(passing);
            let written = staying.block_on(stream.write_all(b"octets"));
            assert_eq!(written.is_ok(), outlives, "{written:?}");
        }
    }
}
