//! TLS as connections speak it: rustls with ring, set up from [`Tls`].

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;

use crate::error::{Error, ErrorKind};
use crate::tls::Tls;

mod failure;
mod verify;

#[cfg(test)]
mod tests;

#[cfg(feature = "hyper")]
pub(crate) use self::failure::of_io;
pub(crate) use self::failure::refusal_of_us;
#[cfg(feature = "reqwest")]
pub(crate) use self::failure::words;
use self::verify::Verifier;

/// The settings of connections: to hosts, where HTTP/2 is offered if it is wanted.
pub(crate) fn client_config(tls: &Tls, http2: bool) -> Result<ClientConfig, Error> {
    let failed = |error| Error::new(ErrorKind::Config, "cannot set up TLS").caused_by(error);
    if tls.accept_invalid {
        tracing::warn!("TLS certificates are not checked: danger_accept_invalid_certs is set");
    }
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let versions: &[_] = match tls.min_tls_13 {
        true => &[&rustls::version::TLS13],
        false => &[&rustls::version::TLS13, &rustls::version::TLS12],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(versions).map_err(failed)?;
    let verifier = Arc::new(Verifier::new(tls, provider)?);
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match &tls.identity {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity)))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if http2 {
        config.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Ok(config)
}

/// The same for https proxies: no protocol is agreed on, and we do not show who we are.
#[cfg(feature = "hyper")]
pub(crate) fn for_proxies(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.alpn_protocols = Vec::new();
    config.client_auth_cert_resolver = Arc::new(Nobody);
    config.resumption = rustls::client::Resumption::default();
    config
}

/// Has no certificate to show.
#[cfg(feature = "hyper")]
#[derive(Debug)]
struct Nobody;

#[cfg(feature = "hyper")]
impl rustls::client::ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
