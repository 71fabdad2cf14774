//! Usage as Chat Completions has it: totals that include their parts.

use serde::de::MapAccess;
use serde_json::{Map, Value};

use super::loose::{Fill, Num, Object, read as read_object, skip};
use crate::Usage;

#[derive(Default)]
struct WireUsage {
    prompt: Num,
    completion: Num,
    cached: Num,
    cache_written: Num,
    reasoning: Num,
    /// DeepSeek's.
    cache_hit: Num,
    /// Moonshot's, and of some who follow it.
    cached_outside: Num,
    rest: Map<String, Value>,
}

impl<'de> Object<'de> for WireUsage {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "prompt_tokens" => self.prompt = map.next_value()?,
            "completion_tokens" => self.completion = map.next_value()?,
            "prompt_tokens_details" | "completion_tokens_details" => map.next_value_seed(Fill(&mut Details(self)))?,
            "prompt_cache_hit_tokens" => self.cache_hit = map.next_value()?,
            "cached_tokens" => self.cached_outside = map.next_value()?,
            // The sum and the difference of what is told already.
            "total_tokens" | "prompt_cache_miss_tokens" => skip(map)?,
            _ => match map.next_value()? {
                Value::Null => {}
                value => drop(self.rest.insert(name.to_owned(), value)),
            },
        }
        Ok(())
    }
}

struct Details<'x>(&'x mut WireUsage);

impl<'de> Object<'de> for Details<'_> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "cached_tokens" => self.0.cached = map.next_value()?,
            "cache_write_tokens" => self.0.cache_written = map.next_value()?,
            "reasoning_tokens" => self.0.reasoning = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// Counts, and what else the usage says, such as what the call cost.
pub(super) fn read(json: &str) -> Option<(Usage, Option<Value>)> {
    let mut wire = WireUsage::default();
    read_object(json, &mut wire).ok().filter(|()| json.starts_with('{'))?;
    let cached = wire.cached.0.or(wire.cache_hit.0).or(wire.cached_outside.0);
    let count = |Num(count)| count.unwrap_or_default();
    let usage = Usage::new(
        count(wire.prompt),
        cached.unwrap_or_default(),
        count(wire.cache_written),
        count(wire.completion),
        count(wire.reasoning),
    );
    Some((usage, Some(wire.rest).filter(|rest| !rest.is_empty()).map(Value::Object)))
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
