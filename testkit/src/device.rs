//! One simulated device that speaks an update protocol of the real world, written from the protocol's text.

mod app;
mod builder;
mod draft;
mod firmware;
mod form;
mod redfish;
mod request;
mod swupdate;
mod tus;

use std::io;

use crate::Seen;
use crate::server::{Listening, Log};

pub use builder::DeviceBuilder;

use app::Simulator;

/// A simulated device that takes updates by a protocol of the real world. It refuses what the protocol forbids, and
/// keeps a list of it.
///
/// It tells its version at `GET /version`. A new image is installed, and its version told, only when it came whole and
/// matches the digest that was announced with it, if there was one. Every fault of a [`Script`](crate::Script) works on
/// it; a step with a status answers instead of the device, which then has seen nothing.
#[derive(Debug)]
pub struct DeviceSim {
    url: String,
    listening: Listening,
    log: Log,
    simulator: Simulator,
}

impl DeviceSim {
    /// Speaks [tus 1.0](https://tus.io/protocols/resumable-upload), with the extensions creation and expiration, and on
    /// demand checksum. Uploads are opened at `/update`.
    pub fn tus() -> DeviceBuilder {
        DeviceBuilder::new(app::Model::Tus(tus::Tus::default()))
    }

    /// Speaks the IETF's
    /// [resumable uploads](https://datatracker.ietf.org/doc/draft-ietf-httpbis-resumable-upload/), version 12 of the
    /// draft, without interim answers. Uploads are opened at `/update`.
    pub fn draft() -> DeviceBuilder {
        DeviceBuilder::new(app::Model::Draft(draft::Draft::default()))
    }

    /// Speaks DMTF Redfish: an `UpdateService` with multipart push (DSP0266, section "Multipart HTTP push updates"), task
    /// monitors, a `FirmwareInventory` with the member `BMC`, and basic or session authentication as `admin` with the
    /// password `secret`. What its `UpdateFile` announces is not checked: Redfish has no digest.
    pub fn redfish() -> DeviceBuilder {
        DeviceBuilder::new(app::Model::Redfish(redfish::Redfish::default()))
    }

    /// Speaks as the web server of SWUpdate does: `POST /upload` with a form, `POST /restart`.
    pub fn swupdate() -> DeviceBuilder {
        DeviceBuilder::new(app::Model::Swupdate(swupdate::Swupdate::default()))
    }

    /// `http://` and its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The version that it tells.
    #[must_use]
    pub fn version(&self) -> String {
        self.simulator.lock().firmware.version().to_owned()
    }

    /// The SHA-256 of the image that it runs; `None` before the first update.
    #[must_use]
    pub fn image(&self) -> Option<[u8; 32]> {
        self.simulator.lock().firmware.image()
    }

    /// How many images came whole, whatever came of them.
    #[must_use]
    pub fn images(&self) -> u64 {
        self.simulator.lock().firmware.images()
    }

    /// What it was asked for against its protocol, in order: nothing, if the client is right.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.simulator.lock().violations.clone()
    }

    /// The requests so far, oldest first. See [`Server::seen`](crate::Server::seen).
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.log.snapshot()
    }

    /// Forgets all uploads that are under way.
    pub fn forget_uploads(&self) {
        self.simulator.lock().model.forget();
    }

    /// Stops the device and waits until its port is closed. Dropping it stops it too, a moment later.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, the device stops all the same.
    pub async fn stop(self) {
        self.listening.stop().await;
    }

    fn start(builder: DeviceBuilder) -> io::Result<Self> {
        let DeviceBuilder { model, version, faults, timer } = builder;
        faults.check("a simulated device", false, false)?;
        let log = Log::new(timer.clone());
        let simulator = Simulator::new(model, version, faults, timer.clone(), log.clone());
        let listening =
            crate::server::listen(crate::server::any_port(), simulator.clone(), crate::server::Setup::new(timer))?;
        let url = format!("http://{}", listening.addr());
        Ok(Self { url, listening, log, simulator })
    }
}
