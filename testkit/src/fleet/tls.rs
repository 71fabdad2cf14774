//! TLS for a fleet: every device has a certificate for its own address, made when it is first needed.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use rustls::ServerConfig;

use crate::tls::{Acceptor, LeafKey};
use crate::{Authority, Leaf, ServerTls};

use super::address::id;
use super::app::Simulator;
use super::devices::Devices;

/// How the devices of a fleet do TLS; for [`FleetBuilder::tls`](crate::FleetBuilder::tls).
///
/// All devices share one private key, and each has a certificate of its own for its IP address, which the authority issues
/// at the first connection to the device. TLS 1.3 and TLS 1.2, HTTP/1.1.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use steadfast_testkit::{Authority, FleetSim, FleetTls};
///
/// let authority = Authority::new()?;
/// let root = authority.root_pem().to_owned();
/// let fleet = FleetSim::builder(100).tls(FleetTls::new(authority)?.expired(0.01)).start().await?;
/// assert!(fleet.addresses()[0].address.starts_with("https://"));
/// # let _ = root;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct FleetTls {
    authority: Arc<Authority>,
    key: Arc<LeafKey>,
    /// What all devices have in common, with the certificate of what is no device.
    common: ServerTls,
    flaws: Vec<(Flaw, Devices)>,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    Expired,
    Misnamed,
    Untrusted,
}

impl FleetTls {
    /// Certificates of this authority.
    ///
    /// # Errors
    ///
    /// The system gives no randomness for the key.
    pub fn new(authority: impl Into<Arc<Authority>>) -> io::Result<Self> {
        let (authority, key) = (authority.into(), Arc::new(LeafKey::new()?));
        let common = ServerTls::new(key.identity(&authority, &Leaf::server(["localhost", "127.0.0.1", "::1"]), 1)?);
        Ok(Self { authority, key, common, flaws: Vec::new() })
    }

    /// Devices require a client certificate that this authority has issued.
    pub fn require_client(mut self, authority: &Authority) -> Self {
        self.common = self.common.require_client(authority);
        self
    }

    /// Devices speak TLS 1.2 and nothing newer.
    pub fn tls12_only(mut self) -> Self {
        self.common = self.common.tls12_only();
        self
    }

    /// Devices whose certificates were valid in the year 2000 alone.
    pub fn expired(self, devices: impl Into<Devices>) -> Self {
        self.flaw(Flaw::Expired, devices.into())
    }

    /// Devices whose certificates are for another name.
    pub fn misnamed(self, devices: impl Into<Devices>) -> Self {
        self.flaw(Flaw::Misnamed, devices.into())
    }

    /// Devices whose certificates the authority has not issued.
    pub fn untrusted(self, devices: impl Into<Devices>) -> Self {
        self.flaw(Flaw::Untrusted, devices.into())
    }

    /// SHA-256 of the `SubjectPublicKeyInfo` of every device's certificate: what a pin of RFC 7469 holds.
    #[must_use]
    pub fn public_key_sha256(&self) -> [u8; 32] {
        self.key.public_key_sha256()
    }

    fn flaw(mut self, flaw: Flaw, devices: Devices) -> Self {
        self.flaws.push((flaw, devices));
        self
    }

    pub(super) fn acceptor(self, simulator: &Simulator) -> io::Result<Acceptor> {
        if simulator.plan().host_of(0).is_none() && !self.flaws.is_empty() {
            let message = "devices that are paths of one host have one certificate, which cannot be wrong for some";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let common = self.common.server_config()?.ok_or_else(|| io::Error::other("a fleet makes its handshakes"))?;
        let certificates = (0..simulator.plan().len()).map(|_| OnceLock::new()).collect();
        let desk = Desk { tls: self, common, certificates, simulator: simulator.clone() };
        Ok(Acceptor::choosing(move |local| desk.config(local)))
    }
}

impl fmt::Debug for FleetTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetTls").field("flaws", &self.flaws).finish_non_exhaustive()
    }
}

/// Where certificates are issued and kept.
struct Desk {
    tls: FleetTls,
    common: Arc<ServerConfig>,
    /// In DER. A device whose certificate could not be made has an empty one.
    certificates: Vec<OnceLock<Box<[u8]>>>,
    simulator: Simulator,
}

impl Desk {
    /// How the device behind an address does TLS; `None` if there is no certificate to be had.
    fn config(&self, local: SocketAddr) -> Option<Arc<ServerConfig>> {
        let Some(number) = self.simulator.plan().host(local) else { return Some(Arc::clone(&self.common)) };
        let certificate = self.certificates[number].get_or_init(|| self.issue(number, local.ip().to_canonical()));
        if certificate.is_empty() {
            return None;
        }
        let mut config = ServerConfig::clone(&self.common);
        config.cert_resolver = self.tls.key.resolver(certificate);
        Some(Arc::new(config))
    }

    fn issue(&self, number: usize, ip: IpAddr) -> Box<[u8]> {
        let good = || Leaf::server([ip.to_string()]);
        let id = id(number);
        let leaf = match self.tls.flaws.iter().find(|(_, devices)| self.simulator.is_of(devices, number, &id)) {
            None => good(),
            Some((Flaw::Expired, _)) => good().expired(),
            Some((Flaw::Misnamed, _)) => Leaf::server(["elsewhere.test"]),
            Some((Flaw::Untrusted, _)) => good().self_signed(),
        };
        self.tls.key.certify(&self.tls.authority, &leaf, number as u64 + 2).unwrap_or_default().into()
    }
}
