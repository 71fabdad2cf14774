//! How many devices are in which state.

use crate::failure::FailureClass;
use crate::record::DeviceState;

/// How many devices are in which state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts([u32; 8]);

/// Classes of failures that are told apart, with room for more.
const CLASSES: usize = 16;

/// What is counted of a phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    /// Those that failed, by class.
    classes: [u32; CLASSES],
    /// Those that are offline and waited for.
    pub(super) away: u32,
}

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

    /// Those that succeeded or failed.
    #[cfg(test)]
    pub(crate) fn tried(&self) -> u64 {
        self.of(DeviceState::Succeeded) + self.of(DeviceState::Failed)
    }

    /// Those in a final state.
    #[cfg(test)]
    pub(crate) fn finished(&self) -> u64 {
        self.tried() + self.of(DeviceState::Skipped) + self.of(DeviceState::Cancelled)
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

impl Tally {
    /// The devices that failed by this class.
    pub(super) fn failed_by(&self, class: FailureClass) -> u64 {
        self.classes[class as usize % CLASSES].into()
    }

    /// One more in this state.
    pub(super) fn enter(&mut self, state: DeviceState, class: Option<FailureClass>) {
        self.counts.enter(state);
        if let Some(class) = class {
            self.classes[class as usize % CLASSES] += 1;
        }
    }

    /// One from a state to another.
    pub(super) fn shift(&mut self, from: DeviceState, to: DeviceState) {
        self.counts.shift(from, to);
    }

    /// One goes from a class to another.
    pub(super) fn reclass(&mut self, from: Option<FailureClass>, to: Option<FailureClass>) {
        if let Some(class) = from {
            self.classes[class as usize % CLASSES] -= 1;
        }
        if let Some(class) = to {
            self.classes[class as usize % CLASSES] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_every_class() {
        assert!((FailureClass::Cancelled as usize) < CLASSES);
    }
}
