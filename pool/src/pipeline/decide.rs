//! Finish, or wait and try again?

use steadfast_backoff::{Stop, Unlimited, Verdict, Wait, entropy};

use super::call::{Call, Received};
use crate::classify::Judgement;

pub(super) enum Next {
    /// The call ends with this result. The reason is there when a retry had been in question.
    Finish(Option<Stop>),
    /// Another attempt follows after a wait.
    Wait(Wait),
}

pub(super) fn next(call: &mut Call<'_>, result: &Received, judged: &Judgement) -> Next {
    let now = call.pool.timer.now();
    let context = &call.request.context;
    let (hint, cost) = match judged.verdict {
        Verdict::Retry { hint, cost } => (hint, cost),
        Verdict::Done => {
            if let Some(budget) = &context.budget {
                budget.deposit(now);
            }
            return Next::Finish(None);
        }
        _ => return Next::Finish(None),
    };
    if !call.request.body.is_replayable() {
        return Next::Finish(Some(Stop::NotRetryable));
    }
    let budget = context.budget.as_deref().unwrap_or(&Unlimited);
    match call.retry.next(&call.policy, hint, cost, now, context.deadline, budget, entropy()) {
        steadfast_backoff::Next::Wait(wait) => {
            if matches!(result, Err(failure) if failure.is_stale_connection()) {
                call.stale_resent = true;
            }
            Next::Wait(wait)
        }
        steadfast_backoff::Next::Stop(stop) => Next::Finish(Some(stop)),
        _ => Next::Finish(Some(Stop::NotRetryable)),
    }
}
