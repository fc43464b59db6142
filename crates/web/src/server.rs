//! The listener and the application behind it.

mod http2;
mod listener;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use countersign_application::Application;
use tokio::sync::watch;

use crate::middleware::answer::answer;
use crate::middleware::cors::cors;
use crate::middleware::delivery::delivery;
use crate::middleware::flood_guard::FloodGuard;
use crate::middleware::request_context::request_context;
use crate::middleware::request_metrics::RequestMetrics;
use crate::middleware::security_headers::security_headers;
use crate::routes::{self, Endpoint};
use crate::server::listener::listen;
use crate::settings::WebSettings;

pub use actix_web::dev::ServerHandle;

/// A server that listens already. Await it to serve; stop it by its handle.
pub struct BoundServer {
    /// The running server.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Listens and starts to serve. Signals are the caller's business; a stop lets requests in flight finish.
pub fn bind(application: &Application, settings: &WebSettings) -> io::Result<BoundServer> {
    serve(TcpListener::bind(settings.listen)?, application, settings, watch::channel(true).1)
}

/// The same on a listener that is there already: whoever needs to know the port before the settings are complete.
/// Workers build what they serve at once, and take no connection before `ready` says true. Until then the server
/// blocks the thread that awaits it.
pub fn serve(
    listener: TcpListener,
    application: &Application,
    settings: &WebSettings,
    ready: watch::Receiver<bool>,
) -> io::Result<BoundServer> {
    let address = listener.local_addr()?;
    let flood_guard = FloodGuard::new(settings);
    flood_guard.sweep();
    let application = web::Data::new(application.clone());
    let shared = web::Data::new(settings.clone());
    let make_app = move || app(application.clone(), shared.clone(), &flood_guard, &routes::table());
    Ok(BoundServer { server: listen(listener, settings, ready, make_app)?, address })
}

/// The application of one worker.
pub(crate) fn app(
    application: web::Data<Application>,
    settings: web::Data<WebSettings>,
    flood_guard: &FloodGuard,
    table: &[Endpoint],
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let cors = cors(&settings);
    let metrics = Rc::new(RequestMetrics::default());
    App::new()
        .app_data(application)
        .app_data(settings)
        .configure(|config| routes::configure(config, flood_guard, table))
        .default_service(web::to(routes::not_found))
        .wrap(cors)
        .wrap(from_fn(answer))
        .wrap(from_fn(security_headers))
        .wrap(from_fn(move |req, next| request_context(Rc::clone(&metrics), req, next)))
        .wrap(from_fn(delivery))
}

#[cfg(test)]
mod tests;
