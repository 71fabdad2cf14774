//! Pins: hashes of the public keys that a host may have.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind};

/// The SHA-256 of a certificate's `SubjectPublicKeyInfo` in DER (RFC 7469, section 2.4): the same as long as the key is,
/// whatever certificate it stands in.
///
/// Written `sha256/` and 44 characters of Base64; curl's `sha256//` is read as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin with this hash.
    #[must_use]
    pub const fn sha256(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The pin of a certificate in DER.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when it is no certificate.
    pub fn of_certificate(der: &[u8]) -> Result<Self, Error> {
        Self::of(&CertificateDer::from(der))
            .ok_or_else(|| Error::new(ErrorKind::Config, "no X.509 certificate to take a pin of"))
    }

    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
        Some(Self(Sha256::digest(&*certificate.subject_public_key_info()).into()))
    }
}

impl FromStr for Pin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let hash = text.strip_prefix("sha256/").map(|hash| hash.strip_prefix('/').unwrap_or(hash));
        let hash = hash.and_then(|hash| STANDARD.decode(hash).ok()).and_then(|hash| hash.try_into().ok());
        hash.map(Self).ok_or_else(|| {
            Error::new(ErrorKind::Config, "not a pin: give one like sha256/…, the Base64 of a SHA-256 of 32 bytes")
        })
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256/{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// Which pins apply to which host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins {
    hosts: BTreeMap<String, Vec<Pin>>,
    all: Vec<Pin>,
}

impl Pins {
    pub(super) fn add(&mut self, host: Option<&str>, pin: Pin) {
        match host {
            Some(host) => self.hosts.entry(normal(host)).or_default().push(pin),
            None => self.all.push(pin),
        }
    }

    /// The pins of `host`; none when it may have any key.
    pub(crate) fn of(&self, host: &str) -> &[Pin] {
        self.hosts.get(&normal(host)).unwrap_or(&self.all)
    }
}

/// A host name as it is compared.
fn normal(host: &str) -> String {
    host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}
