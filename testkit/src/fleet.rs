//! The simulated fleet: many devices behind one listener, each with its own address, version and tally.

mod address;
mod app;
mod builder;
mod coding;
mod device;
mod devices;
mod digest;
mod event;
mod heartbeat;
mod offline;
mod presence;
mod push;
mod ranks;
mod report;
mod settings;
#[cfg(feature = "tls")]
mod tls;
mod told;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::server::Listening;

pub use address::{Layout, SimDevice};
pub use builder::FleetBuilder;
pub use devices::Devices;
pub use event::FleetEvent;
pub use heartbeat::Heartbeat;
pub use report::{Report, Tally};
#[cfg(feature = "tls")]
pub use tls::FleetTls;

use app::Simulator;
use presence::Presence;

/// A simulated fleet: devices that take `POST /update` and answer `GET /version`, all behind one loopback listener.
///
/// A push is read as it comes and never held whole. A device answers a complete push with `200`, one whose body does not
/// match its `Repr-Digest` or its `Content-Digest` with `400`, one in a coding that it does not know with `415`, and tells
/// the version of `X-Update-Version` from then on only if the body was complete and its `Repr-Digest` matched; if it
/// reboots, only after that. `OPTIONS /update` tells by `Accept-Encoding` whether a device takes zstd.
/// `GET /_sim/report` on any address of the listener is the [`Report`] as JSON; `POST /_sim/online/<pattern>` and
/// `/_sim/offline/<pattern>` bring devices online and take them off.
#[derive(Debug)]
pub struct FleetSim {
    url: String,
    scheme: &'static str,
    listening: Listening,
    simulator: Simulator,
    presence: Arc<Presence>,
    _hearts: Option<Hearts>,
    #[cfg(feature = "tls")]
    handshakes: Option<crate::tls::Tally>,
}

impl FleetSim {
    /// A fleet of this many devices, with its address, layout and faults chosen.
    pub fn builder(devices: usize) -> FleetBuilder {
        FleetBuilder::new(devices)
    }

    /// `http://`, or `https://` for one with TLS, and the listener's address, without a slash at the end. The report is at
    /// `/_sim/report` below it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The devices and where each is reached, in order.
    #[must_use]
    pub fn addresses(&self) -> Vec<SimDevice> {
        let plan = self.simulator.plan();
        let addr = self.listening.addr();
        let device = |number| {
            let online = !self.simulator.begins_offline(number);
            let addr = self.presence.port(number).map_or(addr, |port| SocketAddr::new(addr.ip(), port));
            SimDevice { id: address::id(number), address: plan.address(number, self.scheme, addr), online }
        };
        (0..plan.len()).map(device).collect()
    }

    /// What every device received so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.simulator.report()
    }

    /// The version that a device tells, or would if it could be reached; `None` for an id that is not of this fleet.
    #[must_use]
    pub fn version(&self, id: &str) -> Option<String> {
        self.simulator.version(id)
    }

    /// Brings devices online, each of which sends a heartbeat at once if there are any. Tells how many were not.
    ///
    /// On hosts of their own, devices that were offline when the fleet began take a socket each from now on.
    ///
    /// # Errors
    ///
    /// The system has no socket left. Devices before the first that lacks one are online.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn bring_online(&self, devices: impl Into<Devices>) -> io::Result<usize> {
        self.presence.bring_online(&devices.into())
    }

    /// Takes devices off the network, and tells how many were online. What is under way is ended, later connections are
    /// refused by those that were offline when the fleet began, and reset at once by others, whose listener they share.
    pub fn take_offline(&self, devices: impl Into<Devices>) -> usize {
        self.presence.take_offline(&devices.into())
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.accepted()
    }

    /// How many of them are open.
    #[must_use]
    pub fn open_connections(&self) -> u64 {
        self.listening.open()
    }

    /// How many requests were open at the same time, at most, over all devices.
    #[must_use]
    pub fn most_at_once(&self) -> u64 {
        self.listening.census().most_at_once()
    }

    /// How its TLS handshakes went; all zero for a fleet without TLS.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn handshakes(&self) -> crate::Handshakes {
        self.handshakes.as_ref().map(crate::tls::Tally::snapshot).unwrap_or_default()
    }

    /// Stops the fleet and waits until its port is closed. Dropping it stops it too, a moment later.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, the fleet stops all the same.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

/// The task that sends the heartbeats, which stops when this is dropped.
#[derive(Debug)]
struct Hearts(JoinHandle<()>);

impl Drop for Hearts {
    fn drop(&mut self) {
        self.0.abort();
    }
}
