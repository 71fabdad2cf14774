//! What a device's answers mean to the pool's pipeline.

use http::HeaderMap;
use steadfast_backoff::{Verdict, retry_after};
use steadfast_breaker::Outcome;
use steadfast_clock::UnixNanos;
use steadfast_pool::{Answer, Classify, Judgement};

/// 5xx and 429 are tried again; with `Retry-After`, 429 and 503 are deferrals, which the pipeline hands up at once.
#[derive(Debug)]
pub(super) struct Later;

impl Classify for Later {
    fn classify(&self, answer: &Answer<'_>) -> Judgement {
        if may_defer(answer.status) && asks_to_wait(answer.headers) {
            // It says when to come back, so it is not ill.
            return Judgement::new(Verdict::Fatal, Outcome::Ignored);
        }
        let verdict = match answer.status {
            429 | 500..=599 => Verdict::retry(),
            200..=299 => Verdict::Done,
            _ => Verdict::Fatal,
        };
        Judgement::new(verdict, Judgement::health_of(answer.status))
    }
}

pub(super) fn may_defer(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// Whether the pipeline reads a wait out of the headers. Any date will do: one that is past asks for no wait.
fn asks_to_wait(headers: &HeaderMap) -> bool {
    let fields = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    retry_after::hint(fields, UnixNanos::EPOCH).is_some()
}
