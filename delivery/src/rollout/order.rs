//! What a rollout is to do, as its workers need it.

use std::sync::Arc;

use steadfast_backoff::Budget;
use steadfast_pool::CallContext;

use super::Shared;
use super::job::Job;
use crate::artifact::Artifact;
use crate::failure::Stage;
use crate::push::{Push, PushContext, key_of};

/// What is delivered, and how.
pub(super) struct Order {
    pub(super) push: Arc<dyn Push>,
    pub(super) artifact: Artifact,
    pub(super) version: Option<Arc<str>>,
    pub(super) chunk_size: usize,
    pub(super) budget: Arc<dyn Budget>,
    /// Whether devices are asked what they run before anything is sent to them.
    pub(super) ask_first: bool,
    /// Whether devices that run something newer are left alone.
    pub(super) upgrade: bool,
}

impl Order {
    /// What a delivery to this device inherits.
    pub(super) fn context(&self, job: &Job, shared: &Shared) -> PushContext {
        let call = CallContext::new().attempts_before(job.attempts_spent()).budget(Arc::clone(&self.budget));
        let key = key_of(&shared.id, &job.id, self.artifact.digest());
        let mut context =
            PushContext::for_device(key, &shared.board.bytes, shared.series.as_ref().map(|series| &series.bytes));
        context.version.clone_from(&self.version);
        context.chunk_size = self.chunk_size;
        context.call = call;
        context.digest = Some(*self.artifact.digest());
        context = context.resume(job.past.token.clone());
        if let (Stage::Verifying, Some((since, polling))) = (job.past.stage, &job.past.verifying) {
            let waited = std::time::Duration::from_millis(shared.now_ms().saturating_sub(*since));
            context.polling = Some(polling.clone().waited(waited));
        }
        context
    }
}
