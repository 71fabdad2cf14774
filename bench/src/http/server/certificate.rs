//! A certificate of one's own, made anew for each run.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

/// Who speaks with it.
pub(super) struct Acceptors {
    pub(super) http1: TlsAcceptor,
    pub(super) http2: TlsAcceptor,
}

/// Who speaks with it, and the file with it.
pub(super) fn made() -> (Acceptors, PathBuf) {
    let made = rcgen::generate_simple_self_signed([String::from("127.0.0.1")]).expect("a certificate");
    let file = std::env::temp_dir().join(format!("steadfast-bench-{}.pem", std::process::id()));
    std::fs::write(&file, made.cert.pem()).expect("a file for the certificate");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions that the provider has")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a certificate with its key");
    let http1 = TlsAcceptor::from(Arc::new(config.clone()));
    config.alpn_protocols = vec![b"h2".to_vec()];
    (Acceptors { http1, http2: TlsAcceptor::from(Arc::new(config)) }, file)
}
