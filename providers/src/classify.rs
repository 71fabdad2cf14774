//! What an answer means to the pipeline: whether it is worth another attempt, and whether the provider is healthy.

use std::sync::Arc;
use std::time::Duration;

use memchr::memmem;
use steadfast_backoff::{StatusSet, Verdict, retry_after};
use steadfast_breaker::Outcome;
use steadfast_pool::{Answer, Classify, Judgement};

use crate::problem::Problem;
use crate::{ErrorKind, Vendor};

/// The rules of one vendor.
///
/// Exact machine words first: spent money is never asked for twice. Then the vendor's word (`x-should-retry`), then the
/// status. A 409 alone is no reason to ask again. 429 and other refusals say nothing bad about the provider's health.
pub(crate) struct Rules(pub(crate) Arc<Vendor>);

impl Classify for Rules {
    fn classify(&self, answer: &Answer<'_>) -> Judgement {
        let problem = match answer.status {
            400.. => Some(Problem::of_refusal(answer.body)),
            200..300 => problem_in_answer(answer.body),
            _ => None,
        };
        let Some(problem) = problem else { return Judgement::new(Verdict::Done, Outcome::Success) };
        let kind = self.0.kind(answer.status, &problem);
        let said = answer.headers.get("x-should-retry").map(http::HeaderValue::as_bytes);
        let retry = match said {
            _ if self.0.kind_of_code(&problem) == Some(ErrorKind::QuotaSpent) => false,
            Some(b"true") => true,
            Some(b"false") => false,
            _ if answer.status >= 400 => StatusSet::TRANSIENT.contains(answer.status) && answer.status != 409,
            _ => is_passing(kind),
        };
        let verdict = if retry { Verdict::Retry { hint: azure_hint(answer), cost: 1 } } else { Verdict::Fatal };
        Judgement::new(verdict, health(answer.status, kind))
    }
}

/// The wait that Azure asks for in a header of its own. All others are the pool's to read.
fn azure_hint(answer: &Answer<'_>) -> Option<Duration> {
    retry_after::parse_ms(answer.headers.get("x-ms-retry-after-ms")?.to_str().ok()?)
}

/// An error in a successful answer. Keys are the only place where these bytes can stand: inside of a JSON string the
/// quotes are escaped.
fn problem_in_answer(body: &[u8]) -> Option<Problem> {
    memmem::find(body, b"\"error\"")?;
    Problem::of_value(&serde_json::from_slice(body).ok()?)
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Overloaded | ErrorKind::Server | ErrorKind::Timeout | ErrorKind::RateLimited)
}

fn health(status: u16, kind: ErrorKind) -> Outcome {
    let failed = match status {
        400.. => status >= 500,
        _ => matches!(kind, ErrorKind::Overloaded | ErrorKind::Server | ErrorKind::Timeout),
    };
    match (failed, kind) {
        (true, _) => Outcome::Failure,
        (false, ErrorKind::RateLimited | ErrorKind::QuotaSpent | ErrorKind::Conflict | ErrorKind::Timeout) => {
            Outcome::Ignored
        }
        (false, _) => Outcome::Success,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;
    fn judge(vendor: &Vendor, status: u16, said: Option<&'static str>, body: &str) -> (bool, Outcome) {
        let mut headers = HeaderMap::new();
        if let Some(said) = said {
            headers.insert("x-should-retry", HeaderValue::from_static(said));
        }
        let judgement = Rules(Arc::new(vendor.clone())).classify(&Answer::new(status, &headers, body.as_bytes()));
        (matches!(judgement.verdict, Verdict::Retry { .. }), judgement.health)
    }

    #[test]
    fn statuses_decide_where_nothing_else_is_said() {
        for vendor in [&Vendor::openai(), &Vendor::anthropic()] {
            for status in [408, 425, 429, 500, 502, 503, 504, 529] {
                assert!(judge(vendor, status, None, "").0, "{status}");
            }
            for status in [400, 401, 402, 403, 404, 405, 409, 413, 422, 451, 501, 505] {
                assert!(!judge(vendor, status, None, "").0, "{status}");
            }
            for status in [500, 501, 502, 503, 504, 529] {
                assert_eq!(judge(vendor, status, None, "").1, Outcome::Failure, "{status}");
            }
            for status in [400, 401, 402, 403, 404, 408, 409, 413, 422, 429] {
                assert_ne!(judge(vendor, status, None, "").1, Outcome::Failure, "{status}");
            }
        }
    }

    #[test]
    fn the_wait_that_azure_asks_for_is_read() {
        let headers = HeaderMap::from_iter([("x-ms-retry-after-ms".parse().unwrap(), HeaderValue::from_static("250"))]);
        let judgement = Rules(Arc::new(Vendor::openai())).classify(&Answer::new(429, &headers, b""));
        assert_eq!(judgement.verdict, Verdict::Retry { hint: Some(Duration::from_millis(250)), cost: 1 });
    }

    #[test]
    fn the_vendors_word_is_obeyed() {
        for vendor in [&Vendor::openai(), &Vendor::anthropic()] {
            assert!(judge(vendor, 409, Some("true"), "").0);
            assert!(judge(vendor, 400, Some("true"), "").0);
            assert!(!judge(vendor, 503, Some("false"), "").0);
            assert!(judge(vendor, 503, Some("perhaps"), "").0);
        }
    }

    #[test]
    fn spent_money_is_never_asked_for_twice() {
        for code in [
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
        ] {
            let body =
                format!(r#"{{"error":{{"message":"m","type":"insufficient_quota","param":null,"code":"{code}"}}}}"#);
            assert_eq!(judge(&Vendor::openai(), 429, Some("true"), &body), (false, Outcome::Ignored), "{code}");
        }
        let spent = r#"{"type":"error","error":{"type":"rate_limit_error","message":"m",
                        "details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        assert_eq!(judge(&Vendor::anthropic(), 429, None, spent), (false, Outcome::Ignored));
        let ramp = spent.replace("enforced_spend_limit_reached", "ramp_limit_exceeded");
        assert_eq!(judge(&Vendor::anthropic(), 429, None, &ramp), (true, Outcome::Ignored));
    }

    #[test]
    fn prose_is_no_code() {
        let scaleway = r#"{"status":429,"error":"INSUFFICIENT QUOTA","message":"You exceeded your current limit."}"#;
        assert!(judge(&Vendor::openai(), 429, None, scaleway).0);
    }

    #[test]
    fn an_error_in_a_successful_answer_counts() {
        let failed = r#"{"error":{"code":502,"message":"model down"}}"#;
        assert_eq!(judge(&Vendor::openai(), 200, None, failed), (true, Outcome::Failure));
        let refused = r#"{"error":{"code":400,"message":"no"}}"#;
        assert_eq!(judge(&Vendor::openai(), 200, None, refused), (false, Outcome::Success));
        let answer = r#"{"choices":[{"message":{"content":"say \"error\" twice"}}],"error":null}"#;
        assert_eq!(judge(&Vendor::openai(), 200, None, answer), (false, Outcome::Success));
    }
}
