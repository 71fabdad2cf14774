//! What the machine knows exactly and fast, in the simplest way.

use crate::record::DeviceState;
use crate::strategy::Strategy;

pub(super) const STATES: [DeviceState; 8] = [
    DeviceState::Pending,
    DeviceState::Deferred,
    DeviceState::Pushing,
    DeviceState::Verifying,
    DeviceState::Succeeded,
    DeviceState::Failed,
    DeviceState::Skipped,
    DeviceState::Cancelled,
];

/// The first place that each phase does not hold, of whole percentages.
pub(super) fn ends(plan: &Strategy, devices: usize) -> Vec<u32> {
    let end = |percent: f64| (percent as usize * devices).div_ceil(100) as u32;
    let ends: Vec<u32> = plan.phases.iter().map(|phase| end(phase.percent)).collect();
    if ends.is_empty() { vec![devices as u32] } else { ends }
}
