//! What a heartbeat does to a device of the inventory, in every store.

use steadfast_clock::UnixNanos;

use super::Heartbeat;
use crate::device::Device;
use crate::error::Error;

/// So many heartbeats are kept, the newest ones.
pub(super) const MOST_HEARTBEATS: usize = 100_000;

/// Whether all can be noted: refuses an address that is not usable.
pub(super) fn check(beats: &[Heartbeat]) -> Result<(), Error> {
    let mut told = beats.iter().filter_map(|beat| Some((beat.device.as_str(), beat.address.as_deref()?)));
    told.try_for_each(|(device, address)| Device::new(device, address).map(drop))
}

/// Notes it.
pub(super) fn apply(beat: &Heartbeat, device: &mut Device) -> Result<(), Error> {
    if let Some(address) = &beat.address {
        device.move_to(address)?;
    }
    if let Some(version) = &beat.firmware_version {
        device.firmware_version = Some(version.clone());
    }
    device.heard(UnixNanos::from_nanos(beat.at_ms.saturating_mul(1_000_000)));
    Ok(())
}
