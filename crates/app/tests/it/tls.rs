//! HTTPS by certificate and key of the settings.

mod handshakes;
mod http2;
mod postgres;
mod redis;
mod renewal;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Backing, Captured, Confidences, Mailbox, Profile, Rows, command, run};

/// For these tests alone: the key is public.
fn file(name: &str) -> String {
    format!("{}/tests/it/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A server that speaks TLS, where the client of the other tests does not, on the profile of this run. Dropping it fails,
/// too, if its log has what was said in confidence.
pub(crate) struct HttpsServer {
    child: Child,
    pub(crate) address: String,
    folder: TempDir,
    backing: Backing,
    log: Captured,
    pub(crate) confidences: Confidences,
}

impl HttpsServer {
    /// With the certificate and these settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let (cert, key) = (file("localhost.pem"), file("localhost.key"));
        let tls = [("COUNTERSIGN__SERVER__TLS_CERT", cert.as_str()), ("COUNTERSIGN__SERVER__TLS_KEY", key.as_str())];
        Self::start(&[&tls[..], settings].concat()).await
    }

    async fn start(tls: &[(&str, &str)]) -> Self {
        let (folder, backing) = (tempfile::tempdir().unwrap(), Profile::of_this_run().backing().await);
        let mut serve = command(folder.path());
        serve
            .arg("serve")
            .envs(backing.variables())
            .envs(tls.iter().copied())
            .env("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0");
        serve.env("COUNTERSIGN__SERVER__METRICS_LISTEN", "127.0.0.1:0");
        // Disks of shared machines stall for longer than the service would wait.
        serve.env("COUNTERSIGN__DATABASE__ACQUIRE_TIMEOUT", "20s");
        serve.env("COUNTERSIGN__LOG__LEVEL", "debug,sqlx=info,sea_orm=info,hyper=info,mio=info,h2=info");
        let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = Captured::of(child.stderr.take().unwrap());
        let mut banner = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut banner).unwrap();
        let Some((_, address)) = banner.trim().split_once("listening on https://") else {
            log.finish();
            panic!("{banner}{}", log.text());
        };
        let address = address.to_owned();
        Self { child, address, folder, backing, log, confidences: Confidences::default() }
    }

    /// Its database, from outside.
    async fn rows(&self) -> Rows {
        match &self.backing.database {
            Some(database) => Rows::of_postgres(&database.url()).await,
            None => Rows::of_sqlite(&self.folder.path().join("data")).await,
        }
    }

    /// SIGTERM.
    fn terminate(&self) {
        self.signal("TERM");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), pid]).status().unwrap().success());
    }

    /// A connection that is to speak this protocol.
    async fn connect(&self, protocol: &str) -> TlsStream<TcpStream> {
        self.connect_trusting(Path::new(&file("localhost.pem")), protocol).await.unwrap()
    }

    /// The same for a client that trusts this certificate alone.
    async fn connect_trusting(&self, cert: &Path, protocol: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(cert).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.into()];
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// What `openssl s_client` says of a handshake with this version. At its own level of security it would not even
    /// offer versions before 1.2: a refusal is to be the server's.
    fn handshake(&self, version: &str) -> String {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-connect", &self.address, version, "-alpn", "h2,http/1.1"]);
        client.args(["-cipher", "ALL:@SECLEVEL=0"]);
        let output = client.args(["-CAfile", &file("localhost.pem")]).stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped = self.child.wait();
        if !std::thread::panicking() {
            self.log.finish();
            let is_embedded = self.folder.path().join("data/countersign.db").exists();
            assert_eq!(is_embedded, self.backing.database.is_none(), "it did not run on the profile of this run");
            for mail in Mailbox::new(self.folder.path().join("data/mailbox")).all() {
                self.confidences.note_mail(&mail);
            }
            self.confidences.assert_untold(&self.log.text());
        }
    }
}

#[tokio::test]
async fn https_is_served_and_health_asks_by_https() {
    let (cert, key) = (file("localhost.pem"), file("localhost.key"));
    let tls = [("COUNTERSIGN__SERVER__TLS_CERT", cert.as_str()), ("COUNTERSIGN__SERVER__TLS_KEY", key.as_str())];
    let server = HttpsServer::start(&tls).await;
    let health = |tls: &[(&str, &str)]| {
        let listen = [("COUNTERSIGN__SERVER__LISTEN", server.address.as_str())];
        run(server.folder.path(), &["health"], &[tls, &listen].concat()).status.code()
    };
    assert_eq!((health(&tls), health(&[])), (Some(0), Some(1)));
}

#[tokio::test]
#[should_panic(expected = "told in the log: \"listening")]
async fn a_server_that_tells_fails_its_test() {
    HttpsServer::with(&[]).await.confidences.note("listening\"");
}

#[tokio::test]
async fn tls_is_1_2_or_1_3_and_offers_http2() {
    let server = HttpsServer::with(&[]).await;
    for version in ["-tls1_2", "-tls1_3"] {
        let told = server.handshake(version);
        assert!(told.contains("ALPN protocol: h2") && told.contains("Verify return code: 0 (ok)"), "{version}: {told}");
    }
    for version in ["-tls1", "-tls1_1"] {
        let told = server.handshake(version);
        assert!(told.contains("Cipher is (NONE)") && !told.contains("ALPN protocol"), "{version}: {told}");
        assert!(told.contains("SSL alert number"), "{version}, not refused by an alert of the server: {told}");
    }
}

#[test]
fn a_key_of_another_certificate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (file("localhost.pem"), file("other.key"));
    let tls = [("COUNTERSIGN__SERVER__TLS_CERT", cert.as_str()), ("COUNTERSIGN__SERVER__TLS_KEY", key.as_str())];
    for arguments in [&["config", "check"][..], &["serve"]] {
        let output =
            run(folder.path(), arguments, &[&tls[..], &[("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")]].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains("do not belong together"), "{errors}");
    }
}
