//! The header fields by which the vendors tell of their limits.

use steadfast_clock::UnixNanos;

use super::bucket::Bucket;
use super::date::{go, rfc3339};
use super::meter::Kind;

/// OpenAI's: how long until a limit is full again, as a duration.
pub(super) fn openai(buckets: &[(Kind, Bucket)]) -> Vec<(String, String)> {
    let fields = buckets.iter().flat_map(|(kind, bucket)| {
        let name = kind.name();
        [
            (format!("x-ratelimit-limit-{name}"), bucket.limit().to_string()),
            (format!("x-ratelimit-remaining-{name}"), bucket.remaining().to_string()),
            (format!("x-ratelimit-reset-{name}"), go(bucket.until_full())),
        ]
    });
    fields.collect()
}

/// Anthropic's: when a limit is full again, as a date. Input and output are told in sum, too, where both are limited.
pub(super) fn anthropic(buckets: &[(Kind, Bucket)], now: UnixNanos) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut tell = |name: &str, limit: u64, remaining: u64, full: UnixNanos| {
        fields.push((format!("anthropic-ratelimit-{name}-limit"), limit.to_string()));
        fields.push((format!("anthropic-ratelimit-{name}-remaining"), remaining.to_string()));
        fields.push((format!("anthropic-ratelimit-{name}-reset"), rfc3339(full)));
    };
    let full = |bucket: &Bucket| now.saturating_add(bucket.until_full());
    for (kind, bucket) in buckets {
        tell(kind.name(), bucket.limit(), bucket.remaining(), full(bucket));
    }
    let of = |wanted: Kind| buckets.iter().find(|(kind, _)| *kind == wanted).map(|(_, bucket)| bucket);
    if let (Some(input), Some(output)) = (of(Kind::InputTokens), of(Kind::OutputTokens)) {
        let limit = input.limit().saturating_add(output.limit());
        let remaining = input.remaining().saturating_add(output.remaining());
        tell("tokens", limit, remaining, full(input).max(full(output)));
    }
    fields
}
