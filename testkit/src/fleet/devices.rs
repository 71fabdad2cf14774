//! Which devices of a fleet a setting is for.

use crate::Matcher;
use crate::script::Target;

/// Some of a fleet's devices: all of them, a share, or those whose ids fit a pattern.
///
/// A number is a share, a text a pattern of ids, wherever devices are asked for.
///
/// ```
/// use steadfast_testkit::{Devices, FleetSim};
///
/// let fleet = FleetSim::builder(100)
///     .version("2.0.0")
///     .version_of(Devices::share_from(0.5, 0.5), "1.0.0")
///     .bad("dev-00001*")
///     .offline(0.1);
/// # let _ = fleet;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Devices(Matcher);

impl Devices {
    /// Every device.
    #[must_use]
    pub fn all() -> Self {
        Self(Matcher::new())
    }

    /// This share of the devices, 0.0 ..= 1.0, as [`Matcher::share`] cuts it: exact, and the same ones in every run.
    #[must_use]
    pub fn share(share: f64) -> Self {
        Self(Matcher::new().share(share))
    }

    /// A share that begins after the first `from` of them, so that several do not overlap.
    #[must_use]
    pub fn share_from(from: f64, share: f64) -> Self {
        Self(Matcher::new().share_from(from, share))
    }

    /// Those whose ids fit the pattern, with `*` for any run of characters.
    #[must_use]
    pub fn id(pattern: impl Into<String>) -> Self {
        Self(Matcher::new().device(pattern))
    }

    /// Whether a device is among them: its id, and its place in the order of `of` devices by which shares are cut.
    pub(super) fn has(&self, id: &str, rank: usize, of: usize) -> bool {
        self.0.matches_target(Target::Device { id, rank, of })
    }
}

impl From<f64> for Devices {
    /// This share of the devices.
    fn from(share: f64) -> Self {
        Self::share(share)
    }
}

impl From<&str> for Devices {
    /// Those whose ids fit the pattern.
    fn from(pattern: &str) -> Self {
        Self::id(pattern)
    }
}
