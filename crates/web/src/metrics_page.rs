//! The listener of the metrics: one page, for the monitoring system alone. It asks nobody who they are.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::middleware::answer::answer;
use crate::middleware::request_context::named;
use crate::middleware::security_headers::security_headers;
use crate::routes::{not_found, refuse_method};
use crate::server::BoundServer;
use crate::settings::WebSettings;

/// The content type of Prometheus' text form.
const TEXT_FORM: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Makes the page, anew for each request. It blocks the one thread of the listener, and no other.
pub type Page = Arc<dyn Fn() -> String + Send + Sync>;

/// Serves the page as `/metrics`, without TLS and on one thread.
pub fn serve(listener: TcpListener, settings: &WebSettings, page: Page) -> io::Result<BoundServer> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let settings = web::Data::new(WebSettings { tls: None, ..settings.clone() });
    let timeout = settings.head_timeout;
    let factory = move || {
        let page = Arc::clone(&page);
        let metrics = move || {
            let body = page();
            async move { HttpResponse::Ok().insert_header(("content-type", TEXT_FORM)).body(body) }
        };
        App::new()
            .app_data(settings.clone())
            .service(
                web::resource("/metrics")
                    .get(metrics.clone())
                    .route(web::head().to(metrics))
                    .default_service(web::to(async || refuse_method("GET, HEAD"))),
            )
            .default_service(web::to(not_found))
            .wrap(from_fn(answer))
            .wrap(from_fn(security_headers))
            .wrap(from_fn(named))
    };
    let server = HttpServer::new(factory)
        .workers(1)
        .client_request_timeout(timeout)
        .client_disconnect_timeout(timeout)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?;
    Ok(BoundServer { server: server.run(), address })
}
