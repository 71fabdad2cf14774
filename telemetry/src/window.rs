//! A reader's own baseline.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Recorder, Snapshot};

/// What a recorder was told since a baseline of this reader's own: any number of windows look at one recorder without
/// disturbing each other, and its sums themselves never go backwards.
///
/// ```
/// use steadfast_telemetry::{Key, Recorder, Registry};
///
/// let registry = Registry::new();
/// let requests = registry.counter(&Key::new("requests"));
/// requests.add(10);
/// let window = registry.window();
/// requests.add(3);
/// assert_eq!(window.snapshot().counter_sum("requests"), 3);
/// assert_eq!(window.reset().counter_sum("requests"), 3);
/// assert_eq!(window.snapshot().counter_sum("requests"), 0);
/// assert_eq!(registry.snapshot().counter_sum("requests"), 13);
/// ```
pub struct Window<R> {
    recorder: R,
    baseline: Mutex<Snapshot>,
}

impl<R: Recorder> Window<R> {
    /// What comes from now on.
    #[must_use]
    pub fn new(recorder: R) -> Self {
        let baseline = Mutex::new(recorder.snapshot());
        Self { recorder, baseline }
    }

    /// What came since the baseline, as [`Snapshot::since`] tells it; levels are those of now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let baseline = self.baseline();
        self.recorder.snapshot().since(&baseline)
    }

    /// What came since the baseline, and begins anew: whatever is counted is in what exactly one reset returns.
    pub fn reset(&self) -> Snapshot {
        let mut baseline = self.baseline();
        let now = self.recorder.snapshot();
        let came = now.since(&baseline);
        *baseline = now;
        came
    }

    /// The recorder that is looked at.
    #[must_use]
    pub fn recorder(&self) -> &R {
        &self.recorder
    }

    fn baseline(&self) -> MutexGuard<'_, Snapshot> {
        self.baseline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: fmt::Debug> fmt::Debug for Window<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window").field("recorder", &self.recorder).finish_non_exhaustive()
    }
}
