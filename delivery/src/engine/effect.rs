//! What a machine wants to be done.

use crate::record::{DeviceState, EventKind};
use crate::store::Place;

/// Something that follows from what happened. Effects are carried out in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// To be written and told. The first and the last event, and those of drivers, are the driver's.
    Event(EventKind),
    /// These devices are in a final state now, although nothing was done with them: skipped, cancelled, or failed as
    /// `timed_out` because their window does not open any more. The machine has counted them.
    Settle {
        /// Which.
        places: Vec<Place>,
        /// Their state.
        to: DeviceState,
    },
    /// The work on these devices, which were claimed, is to be stopped. What became of each is told as ever: it may have
    /// been done already.
    StopInFlight {
        /// Which.
        places: Vec<Place>,
        /// Their state afterwards: pending or cancelled.
        then: DeviceState,
    },
    /// These devices are to get the earlier artifact. Told after the end, and again whenever a rollout that ended so is
    /// taken up.
    RollBack {
        /// Which.
        places: Vec<Place>,
    },
    /// These failed ones are pending again, as if never tried. The machine has counted them.
    Reopened(Vec<Place>),
}
