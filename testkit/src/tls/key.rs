//! A private key that many certificates share, so that a certificate costs a signature and not a key.

use std::fmt;
use std::io;
use std::sync::Arc;

use rcgen::{Certificate, KeyPair, PublicKeyData, SerialNumber};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use sha2::{Digest, Sha256};

use super::{Authority, Leaf, TlsIdentity};

/// A key (ECDSA, P-256) for which an authority issues certificates.
pub(crate) struct LeafKey {
    pair: KeyPair,
    signing: Arc<dyn SigningKey>,
}

impl LeafKey {
    pub(crate) fn new() -> io::Result<Self> {
        let pair = KeyPair::generate().map_err(io::Error::other)?;
        let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let signing = any_supported_type(&der).map_err(io::Error::other)?;
        Ok(Self { pair, signing })
    }

    /// A certificate for this key with a serial number of its own, in DER.
    pub(crate) fn certify(&self, authority: &Authority, leaf: &Leaf, serial: u64) -> io::Result<Vec<u8>> {
        Ok(self.certificate(authority, leaf, serial)?.der().to_vec())
    }

    /// The same, with the key.
    pub(crate) fn identity(&self, authority: &Authority, leaf: &Leaf, serial: u64) -> io::Result<TlsIdentity> {
        Ok(TlsIdentity::new(&self.certificate(authority, leaf, serial)?, &self.pair))
    }

    /// What shows a certificate of this key to whoever asks.
    pub(crate) fn resolver(&self, certificate: &[u8]) -> Arc<dyn ResolvesServerCert> {
        let chain = vec![CertificateDer::from(certificate.to_vec())];
        Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, Arc::clone(&self.signing))))
    }

    pub(crate) fn public_key_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.pair.subject_public_key_info()).into()
    }

    fn certificate(&self, authority: &Authority, leaf: &Leaf, serial: u64) -> io::Result<Certificate> {
        authority.certify(leaf, Some(SerialNumber::from(serial)), &self.pair).map_err(io::Error::other)
    }
}

impl fmt::Debug for LeafKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeafKey").finish_non_exhaustive()
    }
}
