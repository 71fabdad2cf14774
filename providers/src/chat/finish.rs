//! Why an answer ends, in the words of Chat Completions and of its kin.

use crate::Finish;

/// The reason of an answer in which tools were called, or not.
pub(super) fn finish(reason: &str, calls: bool) -> Finish {
    match reason {
        // There are vendors that stop to have their tools called.
        "stop" | "eos" | "end_turn" | "stop_sequence" if calls => Finish::ToolUse,
        "stop" | "eos" | "end_turn" | "stop_sequence" => Finish::Stop,
        "length" | "max_tokens" | "model_length" => Finish::Length,
        "tool_calls" | "function_call" | "tool_use" => Finish::ToolUse,
        "content_filter" => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        "" => Finish::Unknown,
        _ => Finish::Other(reason.to_owned()),
    }
}
