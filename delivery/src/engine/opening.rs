//! When devices may be started: what a machine asks of maintenance windows.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::facts::Zone;

/// Whether devices may be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// They may.
    Open {
        /// Up to this time; `None` if that is more than a week away.
        until: Option<UnixNanos>,
    },
    /// They may not.
    Closed {
        /// Up to this time; `None` if never again.
        next: Option<UnixNanos>,
    },
}

/// The maintenance windows of a rollout.
pub(crate) trait Openings {
    /// Whether devices of this zone may be worked on at this time. The answer holds up to the time that it names; one
    /// without is asked for again within a day.
    fn at(&self, zone: Zone, now: UnixNanos) -> Opening;

    /// The least time before the end at which a device may still be started, whatever is known of the others.
    fn reserve(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether what still runs at the end is stopped, to go on at the next opening.
    fn stops(&self) -> bool {
        false
    }

    /// Whether devices that are not done at the end of the first opening fail, instead of waiting for the next one.
    fn only_first(&self) -> bool {
        false
    }
}
