//! TLS settings: whom to trust, and who we are.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::error::{Error, ErrorKind};

mod pin;

pub use self::pin::Pin;
pub(crate) use self::pin::Pins;

/// TLS settings of all connections, to https hosts and to https proxies: rustls, version 1.2 and above.
///
/// By default the certificate roots of the machine are trusted and no certificate of our own is shown. What is added here
/// is checked when it is added.
///
/// ```
/// use steadfast_pool::{PoolConfig, Tls};
///
/// let pin = "sha256/Vjs8r4z+80wjNcr1YKepWQboSIRi63WsWXhIMN+eWys=".parse()?;
/// let tls = Tls::new().min_tls_13().pin("api.example.com", pin);
/// let config = PoolConfig::new().tls(tls);
/// # Ok::<(), steadfast_pool::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Tls {
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) only_these_roots: bool,
    pub(crate) identity: Option<Arc<CertifiedKey>>,
    pub(crate) pins: Pins,
    pub(crate) min_tls_13: bool,
    pub(crate) accept_invalid: bool,
}

impl Tls {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the certificates of a PEM file, too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is no certificate in it, or one that is none.
    pub fn add_root_pem(mut self, pem: &[u8]) -> Result<Self, Error> {
        for root in certificates(pem, "the PEM of the roots")? {
            self = self.add_root_der(&root)?;
        }
        Ok(self)
    }

    /// Trusts a certificate in DER, too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when it is no certificate.
    pub fn add_root_der(mut self, der: &[u8]) -> Result<Self, Error> {
        let root = CertificateDer::from(der.to_vec());
        let known = rustls::RootCertStore::empty().add(root.clone());
        known.map_err(|error| wrong("a root is no X.509 certificate").caused_by(error))?;
        self.roots.push(root);
        Ok(self)
    }

    /// Trusts the added roots only, not those of the machine.
    pub fn only_these_roots(mut self) -> Self {
        self.only_these_roots = true;
        self
    }

    /// Shows this certificate to servers that demand one: PEM of the chain, the own certificate first, and PEM of its
    /// private key (PKCS #8, PKCS #1 or SEC1, not encrypted).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is no certificate or no key, or they do not belong together.
    pub fn client_certificate(mut self, chain_pem: &[u8], key_pem: &[u8]) -> Result<Self, Error> {
        let chain = certificates(chain_pem, "the PEM of the client certificate")?;
        // The cause is not told on: it might quote what it could not read.
        let key = PrivateKeyDer::from_pem_slice(key_pem)
            .map_err(|_| wrong("there is no readable private key in the PEM of the client's key"))?;
        let identity = CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider());
        let failed = "the client's certificate and key cannot be used together";
        self.identity = Some(Arc::new(identity.map_err(|error| wrong(failed).caused_by(error))?));
        Ok(self)
    }

    /// Demands that `host` shows a certificate with this public key, or one that a certificate with this key vouches for,
    /// in addition to everything else that makes it trusted. Several pins of one host are alternatives: have
    /// a second one whose key lies in a drawer (RFC 7469, section 4.3).
    ///
    /// Matched are the host's own certificate, the certificates that it sends along as far as its own is truly signed by
    /// them, and the roots added here. A root of the machine that the server does not send is not seen.
    pub fn pin(mut self, host: &str, pin: Pin) -> Self {
        self.pins.add(Some(host), pin);
        self
    }

    /// The same for all hosts without pins of their own, https proxies included.
    pub fn pin_all(mut self, pin: Pin) -> Self {
        self.pins.add(None, pin);
        self
    }

    /// Speaks TLS 1.3 only.
    pub fn min_tls_13(mut self) -> Self {
        self.min_tls_13 = true;
        self
    }

    /// **Dangerous.** Accepts any certificate: expired, for another name, signed by anybody. Whoever sits on the way can
    /// then read and change everything, credentials included. For a test bench on a network of one's own;
    /// [`add_root_pem`](Self::add_root_pem) is nearly always what is needed instead. Pins are still checked, against the
    /// server's own certificate and what vouches for it. It is logged, at WARN, when a transport is made.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.accept_invalid = accept;
        self
    }
}

/// Counts, no contents; of the private key nothing at all.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("roots", &self.roots.len())
            .field("only_these_roots", &self.only_these_roots)
            .field("client_certificate", &self.identity.is_some())
            .field("pins", &self.pins)
            .field("min_tls_13", &self.min_tls_13)
            .field("danger_accept_invalid_certs", &self.accept_invalid)
            .finish()
    }
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|_| wrong(format!("{what} is malformed")))?;
    if found.is_empty() {
        return Err(wrong(format!("there is no certificate in {what}")));
    }
    Ok(found)
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}
