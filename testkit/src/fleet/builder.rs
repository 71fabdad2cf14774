//! How a simulated fleet is set up.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{SharedTimer, TokioTimer, shared};

use crate::server::{Host, Setup, any_port};
use crate::{Reply, Script};

use super::address::Plan;
use super::app::Simulator;
use super::heartbeat::{self, Sink};
use super::offline::Offline;
use super::presence::Presence;
use super::settings::Settings;
use super::{Devices, FleetEvent, FleetSim, Heartbeat, Hearts, Layout};

/// How a [`FleetSim`] is set up; from [`FleetSim::builder`].
#[derive(Clone)]
#[must_use]
pub struct FleetBuilder {
    devices: usize,
    addr: SocketAddr,
    layout: Layout,
    settings: Settings,
    hearts: Option<(Duration, Sink)>,
    timer: SharedTimer,
    #[cfg(feature = "tls")]
    tls: Option<super::FleetTls>,
}

impl FleetBuilder {
    pub(super) fn new(devices: usize) -> Self {
        Self {
            devices,
            addr: any_port(),
            layout: Layout::default(),
            settings: Settings::default(),
            hearts: None,
            timer: shared(TokioTimer::new()),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// The address to listen on; without it, a free port of `127.0.0.1`. With [`Layout::Hosts`] it must be a loopback
    /// address of IPv4, of which only the port counts: the listener takes all of them.
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// How devices are told apart; without it, [`Layout::Hosts`] on Linux and [`Layout::Paths`] elsewhere.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// What goes wrong; without it, nothing. The uses of a step are counted for each device. A device that is offline or
    /// boots uses none.
    pub fn faults(mut self, script: Script) -> Self {
        self.settings.faults = script;
        self
    }

    /// What all devices run at first; without it, `0.0.0`.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.version_of(Devices::all(), version)
    }

    /// What some devices run at first. The last call that a device fits counts.
    pub fn version_of(mut self, devices: impl Into<Devices>, version: impl Into<String>) -> Self {
        self.settings.versions.push((devices.into(), version.into().into()));
        self
    }

    /// Devices tell their version as JSON, at this JSON pointer (RFC 6901), such as `/firmware/version`. Without it, as
    /// plain text.
    pub fn json_version(mut self, pointer: impl Into<String>) -> Self {
        self.settings.told.version = Some(pointer.into().into());
        self
    }

    /// Devices also tell the SHA-256 of what they run, in hexadecimal digits, at this JSON pointer; `null` until they took
    /// an update. The version is at `/version` unless [`json_version`](Self::json_version) says where.
    pub fn json_digest(mut self, pointer: impl Into<String>) -> Self {
        self.settings.told.digest = Some(pointer.into().into());
        self
    }

    /// A device whose update is complete and matches its digest boots for this long before it is there again and tells the
    /// new version. Without it, it tells it at once.
    pub fn reboot(mut self, lasts: Duration) -> Self {
        self.settings.reboot = lasts;
        self
    }

    /// What a device does with requests while it boots; without it, [`Reply::reset`], and then connections to a host of its
    /// own are reset as soon as they are made. Such requests are counted as all others.
    pub fn rebooting(mut self, reply: Reply) -> Self {
        self.settings.rebooting = reply;
        self
    }

    /// Devices on which no update boots: they take it, boot, and still tell what they ran before.
    pub fn bad(mut self, devices: impl Into<Devices>) -> Self {
        self.settings.bad.push((devices.into(), None));
        self
    }

    /// Devices on which this version does not boot.
    pub fn bad_version(mut self, devices: impl Into<Devices>, version: impl Into<String>) -> Self {
        self.settings.bad.push((devices.into(), Some(version.into().into())));
        self
    }

    /// Devices that are offline until [`FleetSim::bring_online`]. On hosts of their own they refuse connections, by a port
    /// that differs from that of the others; as paths of one host, they reset them once they see the request.
    pub fn offline(mut self, devices: impl Into<Devices>) -> Self {
        self.settings.offline.push(devices.into());
        self
    }

    /// Devices that take `Content-Encoding: zstd` and say so by `Accept-Encoding` in the answer to `OPTIONS /update`.
    /// `Repr-Digest` is of the decoded bytes, `Content-Digest` of those that were sent.
    #[cfg(feature = "zstd")]
    pub fn zstd(mut self, devices: impl Into<Devices>) -> Self {
        self.settings.zstd.push(devices.into());
        self
    }

    /// Every device that is online, and does not boot, sends a heartbeat to `sink` this often, for the first time after one
    /// such interval; an interval of zero is one of a millisecond. Devices that are brought online send one at once.
    /// `sink` must not wait.
    pub fn heartbeats(mut self, every: Duration, sink: impl Fn(Heartbeat) + Send + Sync + 'static) -> Self {
        self.hearts = Some((every.max(Duration::from_millis(1)), Arc::new(sink)));
        self
    }

    /// Tells a watcher what happens at the devices, as it happens. It must not wait.
    pub fn watch(mut self, watcher: impl Fn(&FleetEvent<'_>) + Send + Sync + 'static) -> Self {
        self.settings.watcher = Some(Arc::new(watcher));
        self
    }

    /// The timer of all delays, reboots and heartbeats; without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
        self
    }

    /// Serves over TLS, HTTP/1.1 alone, every device with a certificate for its own address.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: super::FleetTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Starts the fleet.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, the script matches by provider, the fleet has no device or more than 127.0.0.0/8 has
    /// addresses for (16.5 million), a JSON pointer that does not begin with a slash or two at the same place, TLS settings
    /// that rustls does not take, or devices of one host with certificates that differ.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no fleet.
    #[expect(clippy::unused_async, reason = "async says that it needs a runtime, and leaves room for one that waits")]
    pub async fn start(self) -> io::Result<FleetSim> {
        self.settings.faults.check("a simulated fleet", true, false)?;
        self.settings.told.check()?;
        let plan = Plan::new(self.devices, self.layout)?;
        let addr = self.listener()?;
        let refuses = self.layout == Layout::Hosts && !self.settings.offline.is_empty();
        let simulator = Simulator::new(plan, self.settings, self.timer.clone());
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "TLS is what would be added"))]
        let mut setup = Setup::new(self.timer);
        #[cfg(feature = "tls")]
        let handshakes = match self.tls {
            Some(tls) => setup.secure_with(tls.acceptor(&simulator)?),
            None => None,
        };
        let scheme = setup.scheme();
        let host = Host::new(simulator.clone(), setup);
        let listening = host.listen(addr)?;
        let offline = if refuses { Some(Offline::new(host)?) } else { None };
        let sink = self.hearts.as_ref().map(|(_, sink)| Arc::clone(sink));
        let presence = Arc::new(Presence::new(simulator.clone(), offline, sink));
        simulator.obey(&presence);
        let bound = listening.addr();
        let url = match bound.ip().is_unspecified() {
            true => format!("{scheme}://127.0.0.1:{}", bound.port()),
            false => format!("{scheme}://{bound}"),
        };
        let hearts =
            self.hearts.map(|(every, sink)| Hearts(tokio::spawn(heartbeat::beat(simulator.clone(), every, sink))));
        Ok(FleetSim {
            url,
            scheme,
            listening,
            simulator,
            presence,
            _hearts: hearts,
            #[cfg(feature = "tls")]
            handshakes,
        })
    }

    fn listener(&self) -> io::Result<SocketAddr> {
        match (self.layout, self.addr.ip()) {
            (Layout::Paths, _) => Ok(self.addr),
            (Layout::Hosts, IpAddr::V4(ip)) if ip.is_loopback() || ip.is_unspecified() => {
                Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.addr.port())))
            }
            (Layout::Hosts, ip) => {
                let message = format!("a fleet of hosts lives on 127.0.0.0/8 and cannot be bound to {ip}");
                Err(io::Error::new(io::ErrorKind::InvalidInput, message))
            }
        }
    }
}

impl fmt::Debug for FleetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetBuilder")
            .field("devices", &self.devices)
            .field("addr", &self.addr)
            .field("layout", &self.layout)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
