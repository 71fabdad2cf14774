//! What the result of an attempt means: worth a retry or not, and what the breaker learns.

use steadfast_backoff::Verdict;
use steadfast_breaker::Outcome;

use super::arrival::Arrival;
use super::call::{Call, Received};
use super::failure::Failure;
use crate::admit::Pass;
use crate::classify::{Answer, Judgement};
use crate::context::Resend;
use crate::error::{ErrorKind, Phase};

pub(super) fn result(call: &Call<'_>, result: &Received) -> Judgement {
    match result {
        Ok((head, arrival)) => {
            let mut judgement = call.classify().classify(&answer(head, arrival));
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

/// Tells whoever admitted the attempt what came of it.
pub(super) fn told(pass: Box<dyn Pass>, result: &Received) {
    match result {
        Ok((head, arrival)) => pass.answered(&answer(head, arrival)),
        Err(failure) => pass.failed_with(failure.kind, failure.reached),
    }
}

fn answer<'a>(head: &'a http::response::Parts, arrival: &'a Arrival) -> Answer<'a> {
    Answer::new(head.status.as_u16(), &head.headers, beginning(arrival.prefix()))
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
