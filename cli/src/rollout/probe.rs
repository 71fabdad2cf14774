//! Asking devices that are waited for whether they are there.

use std::sync::Arc;
use std::time::Duration;

use steadfast_delivery::{
    Device, DeviceState, DeviceStatus, Error, Handle, Heartbeat, HttpPush, Place, PushContext, Store,
};
use tokio::task::JoinSet;

use crate::say::Say;
use crate::when::{now_ms, rest};

/// Who asks, and how often.
pub(super) struct Probing {
    pub(super) every: Duration,
    /// With a pool of its own: what is asked in vain does not count against a device when it is back.
    pub(super) push: Arc<HttpPush>,
    pub(super) store: Arc<dyn Store>,
    pub(super) say: Arc<Say>,
}

/// How many devices are asked at once.
const AT_ONCE: usize = 32;

/// How many records are read at a time.
const PAGE: usize = 1024;

impl Probing {
    /// Asks again and again; a device that tells a version was heard of. Does not return.
    pub(super) async fn go_on(self, handle: Handle) {
        loop {
            rest(self.every).await;
            if let Err(error) = self.round(&handle).await {
                self.say.note(&format!("warning: cannot tell which devices are waited for: {error}"));
            }
        }
    }

    async fn round(&self, handle: &Handle) -> Result<(), Error> {
        let states = self.store.scan(handle.id()).await?;
        let pending = (0..).map(Place).zip(states).filter(|(_, target)| target.state == DeviceState::Pending);
        let pending: Vec<Place> = pending.map(|(place, _)| place).collect();
        let mut asked = JoinSet::new();
        for places in pending.chunks(PAGE) {
            for target in self.store.targets(handle.id(), places).await? {
                if target.device.status != DeviceStatus::Offline {
                    continue;
                }
                if asked.len() >= AT_ONCE {
                    asked.join_next().await;
                }
                asked.spawn(ask(Arc::clone(&self.push), target.device, handle.clone()));
            }
        }
        while asked.join_next().await.is_some() {}
        Ok(())
    }
}

async fn ask(push: Arc<HttpPush>, device: Device, handle: Handle) {
    if let Ok(verified) = push.version(&PushContext::new(), &device).await {
        let mut beat = Heartbeat::new(device.id(), now_ms());
        beat.firmware_version = verified.version;
        handle.heartbeat(beat);
    }
}
