//! Where a rollout stands, as its driver knows it: what the machine counts, and which phases are to come.

use steadfast_clock::Clock as _;

use super::drive::Driver;
use crate::progress::{Ahead, Eta};
use crate::record::{DeviceState, RolloutStatus};
use crate::strategy::Phase;

impl Driver {
    /// Where it stands, what is not written yet included.
    pub(super) fn status(&self) -> RolloutStatus {
        let mut status = self.shared.board.status(self.shared.timer.now(), self.shared.wall());
        let counts = self.engine.counts();
        status.total = counts.total();
        status.pending = counts.of(DeviceState::Pending);
        status.deferred = counts.of(DeviceState::Deferred);
        status.in_flight = counts.in_flight();
        status.succeeded = counts.of(DeviceState::Succeeded);
        status.failed = counts.of(DeviceState::Failed);
        status.skipped = counts.of(DeviceState::Skipped);
        status.cancelled = counts.of(DeviceState::Cancelled);
        status.state = self.engine.rollout_state();
        status.phase = self.engine.phase();
        status.hold = self.engine.hold();
        if status.state.is_final() {
            status.eta_s = Eta::DONE;
        }
        status
    }

    /// Tells which phases are not over, where there are phases.
    pub(super) fn look_ahead(&self) {
        let (Some(phase), strategy) = (self.engine.phase(), &self.terms.strategy) else { return };
        let left = (1..).zip(&strategy.phases).skip_while(|(number, _)| *number < phase);
        let ahead = |(number, step): (u32, &Phase)| {
            let devices = self.engine.phase_counts(number)?.unfinished();
            Some(Ahead { devices, soak: step.soak })
        };
        self.shared.board.phases(left.filter_map(ahead).collect());
    }
}
