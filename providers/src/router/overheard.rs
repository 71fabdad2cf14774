//! What is known of the attempts of a call whose future is dropped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_pool::{Event, Observer, Reached};

use crate::{Attempt, Call};

/// Listens to the attempts of one call at one target, beside whoever else does.
pub(super) struct Overheard {
    also: Option<Arc<dyn Observer>>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    ended: Vec<steadfast_pool::Attempt>,
    /// The number of the attempt that is under way.
    under_way: Option<u32>,
}

/// What the ledger says of an attempt that another target was faster than.
const OUTRUN: &str = "dropped: another target was faster";

impl Overheard {
    /// Listens to this call.
    pub(super) fn to(call: &mut Call) -> Arc<Self> {
        let this = Arc::new(Self { also: call.observer.take(), heard: Mutex::default() });
        call.observer = Some(Arc::clone(&this) as Arc<dyn Observer>);
        this
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The attempts of a call that was dropped after so long because another target was faster. The provider may go on
    /// with the work that the last of them asked for.
    pub(super) fn outrun(&self, provider: &str, model: &str, elapsed: Duration) -> Vec<Attempt> {
        let mut heard = self.heard();
        let Heard { ended, under_way } = &mut *heard;
        let mut attempts = std::mem::take(ended);
        match (under_way.take(), attempts.last_mut()) {
            (None, Some(last)) if last.error.is_none() => {
                last.error = Some(OUTRUN.to_owned());
                last.maybe_executed = true;
            }
            // It was waiting to try again.
            (None, Some(_)) => {}
            (number, _) => {
                let mut last = steadfast_pool::Attempt::new(number.unwrap_or(1), provider, Reached::Written, elapsed);
                last.error = Some(OUTRUN.to_owned());
                last.maybe_executed = true;
                attempts.push(last);
            }
        }
        let of = |http| Attempt::new(provider, model, http);
        attempts.into_iter().map(of).collect()
    }
}

impl Observer for Overheard {
    fn on(&self, event: &Event<'_>) {
        match event {
            Event::AttemptStarted { number, .. } => self.heard().under_way = Some(*number),
            Event::AttemptEnded { attempt } => {
                let mut heard = self.heard();
                heard.ended.push((*attempt).clone());
                heard.under_way = None;
            }
            _ => {}
        }
        if let Some(also) = &self.also {
            also.on(event);
        }
    }
}
