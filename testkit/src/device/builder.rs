//! How a simulated device is set up.

use std::fmt;
use std::io;
use std::time::Duration;

use steadfast_clock::{SharedTimer, TokioTimer, shared};

use crate::Script;

use super::DeviceSim;
use super::app::Model;

/// How a [`DeviceSim`] is set up; from [`DeviceSim::tus`] and its siblings.
#[derive(Clone)]
#[must_use]
pub struct DeviceBuilder {
    pub(super) model: Model,
    pub(super) version: String,
    pub(super) faults: Script,
    pub(super) timer: SharedTimer,
}

impl DeviceBuilder {
    pub(super) fn new(model: Model) -> Self {
        Self { model, version: String::from("0.0.0"), faults: Script::new(), timer: shared(TokioTimer::new()) }
    }

    /// The version that it runs at first; without it, `0.0.0`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// What goes wrong; without it, nothing.
    pub fn faults(mut self, script: Script) -> Self {
        self.faults = script;
        self
    }

    /// The timer of all delays and of what expires; without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
        self
    }

    /// Checks the checksum of every piece, and says so (tus).
    pub fn checks(mut self) -> Self {
        if let Model::Tus(tus) = &mut self.model {
            tus.checks = true;
        }
        self
    }

    /// Keeps an upload for so long after its last request, and says so (tus, draft). Without it, for ever.
    pub fn keeps_uploads(mut self, time: Duration) -> Self {
        match &mut self.model {
            Model::Tus(tus) => tus.keeps = Some(time),
            Model::Draft(draft) => draft.keeps = Some(time),
            _ => {}
        }
        self
    }

    /// Takes at most so many bytes at a time, and says so when an upload is opened (draft).
    pub fn takes_at_a_time(mut self, bytes: u64) -> Self {
        if let Model::Draft(draft) = &mut self.model {
            draft.most = Some(bytes);
        }
        self
    }

    /// Takes no image that is larger (tus, draft, Redfish).
    pub fn largest(mut self, bytes: u64) -> Self {
        match &mut self.model {
            Model::Tus(tus) => tus.largest = Some(bytes),
            Model::Draft(draft) => draft.largest = Some(bytes),
            Model::Redfish(redfish) => redfish.largest = Some(bytes),
            Model::Swupdate(_) => {}
        }
        self
    }

    /// Installs an image only after its task was asked for so often (Redfish).
    pub fn busy_for(mut self, polls: u32) -> Self {
        if let Model::Redfish(redfish) = &mut self.model {
            redfish.busy = polls;
        }
        self
    }

    /// Fails to install every image.
    pub fn fails(mut self) -> Self {
        match &mut self.model {
            Model::Redfish(redfish) => redfish.fails = true,
            Model::Swupdate(swupdate) => swupdate.fails = true,
            _ => {}
        }
        self
    }

    /// Starts the device on a free port of `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// No port is free, or the script matches by device, share or provider.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no device.
    #[expect(clippy::unused_async, reason = "async says that it needs a runtime, and leaves room for one that waits")]
    pub async fn start(self) -> io::Result<DeviceSim> {
        DeviceSim::start(self)
    }
}

impl fmt::Debug for DeviceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceBuilder")
            .field("model", &self.model)
            .field("version", &self.version)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
