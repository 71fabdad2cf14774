//! What a machine is told of devices.

use steadfast_clock::UnixNanos;

use crate::failure::FailureClass;
use crate::record::DeviceState;

/// The time zone of a device, by a number of the driver's own: from 0, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Zone(pub(crate) u16);

/// What is known of a device when its rollout is taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its state, as it is kept.
    pub(crate) state: DeviceState,
    /// Why it failed, if it did.
    pub(crate) class: Option<FailureClass>,
    /// When a deferred one may be called again, in milliseconds since 1970.
    pub(crate) due_ms: u64,
    /// Whether the inventory knows it to be away.
    pub(crate) offline: bool,
    /// Its time zone.
    pub(crate) zone: Zone,
    /// Its site, by a number of the driver's own: from 0, without gaps. `None` is bounded by nothing.
    pub(crate) site: Option<u32>,
    /// Whether bytes of the artifact may have reached it: such a one is part of a rollback.
    pub(crate) pushed: bool,
}

/// What became of a device that was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// The artifact is on its way to it.
    Pushing,
    /// It is asked for its version.
    Verifying,
    /// It said "later".
    Deferred {
        /// When it may be called again.
        due: UnixNanos,
    },
    /// It was stopped, and is as if never begun.
    Pending,
    /// It took the artifact.
    Succeeded,
    /// It did not.
    Failed(FailureClass),
    /// Nothing was to be done.
    Skipped,
    /// It was stopped for good.
    Cancelled,
}

impl Facts {
    /// A device in this state, online, in zone 0, of no site. Whether it was pushed to is told from state and class, for
    /// the worse where they leave it open.
    pub(crate) fn new(state: DeviceState, class: Option<FailureClass>, due_ms: u64) -> Self {
        let pushed = match state {
            DeviceState::Pending | DeviceState::Skipped => false,
            DeviceState::Deferred | DeviceState::Pushing | DeviceState::Verifying | DeviceState::Succeeded => true,
            DeviceState::Cancelled => class.is_some(),
            DeviceState::Failed => {
                !matches!(class, Some(FailureClass::Unreachable | FailureClass::Tls | FailureClass::BreakerOpen))
            }
        };
        Self { state, class, due_ms, offline: false, zone: Zone(0), site: None, pushed }
    }

    /// A device whose turn has not come.
    pub(crate) fn pending() -> Self {
        Self::new(DeviceState::Pending, None, 0)
    }
}

impl Moved {
    /// The state that this is.
    pub(crate) fn state(self) -> DeviceState {
        match self {
            Self::Pushing => DeviceState::Pushing,
            Self::Verifying => DeviceState::Verifying,
            Self::Deferred { .. } => DeviceState::Deferred,
            Self::Pending => DeviceState::Pending,
            Self::Succeeded => DeviceState::Succeeded,
            Self::Failed(_) => DeviceState::Failed,
            Self::Skipped => DeviceState::Skipped,
            Self::Cancelled => DeviceState::Cancelled,
        }
    }
}
