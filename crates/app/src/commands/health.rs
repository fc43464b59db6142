//! Asks the service on this machine whether it is ready: for container health checks, where no other client may be.

mod any_certificate;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustls::pki_types::ServerName;

use crate::settings::Settings;
use crate::terminal;

const PATIENCE: Duration = Duration::from_secs(5);

/// Succeeds if the answer to `GET /health/ready` is 200.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let address = reachable(settings.server.listen);
    if address.port() == 0 {
        bail!("server.listen has port 0, so there is no way to know which port was picked; set one");
    }
    let is_tls = settings.server.tls.is_some();
    let answer = tokio::task::spawn_blocking(move || ask(address, is_tls)).await??;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        bail!("not ready ({status}): {}", body.trim());
    }
    terminal::say("ready");
    Ok(())
}

fn ask(address: SocketAddr, is_tls: bool) -> anyhow::Result<String> {
    let socket = TcpStream::connect_timeout(&address, PATIENCE).with_context(|| {
        format!("nothing answers at {address}; is `countersign serve` running with the same server.listen?")
    })?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    if is_tls {
        let config = Arc::new(any_certificate::client_config()?);
        let name = ServerName::IpAddress(address.ip().into());
        let connection = rustls::ClientConnection::new(config, name)?;
        exchange(rustls::StreamOwned::new(connection, socket), address)
    } else {
        exchange(socket, address)
    }
}

fn exchange(mut stream: impl Read + Write, address: SocketAddr) -> anyhow::Result<String> {
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).context("no answer")?;
    Ok(answer)
}

/// A listener on all addresses is reached at loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
