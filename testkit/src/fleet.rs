//! The simulated fleet: many devices behind one listener, each with its own address, version and tally.

mod address;
mod app;
mod device;
mod digest;
mod report;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use steadfast_clock::{SharedTimer, TokioTimer, shared};

use crate::Script;
use crate::server::{Listening, Setup, any_port, listen};

pub use address::{Layout, SimDevice};
pub use report::{Report, Tally};

use address::Plan;
use app::Simulator;

/// A simulated fleet: devices that take `POST /update` and answer `GET /version`, all behind one loopback listener.
///
/// A push is read as it comes and never held whole. A device answers a complete push with `200`, one whose body does not
/// match its `Repr-Digest` with `400`, and tells the version of `X-Update-Version` from then on only if the body was
/// complete and its digest matched. `GET /_sim/report` on any address of the listener is the [`Report`] as JSON.
#[derive(Debug)]
pub struct FleetSim {
    url: String,
    listening: Listening,
    simulator: Simulator,
}

impl FleetSim {
    /// A fleet of this many devices, with its address, layout and faults chosen.
    pub fn builder(devices: usize) -> FleetBuilder {
        FleetBuilder {
            devices,
            addr: any_port(),
            layout: Layout::default(),
            faults: Script::new(),
            timer: shared(TokioTimer::new()),
        }
    }

    /// `http://` and the listener's address, without a slash at the end. The report is at `/_sim/report` below it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The devices and where each is reached, in order.
    #[must_use]
    pub fn addresses(&self) -> Vec<SimDevice> {
        self.simulator.plan().devices(self.listening.addr())
    }

    /// What every device received so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.simulator.report()
    }

    /// The version that a device tells; `None` for an id that is not of this fleet.
    #[must_use]
    pub fn version(&self, id: &str) -> Option<String> {
        self.simulator.version(id)
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.accepted()
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

/// How a [`FleetSim`] is set up; from [`FleetSim::builder`].
#[derive(Clone)]
#[must_use]
pub struct FleetBuilder {
    devices: usize,
    addr: SocketAddr,
    layout: Layout,
    faults: Script,
    timer: SharedTimer,
}

impl FleetBuilder {
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

    /// What goes wrong; without it, nothing. The uses of a step are counted for each device.
    pub fn faults(mut self, script: Script) -> Self {
        self.faults = script;
        self
    }

    /// The timer of all delays; without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
        self
    }

    /// Starts the fleet.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, the script matches by provider, the fleet has no device or more than 127.0.0.0/8 has
    /// addresses for (16.5 million).
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
        self.faults.check("a simulated fleet", true, false)?;
        let plan = Plan::new(self.devices, self.layout)?;
        let addr = match (self.layout, self.addr.ip()) {
            (Layout::Paths, _) => self.addr,
            (Layout::Hosts, IpAddr::V4(ip)) if ip.is_loopback() || ip.is_unspecified() => {
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.addr.port()))
            }
            (Layout::Hosts, ip) => {
                let message = format!("a fleet of hosts lives on 127.0.0.0/8 and cannot be bound to {ip}");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
        };
        let simulator = Simulator::new(plan, self.faults);
        let listening = listen(addr, simulator.clone(), Setup::new(self.timer))?;
        let bound = listening.addr();
        let url = match bound.ip().is_unspecified() {
            true => format!("http://127.0.0.1:{}", bound.port()),
            false => format!("http://{bound}"),
        };
        Ok(FleetSim { url, listening, simulator })
    }
}

impl fmt::Debug for FleetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetBuilder")
            .field("devices", &self.devices)
            .field("addr", &self.addr)
            .field("layout", &self.layout)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
