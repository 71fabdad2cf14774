//! What an answer took, and why it ends.

use serde_json::{Map, Value};

use crate::{Finish, Usage};

/// Counts of the call so far. Those that are missing are what they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    input: u64,
    written: u64,
    read: u64,
    output: u64,
    thinking: u64,
}

impl Counts {
    /// Takes in what a later event says, or the only one; gives back what else it says.
    pub(super) fn take(&mut self, said: Map<String, Value>) -> Map<String, Value> {
        let (mut rest, mut written) = (Map::new(), None);
        for (name, value) in said {
            let count = value.as_u64();
            match &*name {
                "input_tokens" => self.input = count.unwrap_or(self.input),
                "cache_creation_input_tokens" => written = count.or(written),
                "cache_read_input_tokens" => self.read = count.unwrap_or(self.read),
                "output_tokens" => self.output = count.unwrap_or(self.output),
                "output_tokens_details" => {
                    let thinking = value.get("thinking_tokens").and_then(Value::as_u64);
                    self.thinking = thinking.unwrap_or(self.thinking);
                }
                _ if value.is_null() => {}
                _ => drop(rest.insert(name, value)),
            }
        }
        // By how long they are kept, where there is no sum.
        let sum = || -> Option<u64> {
            let kept = rest.get("cache_creation")?.as_object()?;
            Some(kept.values().filter_map(Value::as_u64).fold(0, u64::saturating_add))
        };
        self.written = written.or_else(sum).unwrap_or(self.written);
        rest
    }
}

impl From<Counts> for Usage {
    /// The API's input excludes what the cache had to do with.
    fn from(counts: Counts) -> Self {
        let Counts { input, written, read, output, thinking } = counts;
        Self::new(input.saturating_add(read).saturating_add(written), read, written, output, thinking)
    }
}

/// `pause_turn` stays as it is: the provider's own tools take long, and the message is to be given back for it to go on.
pub(super) fn finish(reason: &str) -> Finish {
    match reason {
        "end_turn" | "stop_sequence" => Finish::Stop,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolUse,
        "refusal" => Finish::Refusal,
        _ => Finish::Other(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn usage(said: &[Value]) -> Usage {
        let mut counts = Counts::default();
        for said in said {
            counts.take(said.as_object().unwrap().clone());
        }
        counts.into()
    }

    #[test]
    fn input_includes_what_the_cache_had_to_do_with() {
        let said = json!({ "input_tokens": 3, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 100,
                           "cache_creation": { "ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40 },
                           "output_tokens": 9, "output_tokens_details": { "thinking_tokens": 4 } });
        assert_eq!(usage(std::slice::from_ref(&said)), Usage::new(123, 20, 100, 9, 4));
        // A later event may say less, and the sum may be missing.
        assert_eq!(usage(&[said, json!({ "output_tokens": 12 })]), Usage::new(123, 20, 100, 12, 4));
        let parts = json!({ "input_tokens": 3, "cache_creation": { "ephemeral_5m_input_tokens": 60, "x": 40 } });
        assert_eq!(usage(&[parts]), Usage::new(103, 0, 100, 0, 0));
        let odd = json!({ "input_tokens": "3", "cache_read_input_tokens": u64::MAX, "output_tokens": -1 });
        assert_eq!(usage(&[odd]), Usage::new(u64::MAX, u64::MAX, 0, 0, 0));
    }

    #[test]
    fn what_is_no_count_survives() {
        let said =
            json!({ "input_tokens": 3, "service_tier": "priority", "speed": null, "server_tool_use": { "n": 1 } });
        let rest = Counts::default().take(said.as_object().unwrap().clone());
        assert_eq!(Value::from(rest), json!({ "service_tier": "priority", "server_tool_use": { "n": 1 } }));
    }
}
