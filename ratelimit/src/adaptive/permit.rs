//! Permits that tell how it went.

use alloc::sync::Arc;

use super::{AdaptiveConcurrency, Sample, Signal};
use crate::InFlight;

/// A permit of an [`AdaptiveConcurrency`]. Dropping it says nothing, as [`ignored`](Self::ignored) does.
#[derive(Debug)]
#[must_use = "the permit is given back at once when it is not kept"]
pub struct AdaptivePermit<'a> {
    of: &'a AdaptiveConcurrency,
    sample: Sample,
}

/// A permit that holds on to its limit, and can be sent anywhere.
#[derive(Debug)]
#[must_use = "the permit is given back at once when it is not kept"]
pub struct OwnedAdaptivePermit {
    of: Arc<AdaptiveConcurrency>,
    sample: Sample,
}

impl<'a> AdaptivePermit<'a> {
    pub(super) fn new(of: &'a AdaptiveConcurrency, permit: InFlight<'a>) -> Self {
        let sample = of.sample(permit.nth());
        // It is counted, and given back when this one is dropped.
        core::mem::forget(permit);
        Self { of, sample }
    }

    pub(super) fn into_owned(self, of: &Arc<AdaptiveConcurrency>) -> OwnedAdaptivePermit {
        let sample = self.sample;
        core::mem::forget(self);
        OwnedAdaptivePermit { of: Arc::clone(of), sample }
    }
}

macro_rules! outcomes {
    ($($permit:ty),*) => {$(
        impl $permit {
            /// It went well.
            pub fn success(self) {
                self.of.report(Signal::Success, self.sample);
            }

            /// The other side had too much to do.
            pub fn overload(self) {
                self.of.report(Signal::Overload, self.sample);
            }

            /// How it went says nothing about load: cancelled, or a mistake of the caller.
            pub fn ignored(self) {}
        }

        impl Drop for $permit {
            fn drop(&mut self) {
                self.of.leave();
            }
        }
    )*};
}

outcomes!(AdaptivePermit<'_>, OwnedAdaptivePermit);
