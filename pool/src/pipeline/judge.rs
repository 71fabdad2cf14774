//! What the result of an attempt means: worth a retry or not, and what the breaker learns.

use steadfast_backoff::Verdict;
use steadfast_breaker::Outcome;

use super::call::{Call, Received};
use super::failure::Failure;
use crate::classify::{Answer, Judgement};
use crate::context::Resend;
use crate::error::{ErrorKind, Phase};

pub(super) fn result(call: &Call<'_>, result: &Received) -> Judgement {
    match result {
        Ok((head, arrival)) => {
            let answer = Answer::new(head.status.as_u16(), &head.headers, beginning(arrival.prefix()));
            let mut judgement = call.classify().classify(&answer);
            if let Verdict::Retry { hint: hint @ None, .. } = &mut judgement.verdict {
                *hint = call.hint_of(&head.headers);
            }
            judgement
        }
        Err(failure) => {
            let verdict = if may_resend(call, failure) { Verdict::retry() } else { Verdict::Fatal };
            Judgement::new(verdict, health(failure))
        }
    }
}

/// Whether sending again is allowed after a failure without a whole answer.
fn may_resend(call: &Call<'_>, failure: &Failure) -> bool {
    match failure.kind {
        ErrorKind::Deadline | ErrorKind::Request | ErrorKind::RequestBody | ErrorKind::TooLarge => return false,
        ErrorKind::PoolClosed | ErrorKind::Decode => return false,
        _ => {}
    }
    if failure.reached.is_harmless() {
        return true;
    }
    match call.request.context.resend {
        Resend::Always => true,
        Resend::Stale if failure.is_stale_connection() => !call.stale_resent,
        Resend::Stale | Resend::ByMethod => call.request.is_idempotent(),
    }
}

fn health(failure: &Failure) -> Outcome {
    match failure.kind {
        // The caller's doing, not the host's.
        ErrorKind::Deadline | ErrorKind::Request | ErrorKind::RequestBody | ErrorKind::PoolClosed => Outcome::Ignored,
        ErrorKind::Timeout(Phase::Acquire) => Outcome::Ignored,
        // It answered; that the answer was too much for us is no fault of its health.
        ErrorKind::TooLarge | ErrorKind::Decode => Outcome::Success,
        _ if failure.is_stale_connection() => Outcome::Ignored,
        _ => Outcome::Failure,
    }
}

fn beginning(body: &[u8]) -> &[u8] {
    &body[..body.len().min(64 * 1024)]
}
