//! The responses that can be looked up again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use steadfast_clock::Nanos;

use super::super::super::track::Track;

/// How many responses are kept; the oldest make room.
const KEPT: usize = 1000;

/// The latest responses.
#[derive(Default)]
pub(in crate::llm) struct Shelf(Mutex<VecDeque<Arc<Kept>>>);

/// A response that is being made, or was.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) begun: Nanos,
    pub(super) token_delay: Duration,
    pub(super) is_background: bool,
    /// The tokens of the conversation up to its end.
    pub(super) tokens: u64,
    /// The ids of its calls.
    pub(super) calls: Vec<String>,
    /// It, as long as it is being made.
    pub(super) working: Value,
    /// It, when it is made.
    pub(super) done: Value,
    pub(super) track: Track,
    /// How many waits were over when it was cancelled.
    pub(super) cancelled: Option<usize>,
}

/// How far a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// So many waits are over.
    Working(usize),
    /// It was cancelled when so many waits were over.
    Cancelled(usize),
    Done,
}

impl Kept {
    pub(super) fn progress(&self, now: Nanos) -> Progress {
        if let Some(due) = self.cancelled {
            return Progress::Cancelled(due);
        }
        if !self.is_background || self.token_delay.is_zero() {
            return Progress::Done;
        }
        let waited = now.since(self.begun).as_nanos() / self.token_delay.as_nanos();
        match usize::try_from(waited) {
            Ok(waits) if waits < self.track.waits() => Progress::Working(waits),
            _ => Progress::Done,
        }
    }

    /// The response as it is now.
    pub(super) fn told(&self, now: Nanos) -> Value {
        match self.progress(now) {
            Progress::Working(_) => self.working.clone(),
            Progress::Done => self.done.clone(),
            Progress::Cancelled(_) => {
                let mut told = self.working.clone();
                told["status"] = json!("cancelled");
                told
            }
        }
    }
}

impl Shelf {
    pub(super) fn keep(&self, kept: Kept) {
        let mut shelf = self.lock();
        shelf.push_back(Arc::new(kept));
        if shelf.len() > KEPT {
            shelf.pop_front();
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Kept>> {
        self.lock().iter().rev().find(|kept| kept.id == id).cloned()
    }

    /// Cancels a response that is being made, and tells what it is now.
    pub(super) fn cancel(&self, id: &str, now: Nanos) -> Option<Value> {
        let mut shelf = self.lock();
        let kept = shelf.iter_mut().rev().find(|kept| kept.id == id)?;
        if let Progress::Working(due) = kept.progress(now) {
            Arc::make_mut(kept).cancelled = Some(due);
        }
        Some(kept.told(now))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Kept>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
