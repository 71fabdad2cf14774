//! A certificate authority that lives as long as a test.

use std::fmt;
use std::io;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose, SerialNumber, date_time_ymd,
};

use super::{Leaf, TlsIdentity};

/// A certificate authority made at run time, which issues certificates for servers and clients, good ones and bad ones.
///
/// ```
/// use steadfast_testkit::{Authority, Leaf};
///
/// let authority = Authority::new()?;
/// let good = authority.issue(Leaf::server(["localhost", "127.0.0.1"]))?;
/// let expired = authority.issue(Leaf::server(["localhost"]).expired())?;
/// let unknown = authority.issue(Leaf::server(["localhost"]).self_signed())?;
/// let elsewhere = authority.issue(Leaf::server(["elsewhere.test"]))?;
/// assert_ne!(good.public_key_sha256(), expired.public_key_sha256());
/// assert!(authority.root_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// # let _ = (unknown, elsewhere);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    root_pem: String,
}

impl Authority {
    /// An authority with a fresh key (ECDSA, P-256).
    ///
    /// # Errors
    ///
    /// The system gives no randomness for the key.
    pub fn new() -> io::Result<Self> {
        Self::make().map_err(io::Error::other)
    }

    fn make() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(DnType::CommonName, "steadfast-testkit authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2300, 1, 1);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let root_pem = issuer.pem();
        Ok(Self { issuer, root_pem })
    }

    /// The certificate that clients are to trust, in DER.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        self.issuer.der()
    }

    /// The certificate that clients are to trust, in PEM.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Issues a certificate with a fresh key.
    ///
    /// # Errors
    ///
    /// A name that is neither a DNS name in ASCII nor an IP address.
    #[expect(clippy::needless_pass_by_value, reason = "callers write Leaf::server(…) in place")]
    pub fn issue(&self, leaf: Leaf) -> io::Result<TlsIdentity> {
        self.sign(&leaf).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    /// A good certificate for `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn localhost(&self) -> io::Result<TlsIdentity> {
        self.issue(Leaf::server(["localhost", "127.0.0.1", "::1"]))
    }

    fn sign(&self, leaf: &Leaf) -> Result<TlsIdentity, rcgen::Error> {
        let key = KeyPair::generate()?;
        Ok(TlsIdentity::new(&self.certify(leaf, None, &key)?, &key))
    }

    /// Issues a certificate for a key. Without a serial number, the key decides on it.
    pub(super) fn certify(
        &self,
        leaf: &Leaf,
        serial: Option<SerialNumber>,
        key: &KeyPair,
    ) -> Result<Certificate, rcgen::Error> {
        let mut params = leaf.params()?;
        params.serial_number = serial;
        match leaf.self_signed {
            true => params.self_signed(key),
            false => params.signed_by(key, &self.issuer),
        }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A name of one part.
pub(super) fn named(part: DnType, value: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(part, value);
    name
}
