//! A registry with bounds of the caller's.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, System};

use super::{Bounds, Registry};

/// What a [`Registry`] is made with. Made by [`Registry::builder`].
///
/// ```
/// use std::time::Duration;
/// use steadfast_telemetry::Registry;
///
/// let registry = Registry::builder().max_series(500).stale_after(Duration::from_secs(600)).build();
/// # let _ = registry;
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct RegistryBuilder {
    bounds: Bounds,
    clock: Arc<dyn Clock + Send + Sync>,
}

impl RegistryBuilder {
    /// As many series of each kind as a registry keeps unless told otherwise.
    const MAX_SERIES: usize = 4096;

    /// How long it keeps those that nobody uses.
    const STALE_AFTER: Duration = Duration::from_secs(60 * 60);

    pub(super) fn new() -> Self {
        let bounds = Bounds { max_series: Self::MAX_SERIES, stale_after: Some(Self::STALE_AFTER) };
        Self { bounds, clock: Arc::new(System::new()) }
    }

    /// How many counters the registry keeps at most, and as many gauges and histograms; 4,096 unless set.
    pub fn max_series(mut self, max_series: usize) -> Self {
        self.bounds.max_series = max_series;
        self
    }

    /// How long a series that nobody uses is kept at least; an hour unless set, for ever with `None`.
    pub fn stale_after(mut self, stale_after: impl Into<Option<Duration>>) -> Self {
        self.bounds.stale_after = stale_after.into();
        self
    }

    /// By what clock; the system's unless set.
    pub fn clock(mut self, clock: impl Clock + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The registry, without any series.
    #[must_use]
    pub fn build(self) -> Registry {
        Registry::with(self.bounds, self.clock)
    }
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("max_series", &self.bounds.max_series)
            .field("stale_after", &self.bounds.stale_after)
            .finish_non_exhaustive()
    }
}
