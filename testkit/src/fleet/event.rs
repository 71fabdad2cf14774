//! What a fleet tells its watcher.

/// What happens at a device, in the order in which it happens there; for
/// [`FleetBuilder::watch`](crate::FleetBuilder::watch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FleetEvent<'a> {
    /// The head of a push has come.
    #[non_exhaustive]
    PushBegun {
        /// The device.
        id: &'a str,
        /// What `X-Update-Version` says.
        version: Option<&'a str>,
    },
    /// The body of a push is over. One that the device accepts is accepted after this.
    #[non_exhaustive]
    PushEnded {
        /// The device.
        id: &'a str,
        /// How many bytes came.
        bytes: u64,
        /// Whether the body came whole.
        complete: bool,
    },
    /// The device is asked for its version.
    #[non_exhaustive]
    Asked {
        /// The device.
        id: &'a str,
    },
}

impl FleetEvent<'_> {
    /// The device.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::PushBegun { id, .. } | Self::PushEnded { id, .. } | Self::Asked { id } => id,
        }
    }
}
