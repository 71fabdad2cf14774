//! Which devices are on the network: they are brought online and taken off, by the test or over HTTP.

use std::fmt;
use std::io;

use super::address::id;
use super::app::Simulator;
use super::devices::Devices;
use super::heartbeat::{self, Sink};
use super::offline::Offline;

/// What it takes to bring devices online.
pub(super) struct Presence {
    simulator: Simulator,
    /// For devices on hosts of their own, if any began offline.
    offline: Option<Offline>,
    sink: Option<Sink>,
}

impl Presence {
    pub(super) fn new(simulator: Simulator, offline: Option<Offline>, sink: Option<Sink>) -> Self {
        Self { simulator, offline, sink }
    }

    /// The port of a device that differs from that of the fleet.
    pub(super) fn port(&self, number: usize) -> Option<u16> {
        self.offline.as_ref().filter(|_| self.simulator.begins_offline(number)).map(Offline::port)
    }

    pub(super) fn bring_online(&self, devices: &Devices) -> io::Result<usize> {
        let mut brought = 0;
        for number in self.simulator.all_of(devices) {
            if !self.simulator.set_offline(number, false) {
                continue;
            }
            if let Err(error) = self.listen_for(number) {
                self.simulator.set_offline(number, true);
                return Err(error);
            }
            brought += 1;
            if let Some(sink) = &self.sink {
                heartbeat::once(&self.simulator, number, &id(number), sink);
            }
        }
        Ok(brought)
    }

    pub(super) fn take_offline(&self, devices: &Devices) -> usize {
        let mut taken = 0;
        for number in self.simulator.all_of(devices) {
            if self.simulator.set_offline(number, true) {
                taken += 1;
                if let Some(offline) = &self.offline {
                    offline.sleep(number);
                }
            }
        }
        taken
    }

    /// Listens for a device that refused connections so far.
    fn listen_for(&self, number: usize) -> io::Result<()> {
        match (&self.offline, self.simulator.plan().host_of(number)) {
            (Some(offline), Some(ip)) if self.simulator.begins_offline(number) => offline.wake(number, ip),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence").field("offline", &self.offline).finish_non_exhaustive()
    }
}
