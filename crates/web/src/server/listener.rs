//! Connections of the listener, plain or by TLS, each behind a [`GuardedStream`].
//!
//! What `HttpServer` of actix-web does, and which has no place for a stream of one's own.

use std::convert::Infallible;
use std::future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request};
use actix_server::{GracefulShutdownSignal, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_factory, fn_service, map_config,
};
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_tls::accept::{TlsError, max_concurrent_tls_connect};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpResponse};
use futures_util::future::Either;
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::connection::{GuardedStream, Patience};
use crate::server::http2::{self, Waits};
use crate::settings::WebSettings;

/// How long a connection that is to close still takes what its client sends, so that the client gets to read why.
const LINGER: Duration = Duration::from_secs(2);

/// How long a client of which nothing is under way, or a handshake at most, is given once the service stops. Those that
/// answer pings need less.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// Connections that the kernel accepts before this process does. Beyond them a client tries again after a second.
const ACCEPTED_AHEAD: i32 = 1_024;

/// Octets that the kernel keeps for a client that does not take them. Of itself it would keep up to 4 MiB.
const KEPT_BY_THE_KERNEL: usize = 128 * 1024;

type Accepted<T> = (GuardedStream<T>, Protocol, Option<SocketAddr>);

/// Starts to serve the applications that this makes, one for each worker, once `ready` says so.
pub(crate) fn listen<F, I, A, B>(
    listener: TcpListener,
    settings: &WebSettings,
    ready: watch::Receiver<bool>,
    make_app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<A, Request>,
    A: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error, InitError = ()>
        + 'static,
    A::Future: 'static,
    <A::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    // Again, for more than the 128 of the standard library.
    rustix::net::listen(&listener, ACCEPTED_AHEAD)?;
    // Connections take it over from the listener.
    set_socket_send_buffer_size(&listener, KEPT_BY_THE_KERNEL)?;
    let workers = settings.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let builder = ServerBuilder::new()
        .workers(workers)
        .max_concurrent_connections((settings.max_connections / workers).max(1))
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .disable_signals();
    let patience = Patience { idle: settings.keep_alive + settings.head_timeout, unread: settings.answer_timeout };
    let bounds =
        Bounds { head: settings.head_timeout, keep_alive: settings.keep_alive, answer: settings.answer_timeout };
    let stopping = builder.graceful_shutdown_signal();
    let settings = Arc::new(settings.clone());
    let builder = match settings.tls.clone() {
        None => builder.listen("http", listener, move || {
            let settings = Arc::clone(&settings);
            let accept = fn_service(move |stream: TcpStream| {
                let peer = stream.peer_addr().ok();
                let stream = GuardedStream::new(stream, Arc::clone(&settings), patience, true);
                future::ready(Ok::<_, DispatchError>((stream, Protocol::Http1, peer)))
            });
            accept.and_then(http(bounds, stopping.clone(), ready.clone(), make_app()))
        })?,
        Some(mut tls) => {
            tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            // Of itself a worker takes no more connections while 256 have not finished their handshake, and whoever
            // opens connections and says nothing keeps everybody out. The bound of all connections is enough.
            max_concurrent_tls_connect(usize::MAX);
            builder.listen("https", listener, move || {
                let mut acceptor = Acceptor::new(tls.clone());
                acceptor.set_handshake_timeout(bounds.head);
                let accept = unless_stopped(acceptor, stopping.clone());
                let accept = accept.map_err(TlsError::into_service_error);
                let settings = Arc::clone(&settings);
                let accept = accept.map(move |stream: TlsStream<TcpStream>| {
                    let peer = stream.get_ref().0.peer_addr().ok();
                    let is_http1 = stream.get_ref().1.alpn_protocol() != Some(b"h2");
                    let protocol = if is_http1 { Protocol::Http1 } else { Protocol::Http2 };
                    (GuardedStream::new(stream, Arc::clone(&settings), patience, is_http1), protocol, peer)
                });
                accept.and_then(http(bounds, stopping.clone(), ready.clone(), make_app()).map_err(TlsError::Service))
            })?
        }
    };
    Ok(builder.run())
}

/// Gives up handshakes that are under way for long when the service stops.
fn unless_stopped(
    acceptor: Acceptor,
    stopping: GracefulShutdownSignal,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = TlsStream<TcpStream>,
    Error = TlsError<io::Error, Infallible>,
    InitError = (),
> {
    fn_factory(move || {
        let (accept, stopping) = (ServiceFactory::<TcpStream>::new_service(&acceptor, ()), stopping.clone());
        async move {
            let accept = Rc::new(accept.await?);
            Ok(fn_service(move |stream: TcpStream| {
                let (handshake, stopping) = (accept.call(stream), stopping.clone());
                async move {
                    let stopped = async {
                        stopping.notified().await;
                        sleep(FAREWELL).await;
                    };
                    tokio::select! {
                        biased;
                        done = handshake => done,
                        () = stopped => Err(TlsError::Timeout),
                    }
                }
            }))
        }
    })
}

#[derive(Clone, Copy)]
struct Bounds {
    head: Duration,
    keep_alive: Duration,
    answer: Duration,
}

/// HTTP/1.1 and HTTP/2 over accepted connections, which one application answers.
fn http<T, A, B>(
    bounds: Bounds,
    stopping: GracefulShutdownSignal,
    ready: watch::Receiver<bool>,
    app: impl IntoServiceFactory<A, Request>,
) -> impl ServiceFactory<Accepted<T>, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    A: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error, InitError = ()>
        + 'static,
    A::Future: 'static,
    <A::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().map_err(|error: Error| error.error_response());
    let app = Rc::new(map_config(app, |()| AppConfig::default()));
    fn_factory(move || {
        let (app, stopping, mut ready) = (Rc::clone(&app), stopping.clone(), ready.clone());
        async move {
            let app = Rc::new(app.new_service(()).await?);
            let http1 = Rc::new(http1(bounds, stopping.clone(), Rc::clone(&app)).new_service(()).await?);
            if ready.wait_for(|ready| *ready).await.is_err() {
                // The start has failed, which is told elsewhere. This ends with the process.
                future::pending::<()>().await;
            }
            let waits = Waits { handshake: bounds.head, part_of_answer: bounds.answer };
            Ok(fn_service(move |(stream, protocol, peer): Accepted<T>| match protocol {
                Protocol::Http2 => Either::Left(http2::serve(stream, peer, Rc::clone(&app), waits, stopping.clone())),
                _ => Either::Right(http1.call((stream, protocol, peer))),
            }))
        }
    })
}

fn http1<T, S, B>(
    bounds: Bounds,
    stopping: GracefulShutdownSignal,
    app: Rc<S>,
) -> impl ServiceFactory<Accepted<T>, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Service<Request, Response = ServiceResponse<B>, Error = HttpResponse> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .keep_alive(bounds.keep_alive)
        .client_request_timeout(bounds.head)
        .client_disconnect_timeout(LINGER)
        // A client that is gone needs no answer: without this its request is worked on all the same.
        .h1_allow_half_closed(false)
        .on_connect_ext(|stream: &GuardedStream<T>, data| {
            data.insert(stream.activity());
        })
        .finish(fn_factory(move || future::ready(Ok::<_, ()>(Rc::clone(&app)))))
}
