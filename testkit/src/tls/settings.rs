//! How a server does TLS.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, version};

use super::acceptor::{Acceptor, Greeting};
use super::{Authority, TlsIdentity};

/// How a server does TLS, or fails to: for [`ServerBuilder::tls`](crate::ServerBuilder::tls).
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use steadfast_testkit::{Authority, Leaf, Server, ServerTls};
///
/// let authority = Authority::new()?;
/// let good = Server::builder().tls(ServerTls::new(authority.localhost()?)).start().await?;
/// assert!(good.url().starts_with("https://127.0.0.1:"));
///
/// let picky = ServerTls::new(authority.localhost()?).require_client(&authority);
/// let expired = ServerTls::new(authority.issue(Leaf::server(["localhost"]).expired())?);
/// let stalled = ServerTls::silent();
/// let outdated = ServerTls::obsolete();
/// # let _ = (picky, expired, stalled, outdated);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerTls {
    mode: Mode,
    alpn: Option<Alpn>,
    clients: Option<Vec<u8>>,
    tls12: bool,
    abrupt: bool,
}

#[derive(Clone, Debug)]
enum Mode {
    Serve(Box<TlsIdentity>),
    Silent,
    Obsolete,
    Alert(u8),
}

/// The protocols that a server offers by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alpn {
    /// Does not take part in ALPN.
    None,
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2 alone: a client that offers HTTP/1.1 alone is refused in the handshake.
    #[cfg(feature = "http2")]
    Http2,
    /// HTTP/2, and HTTP/1.1 for those that do not offer it.
    #[cfg(feature = "http2")]
    Both,
}

impl Alpn {
    fn protocols(self) -> &'static [&'static [u8]] {
        match self {
            Self::None => &[],
            Self::Http1 => &[b"http/1.1"],
            #[cfg(feature = "http2")]
            Self::Http2 => &[b"h2"],
            #[cfg(feature = "http2")]
            Self::Both => &[b"h2", b"http/1.1"],
        }
    }

    /// What a server offers that was told nothing.
    #[cfg_attr(not(feature = "http2"), expect(unused_variables, reason = "without HTTP/2 there is one answer"))]
    fn default_for(http2: bool) -> Self {
        #[cfg(feature = "http2")]
        if http2 {
            return Self::Both;
        }
        Self::Http1
    }
}

impl ServerTls {
    /// TLS 1.3 and TLS 1.2 with this certificate.
    pub fn new(identity: TlsIdentity) -> Self {
        Self::mode(Mode::Serve(Box::new(identity)))
    }

    /// Accepts connections and never answers a `ClientHello`.
    pub fn silent() -> Self {
        Self::mode(Mode::Silent)
    }

    /// Answers every `ClientHello` with a `ServerHello` of TLS 1.1, which a client of today has to refuse.
    pub fn obsolete() -> Self {
        Self::mode(Mode::Obsolete)
    }

    /// Answers every `ClientHello` with a fatal alert of this description (RFC 8446, section 6), such as 40
    /// (`handshake_failure`).
    pub fn alert(description: u8) -> Self {
        Self::mode(Mode::Alert(description))
    }

    /// What it offers by ALPN. Without it, HTTP/1.1, and HTTP/2 before it on a server that was told to speak it.
    pub fn alpn(mut self, alpn: Alpn) -> Self {
        self.alpn = Some(alpn);
        self
    }

    /// Requires a client certificate that this authority has issued.
    pub fn require_client(mut self, authority: &Authority) -> Self {
        self.clients = Some(authority.root_der().to_vec());
        self
    }

    /// Speaks TLS 1.2 and nothing newer.
    pub fn tls12_only(mut self) -> Self {
        self.tls12 = true;
        self
    }

    /// Closes connections without the `close_notify` alert, as a cut connection looks: a body that only the end of the
    /// connection ends must not be taken for whole (RFC 9112, section 9.8).
    pub fn without_close_notify(mut self) -> Self {
        self.abrupt = true;
        self
    }

    fn mode(mode: Mode) -> Self {
        Self { mode, alpn: None, clients: None, tls12: false, abrupt: false }
    }

    /// What greets the connections of a server, which speaks HTTP/2 or not.
    pub(crate) fn acceptor(&self, http2: bool) -> io::Result<Acceptor> {
        let greeting = match &self.mode {
            Mode::Silent => Greeting::Silence,
            Mode::Obsolete => Greeting::Say(super::obsolete::SERVER_HELLO.to_vec()),
            Mode::Alert(description) => Greeting::Say(super::obsolete::alert(*description).to_vec()),
            Mode::Serve(identity) => Greeting::Handshake(self.config(identity, http2)?),
        };
        Ok(Acceptor::new(greeting, self.abrupt))
    }

    /// What rustls is told by a server that speaks HTTP/1.1 alone; `None` if it does not get that far.
    pub(crate) fn server_config(&self) -> io::Result<Option<Arc<ServerConfig>>> {
        match &self.mode {
            Mode::Serve(identity) => self.config(identity, false).map(Some),
            _ => Ok(None),
        }
    }

    fn config(&self, identity: &TlsIdentity, http2: bool) -> io::Result<Arc<ServerConfig>> {
        let alpn = self.alpn.unwrap_or_else(|| Alpn::default_for(http2));
        self.make(identity, alpn).map(Arc::new).map_err(io::Error::other)
    }

    fn make(&self, identity: &TlsIdentity, alpn: Alpn) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = if self.tls12 { &[&version::TLS12][..] } else { rustls::DEFAULT_VERSIONS };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(root) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from(root.clone()))?;
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|error| rustls::Error::General(error.to_string()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let chain = vec![CertificateDer::from(identity.certificate_der().to_vec())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key_der().to_vec()));
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = alpn.protocols().iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}
