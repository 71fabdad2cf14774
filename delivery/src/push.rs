//! How an artifact gets to a device: the trait, and what comes of it.

mod context;
mod deferral;
mod error;
mod polling;
mod token;

use async_trait::async_trait;

use crate::artifact::Artifact;
use crate::attempt::Attempt;
use crate::device::Device;

pub use context::PushContext;
pub(crate) use context::{MEMORY_BUDGET, Meter, fresh_id, key_of};
pub use deferral::{Deferral, DeferralReason};
pub use error::PushError;
pub use polling::Polling;

/// Delivers to devices. [`HttpPush`](crate::HttpPush) is the implementation for devices that speak HTTP.
///
/// Retries of failures that may pass are the implementation's own; a device that says "later" is told to the caller as
/// a [`Deferral`], so that nobody holds a worker while waiting.
///
/// # Cancel safety
///
/// Dropping a future stops the bytes in flight. The device may have taken what it was sent.
#[async_trait]
pub trait Push: Send + Sync {
    /// Sends the whole artifact to the device.
    ///
    /// # Errors
    ///
    /// [`PushError::Deferred`] when the device says "later"; [`PushError::Failed`] when it does not take the artifact.
    async fn push(&self, context: &PushContext, device: &Device, artifact: &Artifact) -> Result<Pushed, PushError>;

    /// Asks the device for its version and compares it with the expected one.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push); another version than the expected one is a failure of the class `verify_failed`. Where
    /// the context has a [`Polling`], it is one only after the implementation's own limit, and a deferral of the reason
    /// [`NotYet`](DeferralReason::NotYet) before.
    async fn verify(&self, context: &PushContext, device: &Device, expected: &str) -> Result<Verified, PushError>;

    /// The version that the device runs now, whatever it is; `None` where it cannot be told. Asked before a push that
    /// may not be needed, without retries: who gets no answer pushes.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    async fn installed(&self, context: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        let _ = (context, device);
        Ok(None)
    }
}

/// The device took the artifact.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Pushed {
    /// The attempts; the last one succeeded.
    pub attempts: Vec<Attempt>,
}

impl Pushed {
    /// A push with these attempts.
    #[must_use]
    pub fn new(attempts: Vec<Attempt>) -> Self {
        Self { attempts }
    }
}

/// The device reports the expected version.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Verified {
    /// The version that it reports; `None` where the implementation was told not to ask.
    pub version: Option<String>,
    /// The attempts; the last one succeeded.
    pub attempts: Vec<Attempt>,
}

impl Verified {
    /// A verification with its version and attempts.
    #[must_use]
    pub fn new(version: Option<String>, attempts: Vec<Attempt>) -> Self {
        Self { version, attempts }
    }
}
