//! One device, with everything that a rollout does for it.

use std::sync::Arc;

use steadfast_clock::SharedTimer;

use super::Rollout;
use crate::artifact::Artifact;
use crate::device::{Device, DeviceStatus};
use crate::error::{Error, ErrorKind};
use crate::plan::Plan;
use crate::push::Push;
use crate::record::Outcome;
use crate::store::Place;

/// Delivers to one device and waits out its deferrals: a rollout of one, which pushes even if the device runs the version
/// already. With a version, the device must report it afterwards.
///
/// # Errors
///
/// [`ErrorKind::Plan`] when the version is empty or holds control characters. What goes wrong
/// with the device is in the outcome.
///
/// # Cancel safety
///
/// Dropping the future stops the bytes in flight. The device may have taken what it was sent.
pub async fn deliver(
    push: Arc<dyn Push>,
    timer: SharedTimer,
    device: Device,
    artifact: Artifact,
    version: Option<&str>,
) -> Result<Outcome, Error> {
    let mut device = device;
    device.status = DeviceStatus::Online;
    let mut plan = Plan::builder(artifact).devices([device]).ask_first(false);
    if let Some(version) = version {
        plan = plan.version(version);
    }
    let rollout = Rollout::builder(plan.build()?, push).timer(timer).build();
    let handle = rollout.handle();
    rollout.execute().await?;
    let ended = handle.outcomes(Place(0), 1).await?.into_iter().next();
    ended.ok_or_else(|| Error::new(ErrorKind::Plan, "a rollout without devices has no outcome"))
}
