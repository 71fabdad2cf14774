//! How many devices are in which state.

use crate::record::DeviceState;

/// How many devices are in which state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts([u32; 8]);

impl Counts {
    /// The devices in this state.
    pub(crate) fn of(&self, state: DeviceState) -> u64 {
        self.0[state as usize].into()
    }

    /// All devices.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().copied().map(u64::from).sum()
    }

    /// Those that are pushed to or verified.
    pub(crate) fn in_flight(&self) -> u64 {
        self.of(DeviceState::Pushing) + self.of(DeviceState::Verifying)
    }

    /// Those in a final state.
    pub(crate) fn finished(&self) -> u64 {
        let untouched = self.of(DeviceState::Succeeded) + self.of(DeviceState::Failed);
        untouched + self.of(DeviceState::Skipped) + self.of(DeviceState::Cancelled)
    }

    /// Those in no final state.
    pub(crate) fn unfinished(&self) -> u64 {
        self.of(DeviceState::Pending) + self.of(DeviceState::Deferred) + self.in_flight()
    }

    /// One more in this state.
    pub(super) fn enter(&mut self, state: DeviceState) {
        self.0[state as usize] += 1;
    }

    /// One from a state to another.
    pub(super) fn shift(&mut self, from: DeviceState, to: DeviceState) {
        self.0[from as usize] -= 1;
        self.0[to as usize] += 1;
    }
}
