//! The settings of the HTTP side.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_application::policy::RegistrationMode;
use countersign_web::client_address::ProxyNetwork;
use countersign_web::{Look, MailboxKey, WebSettings};
use rustls::ServerConfig;

use crate::commands::serve::connections;
use crate::settings::{PublicUrl, Settings};
use crate::telemetry;
use crate::wiring::System;

/// Translates them.
pub(crate) fn web_settings(
    settings: &Settings,
    public_url: &PublicUrl,
    system: &System,
    tls: Option<ServerConfig>,
    look: Option<Arc<Look>>,
) -> anyhow::Result<WebSettings> {
    let server = &settings.server;
    let proxy = |network: &crate::settings::TrustedNetwork| ProxyNetwork::parse(&network.to_string());
    let mut web = WebSettings::new(server.listen, &public_url.to_string(), system.dependencies.ids.clone());
    web.product.clone_from(&settings.mail.product_name);
    web.open_registration = matches!(settings.policy.registration, RegistrationMode::Open);
    web.look = look;
    web.csp_report_url.clone_from(&settings.pages.csp_report_url);
    web.trusted_proxies =
        server.trusted_proxies.iter().map(proxy).collect::<Result<_, _>>().context("server.trusted_proxies")?;
    web.cors_origins = server.cors_origins.iter().map(ToString::to_string).collect();
    web.mailbox.clone_from(&system.mailbox);
    web.mailbox_key = Some(MailboxKey::new(system.mailbox_key.clone(), system.dependencies.secrets.octets()));
    web.tls = tls;
    web.body_timeout = server.request_timeout.unsigned_abs();
    web.answer_timeout = server.answer_timeout.unsigned_abs();
    web.keep_alive = server.keep_alive.unsigned_abs();
    web.max_connections = connections::bound(server.max_connections);
    web.shutdown_timeout = server.shutdown_timeout.unsigned_abs();
    web.workers = Some(server.workers).filter(|workers| *workers > 0);
    web.flood_per_second_per_ip = server.flood_per_second_per_ip;
    web.follow_trace = settings.telemetry.collector.is_some().then(telemetry::follow);
    Ok(web)
}
