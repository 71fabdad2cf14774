//! Which devices in hands are to stop.

use std::collections::HashMap;
use std::sync::Arc;

use crate::store::Place;

/// What becomes of a device that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Its turn comes again.
    Pending,
    /// It is cancelled.
    Cancelled,
}

/// Who is to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Stops {
    places: Arc<HashMap<Place, Then>>,
}

impl Stops {
    /// What becomes of the device at `place`, if it is to stop.
    pub(super) fn of(&self, place: Place) -> Option<Then> {
        self.places.get(&place).copied()
    }

    pub(super) fn stop(&mut self, places: &[Place], then: Then) {
        Arc::make_mut(&mut self.places).extend(places.iter().map(|place| (*place, then)));
    }

    /// The device at `place` is out of hands.
    pub(super) fn forget(&mut self, place: Place) {
        Arc::make_mut(&mut self.places).remove(&place);
    }
}
