//! Whom to trust: roots, pins, and a word for certificates that vouch for themselves.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::error::{Error, ErrorKind};
use crate::tls::{Pin, Pins, Tls};

type Chain = Arc<dyn ServerCertVerifier>;

/// Why a certificate is refused that rustls has no word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// It is signed with its own key.
    SelfSigned,
    /// It names a trusted root as its issuer, with whose key it is not signed.
    NotSigned,
    /// Nobody is trusted: the machine has no roots.
    NoRoots,
    /// Neither it nor what vouches for it has a pinned key.
    NotPinned,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SelfSigned => "the certificate is not signed by a trusted root: it is self-signed",
            Self::NotSigned => "the certificate is not signed by a trusted root: it only says that it is",
            Self::NoRoots => "the certificate is not signed by a trusted root: there are no roots on this machine",
            Self::NotPinned => "the certificate does not match the pins of the host",
        })
    }
}

impl std::error::Error for Distrust {}

impl From<Distrust> for rustls::Error {
    fn from(distrust: Distrust) -> Self {
        CertificateError::Other(OtherError(Arc::new(distrust))).into()
    }
}

/// Checks the chain, then the pins.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Trust,
    pins: Pins,
    /// Roots that may be pinned although no server sends them.
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Trust {
    Roots(Chain),
    Nobody,
    Anybody,
}

impl Verifier {
    pub(super) fn new(tls: &Tls, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let trust = if tls.accept_invalid { Trust::Anybody } else { trust(tls, &provider)? };
        Ok(Self { trust, pins: tls.pins.clone(), roots: tls.roots.clone(), provider })
    }

    /// Whether the key of `leaf`, or of one that vouches for it, is among `pins`.
    ///
    /// A certificate that was sent along counts only if the leaf's chain of signatures leads to it: others could be
    /// anybody's, put there to please.
    fn is_pinned(&self, pins: &[Pin], leaf: &CertificateDer<'_>, sent: &[CertificateDer<'_>], now: UnixTime) -> bool {
        let has_pinned_key =
            |certificate: &CertificateDer<'_>| Pin::of(certificate).is_some_and(|pin| pins.contains(&pin));
        if has_pinned_key(leaf) {
            return true;
        }
        let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return false };
        let algorithms = self.provider.signature_verification_algorithms.all;
        sent.iter().chain(&self.roots).filter(|vouching| has_pinned_key(vouching)).any(|vouching| {
            let mut anchor = RootCertStore::empty();
            anchor.add(vouching.clone().into_owned()).is_ok()
                && verify_server_cert_signed_by_trust_anchor(&parsed, &anchor, sent, now, algorithms).is_ok()
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.trust {
            Trust::Anybody => {}
            Trust::Nobody => return Err(Distrust::NoRoots.into()),
            Trust::Roots(chain) => {
                chain.verify_server_cert(leaf, sent, name, ocsp, now).map_err(|error| untrusted(error, leaf))?;
            }
        }
        let pins = self.pins.of(&name.to_str());
        if !pins.is_empty() && !self.is_pinned(pins, leaf, sent, now) {
            return Err(Distrust::NotPinned.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The roots of `tls`. Those of the machine alone are read once per process.
fn trust(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<Trust, Error> {
    static MACHINE: OnceLock<Chain> = OnceLock::new();
    let wrong = |message, error: rustls::Error| Err(Error::new(ErrorKind::Config, message).caused_by(error));
    if tls.only_these_roots {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(tls.roots.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
        let none = "only_these_roots is set, but no root was added";
        return chain
            .map(|chain| Trust::Roots(chain))
            .map_err(|error| Error::new(ErrorKind::Config, none).caused_by(error));
    }
    if !tls.roots.is_empty() {
        let more = tls.roots.iter().cloned();
        return match rustls_platform_verifier::Verifier::new_with_extra_roots(more, Arc::clone(provider)) {
            Ok(chain) => Ok(Trust::Roots(Arc::new(chain))),
            Err(error) => wrong("cannot add the roots to those of the machine", error),
        };
    }
    if let Some(chain) = MACHINE.get() {
        return Ok(Trust::Roots(Arc::clone(chain)));
    }
    match rustls_platform_verifier::Verifier::new(Arc::clone(provider)) {
        Ok(chain) => Ok(Trust::Roots(Arc::clone(MACHINE.get_or_init(|| Arc::new(chain))))),
        Err(error) => {
            // Plain HTTP still works; each https handshake fails as untrusted.
            tracing::warn!("no certificate roots on this machine, https will fail: {error}");
            Ok(Trust::Nobody)
        }
    }
}

/// Tells a certificate that vouches for itself from one whose issuer is unknown or was made up.
fn untrusted(error: rustls::Error, leaf: &CertificateDer<'_>) -> rustls::Error {
    let rustls::Error::InvalidCertificate(reason) = &error else { return error };
    let own = || webpki::EndEntityCert::try_from(leaf).is_ok_and(|leaf| leaf.issuer() == leaf.subject());
    match reason {
        CertificateError::UnknownIssuer | CertificateError::Other(_) if own() => Distrust::SelfSigned.into(),
        CertificateError::BadSignature => Distrust::NotSigned.into(),
        _ => error,
    }
}
