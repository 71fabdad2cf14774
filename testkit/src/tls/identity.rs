//! A certificate and its key, in the forms that servers, clients and pins want.

use std::fmt;

use rcgen::{Certificate, KeyPair, PublicKeyData};
use sha2::{Digest, Sha256};

/// A certificate and its key, issued by an [`Authority`](crate::Authority) for a server or a client.
#[derive(Clone)]
pub struct TlsIdentity {
    certificate_der: Vec<u8>,
    certificate_pem: String,
    key_der: Vec<u8>,
    key_pem: String,
    public_key_sha256: [u8; 32],
}

impl TlsIdentity {
    pub(super) fn new(certificate: &Certificate, key: &KeyPair) -> Self {
        Self {
            certificate_der: certificate.der().to_vec(),
            certificate_pem: certificate.pem(),
            key_der: key.serialize_der(),
            key_pem: key.serialize_pem(),
            public_key_sha256: Sha256::digest(key.subject_public_key_info()).into(),
        }
    }

    /// The certificate in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The certificate in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key in DER (PKCS #8).
    #[must_use]
    pub fn key_der(&self) -> &[u8] {
        &self.key_der
    }

    /// The private key in PEM (PKCS #8).
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Certificate and private key, one after the other, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        format!("{}{}", self.certificate_pem, self.key_pem)
    }

    /// SHA-256 of the whole certificate in DER.
    #[must_use]
    pub fn certificate_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate_der).into()
    }

    /// SHA-256 of the `SubjectPublicKeyInfo` in DER: what a pin of RFC 7469 holds.
    #[must_use]
    pub fn public_key_sha256(&self) -> [u8; 32] {
        self.public_key_sha256
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").field("public_key_sha256", &self.public_key_sha256).finish_non_exhaustive()
    }
}
