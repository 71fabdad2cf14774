//! The numbers by which states are kept: small, and never given another meaning.

use crate::record::{DeviceState, RolloutStatus};

/// By number.
const STATES: [DeviceState; 8] = [
    DeviceState::Pending,
    DeviceState::Deferred,
    DeviceState::Pushing,
    DeviceState::Verifying,
    DeviceState::Succeeded,
    DeviceState::Failed,
    DeviceState::Skipped,
    DeviceState::Cancelled,
];

/// The number of a state.
pub(super) const fn of_state(state: DeviceState) -> u8 {
    match state {
        DeviceState::Pending => 0,
        DeviceState::Deferred => 1,
        DeviceState::Pushing => 2,
        DeviceState::Verifying => 3,
        DeviceState::Succeeded => 4,
        DeviceState::Failed => 5,
        DeviceState::Skipped => 6,
        DeviceState::Cancelled => 7,
    }
}

/// The state of a number.
pub(super) fn to_state(number: u8) -> Option<DeviceState> {
    STATES.get(usize::from(number)).copied()
}

/// How many devices are in each state, by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts(pub(super) [u64; 8]);

impl Counts {
    /// So many pending devices.
    pub(super) fn pending(devices: usize) -> Self {
        let mut counts = Self::default();
        counts.0[0] = devices as u64;
        counts
    }

    /// One device goes from one state to another; both are numbers of states.
    pub(super) fn shift(&mut self, from: u8, to: u8) {
        if let Some(left) = self.0.get_mut(usize::from(from)) {
            *left = left.saturating_sub(1);
        }
        if let Some(entered) = self.0.get_mut(usize::from(to)) {
            *entered += 1;
        }
    }

    /// Writes them into a status.
    pub(super) fn tell(&self, status: &mut RolloutStatus) {
        let [pending, deferred, pushing, verifying, succeeded, failed, skipped, cancelled] = self.0;
        status.total = self.0.iter().sum();
        (status.pending, status.deferred, status.in_flight) = (pending, deferred, pushing + verifying);
        (status.succeeded, status.failed) = (succeeded, failed);
        (status.skipped, status.cancelled) = (skipped, cancelled);
    }
}
