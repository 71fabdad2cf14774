//! A hedge delay that follows a latency quantile.

use alloc::sync::Arc;
use core::time::Duration;

use crate::{ConfigError, HedgeDelay, Latency};

/// Starts a hedge once an attempt has taken longer than a fraction of the calls before it; made by [`Latency::at`].
///
/// Clones and other quantiles of the same [`Latency`] share its samples.
#[derive(Clone, Debug)]
pub struct HedgeQuantile {
    latency: Arc<Latency>,
    quantile: f64,
}

impl HedgeQuantile {
    pub(crate) fn new(latency: Arc<Latency>, quantile: f64) -> Result<Self, ConfigError> {
        if !(quantile > 0.0 && quantile < 1.0) {
            return Err(ConfigError::LatencyQuantile { quantile });
        }
        Ok(Self { latency, quantile })
    }

    /// The quantile, above 0.0 and below 1.0.
    #[must_use]
    pub fn quantile(&self) -> f64 {
        self.quantile
    }

    /// Where the samples are.
    #[must_use]
    pub fn latency(&self) -> &Arc<Latency> {
        &self.latency
    }
}

impl HedgeDelay for HedgeQuantile {
    fn delay(&self) -> Option<Duration> {
        self.latency.quantile(self.quantile)
    }

    fn observe(&self, latency: Duration) {
        self.latency.observe(latency);
    }
}
