//! Finish, or wait and try again?

use steadfast_backoff::{Budget, Stop, Unlimited, Verdict, Wait, entropy};

use super::call::{Call, Received};
use crate::classify::Judgement;

pub(super) enum Next {
    /// The call ends with this result. The reason is there when a retry had been in question.
    Finish(Option<Stop>),
    /// Another attempt follows after a wait.
    Wait(Wait),
}

pub(super) fn next(call: &mut Call<'_>, result: &Received, judged: &Judgement) -> Next {
    let now = call.ended;
    let (hint, cost) = match judged.verdict {
        Verdict::Retry { hint, cost } => (hint, cost),
        Verdict::Done => {
            if let Some(budget) = call.budget() {
                budget.deposit(now);
            }
            return Next::Finish(None);
        }
        _ => return Next::Finish(None),
    };
    if !call.request.body.is_replayable() {
        call.unrepeatable = true;
        return Next::Finish(Some(Stop::NotRetryable));
    }
    // An attempt that other layers have spent is none of ours to make.
    let carried = call.request.context.carried.as_deref();
    if carried.is_some_and(|carried| !carried.begin()) {
        return Next::Finish(Some(Stop::AttemptsSpent));
    }
    let budget = call.budget().cloned();
    let budget: &dyn Budget = budget.as_deref().unwrap_or(&Unlimited);
    let next = call.retry.next(&call.policy, hint, cost, now, call.deadline, budget, entropy());
    if let (Some(carried), steadfast_backoff::Next::Stop(_)) = (carried, &next) {
        carried.give_back();
    }
    match next {
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
