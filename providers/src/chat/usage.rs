//! Usage as Chat Completions has it: totals that include their parts.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Usage;
use crate::lenient::lenient;

#[derive(Default, Deserialize)]
struct WireUsage {
    #[serde(default, deserialize_with = "lenient")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default, deserialize_with = "lenient")]
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's.
    #[serde(default, deserialize_with = "lenient")]
    prompt_cache_hit_tokens: Option<u64>,
    /// Moonshot's, and of some who follow it.
    #[serde(default, deserialize_with = "lenient")]
    cached_tokens: Option<u64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct PromptDetails {
    #[serde(default, deserialize_with = "lenient")]
    cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    #[serde(default, deserialize_with = "lenient")]
    reasoning_tokens: Option<u64>,
}

/// Counts, and what else the usage says, such as what the call cost.
pub(super) fn read(json: &str) -> Option<(Usage, Option<Value>)> {
    let wire: WireUsage = serde_json::from_str(json).ok()?;
    let prompt = wire.prompt_tokens_details;
    let cached = prompt.as_ref().and_then(|details| details.cached_tokens);
    let usage = Usage::new(
        wire.prompt_tokens.unwrap_or_default(),
        cached.or(wire.prompt_cache_hit_tokens).or(wire.cached_tokens).unwrap_or_default(),
        prompt.and_then(|details| details.cache_write_tokens).unwrap_or_default(),
        wire.completion_tokens.unwrap_or_default(),
        wire.completion_tokens_details.and_then(|details| details.reasoning_tokens).unwrap_or_default(),
    );
    // The sum and the difference of what is told already.
    let is_told = |name: &str| matches!(name, "total_tokens" | "prompt_cache_miss_tokens");
    let rest: Map<String, Value> =
        wire.rest.into_iter().filter(|(name, value)| !is_told(name) && !value.is_null()).collect();
    Some((usage, Some(Value::Object(rest)).filter(|rest| *rest != Value::Object(Map::new()))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
    fn check(json: Value, usage: Usage, rest: Option<Value>) {
        assert_eq!(read(&json.to_string()), Some((usage, rest)), "{json}");
    }

    #[test]
    fn every_shape_is_understood() {
        check(
            json!({ "prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14,
                    "prompt_tokens_details": { "cached_tokens": 3, "cache_write_tokens": 2, "audio_tokens": 0 },
                    "completion_tokens_details": { "reasoning_tokens": 4 } }),
            Usage::new(9, 3, 2, 5, 4),
            None,
        );
        let deepseek = json!({ "prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 4,
                               "prompt_cache_miss_tokens": 5 });
        check(deepseek, Usage::new(9, 4, 0, 5, 0), None);
        check(json!({ "prompt_tokens": 9, "cached_tokens": 4 }), Usage::new(9, 4, 0, 0, 0), None);
        check(
            json!({ "prompt_tokens": "nine", "completion_tokens": 5, "prompt_tokens_details": null, "cost": 0.5 }),
            Usage::new(0, 0, 0, 5, 0),
            Some(json!({ "cost": 0.5 })),
        );
        assert_eq!(read("[1"), None);
        assert_eq!(read("7"), None);
    }
}
