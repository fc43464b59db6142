//! Threads that hash, and the short queue before them.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use countersign_application::error::Fault;
use countersign_application::spans;
use metrics::{counter, histogram};
use time::Duration;
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

/// Steps of niceness.
#[cfg(target_os = "linux")]
const LATER: i32 = 2;

/// A fixed number of threads and of waiting jobs. Dropped, it lets the threads end after their present job.
pub(crate) struct HashingPool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    capacity: usize,
    running: AtomicUsize,
}

struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
}

trait Job: Send {
    /// Whether nobody waits for the result any more.
    fn abandoned(&self) -> bool;
    fn run(self: Box<Self>);
}

struct Task<T, F> {
    work: F,
    reply: oneshot::Sender<T>,
}

impl<T: Send, F: FnOnce() -> T + Send> Job for Task<T, F> {
    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(self: Box<Self>) {
        // Whoever asked may have left in the meantime.
        drop(self.reply.send((self.work)()));
    }
}

impl HashingPool {
    /// Starts the threads; at least one, and room for at least one job.
    pub(crate) fn start(threads: usize, capacity: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue { jobs: VecDeque::new(), closed: false }),
            work: Condvar::new(),
            capacity: capacity.max(1),
            running: AtomicUsize::new(0),
        });
        let pool = Self { shared };
        for n in 0..threads.max(1) {
            let shared = Arc::clone(&pool.shared);
            let serve = move || {
                give_way();
                shared.serve();
            };
            thread::Builder::new().name(format!("hashing-{n}")).spawn(serve)?;
        }
        Ok(pool)
    }

    /// Runs the work on one of the threads, within the caller's span, or refuses at once when the queue is full.
    /// Dropping the future before the work has begun cancels it.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        self.run_in_turn(work).instrument(tracing::info_span!(target: spans::TARGET, "hash password")).await
    }

    async fn run_in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let (reply, result) = oneshot::channel();
        let span = Span::current();
        self.shared.submit(Box::new(Task { work: move || span.in_scope(work), reply }))?;
        result.await.map_err(|error| Fault::internal("password hashing", error))
    }

    pub(crate) fn queued(&self) -> usize {
        self.shared.lock().jobs.len()
    }

    pub(crate) fn running(&self) -> usize {
        self.shared.running.load(Ordering::Relaxed)
    }
}

/// Lets whatever else the node does go first on a busy core: it takes microseconds, a hash a quarter of a second. Only by
/// a little, so that a flood of other calls leaves sign-ins their share.
fn give_way() {
    // On Linux each thread has a priority of its own; elsewhere it would be that of the process.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let thread = Some(rustix::thread::gettid());
        let set = getpriority_process(thread).and_then(|own| setpriority_process(thread, own + LATER));
        if let Err(error) = set {
            tracing::debug!(%error, "the threads that hash have the priority of all others");
        }
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&self, job: Box<dyn Job>) -> Result<(), Fault> {
        let mut queue = self.lock();
        if queue.jobs.len() >= self.capacity {
            // Those who left must not keep out those who are here.
            queue.jobs.retain(|job| !job.abandoned());
        }
        if queue.jobs.len() >= self.capacity {
            counter!("countersign_hashing_refused_total").increment(1);
            return Err(Fault::Unavailable { what: "password hashing", retry_after: Duration::SECOND, source: None });
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.work.notify_one();
        Ok(())
    }

    fn serve(&self) {
        while let Some(job) = self.next() {
            if job.abandoned() {
                continue;
            }
            self.running.fetch_add(1, Ordering::Relaxed);
            let started = Instant::now();
            // A panic costs the one request its answer, never the pool a thread; the panic hook has logged it.
            drop(catch_unwind(AssertUnwindSafe(|| job.run())));
            histogram!("countersign_hashing_duration_seconds").record(started.elapsed());
            self.running.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn next(&self) -> Option<Box<dyn Job>> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            match queue.jobs.pop_front() {
                Some(job) => return Some(job),
                None => queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    use countersign_application::error::{Classify as _, Kind};
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// A pool of one thread that is busy until what is returned with it is dropped.
    fn busy(capacity: usize) -> (HashingPool, (mpsc::Sender<()>, oneshot::Receiver<()>)) {
        let pool = HashingPool::start(1, capacity).unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (begin, running) = mpsc::channel();
        let (reply, result) = oneshot::channel();
        let work = move || {
            begin.send(()).unwrap();
            released.recv().unwrap_err();
        };
        pool.shared.submit(Box::new(Task { work, reply })).unwrap();
        running.recv().unwrap();
        (pool, (release, result))
    }

    fn poll<T>(future: &mut std::pin::Pin<Box<impl Future<Output = T>>>) -> std::task::Poll<T> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn work_runs_on_a_thread_of_its_own() {
        let pool = HashingPool::start(2, 4).unwrap();
        let name = pool.run(|| thread::current().name().map(str::to_owned)).await.unwrap();
        assert!(name.unwrap().starts_with("hashing-"));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_hashes_gives_way_to_everything_else() {
        let pool = HashingPool::start(1, 1).unwrap();
        let priority = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).unwrap();
        assert_eq!(pool.run(priority).await.unwrap(), priority() + LATER);
    }

    /// Notes which threads enter a span.
    #[derive(Clone, Default)]
    struct Entered(Arc<Mutex<Vec<String>>>);

    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Entered {
        fn on_enter(&self, _: &tracing::span::Id, _: tracing_subscriber::layer::Context<'_, S>) {
            self.0.lock().unwrap().push(thread::current().name().unwrap_or_default().to_owned());
        }
    }

    #[tokio::test]
    async fn work_is_done_within_the_span_of_whoever_asked() {
        let entered = Entered::default();
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(entered.clone()));
        let pool = HashingPool::start(1, 4).unwrap();
        pool.run(|| ()).instrument(tracing::info_span!("request")).await.unwrap();
        assert!(entered.0.lock().unwrap().iter().any(|thread| thread == "hashing-0"));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let (pool, release) = busy(2);
        let mut waiting = [1, 2].map(|n| Box::pin(pool.run(move || n)));
        assert!(waiting.iter_mut().all(|job| poll(job).is_pending()));
        assert_eq!((pool.queued(), pool.running()), (2, 1));
        let refused = pool.run(|| 3).await.unwrap_err();
        assert_eq!((refused.kind(), refused.retry_after()), (Kind::Unavailable, Some(Duration::SECOND)));
        assert!(recorder.handle().render().contains("countersign_hashing_refused_total 1"));
        drop(release);
        let [first, second] = waiting;
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
    }

    #[tokio::test]
    async fn work_whose_requester_left_is_not_done() {
        let (pool, release) = busy(2);
        let done = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&done);
        let mut left = Box::pin(pool.run(move || flag.store(true, Ordering::SeqCst)));
        assert!(poll(&mut left).is_pending());
        drop(left);
        drop(release);
        pool.run(|| ()).await.unwrap();
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn whoever_left_makes_room_in_a_full_queue() {
        let (pool, release) = busy(1);
        let mut left = Box::pin(pool.run(|| 1));
        assert!(poll(&mut left).is_pending());
        assert!(pool.run(|| 2).await.is_err());
        drop(left);
        let mut next = Box::pin(pool.run(|| 3));
        assert!(poll(&mut next).is_pending());
        drop(release);
        assert_eq!(next.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_panic_is_a_fault_and_the_thread_lives_on() {
        let pool = HashingPool::start(1, 4).unwrap();
        let fault = pool.run(|| -> () { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(fault.kind(), Kind::Internal);
        assert_eq!(pool.run(|| 1).await.unwrap(), 1);
    }
}
