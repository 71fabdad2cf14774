//! A TLS client on rustls, and one request over it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use steadfast_testkit::{Authority, TlsIdentity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The settings of a client that trusts `authority`, offers `alpn`, and shows a certificate if it has one.
pub(crate) fn config(authority: &Authority, alpn: &[&str], identity: Option<&TlsIdentity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.root_der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = vec![CertificateDer::from(identity.certificate_der().to_vec())];
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key_der().to_vec()));
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// Dials and makes the handshake.
pub(crate) async fn dial(config: &Arc<ClientConfig>, addr: SocketAddr, name: &str) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(addr).await.unwrap();
    TlsConnector::from(Arc::clone(config)).connect(ServerName::try_from(name.to_owned()).unwrap(), socket).await
}

/// One request and all that comes back, to the end of the connection.
pub(crate) async fn ask(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

/// The TLS error of a handshake.
pub(crate) fn refusal(result: io::Result<TlsStream<TcpStream>>) -> rustls::Error {
    let error = result.expect_err("a refused handshake");
    error.get_ref().and_then(|error| error.downcast_ref()).cloned().unwrap_or_else(|| panic!("{error}"))
}
