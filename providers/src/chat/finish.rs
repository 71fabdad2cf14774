//! Why an answer ends, in the words of Chat Completions and of its kin.

use crate::Finish;

/// The reason of an answer in which tools were called, or not.
pub(super) fn finish(reason: &str, calls: bool) -> Finish {
    match reason {
        // There are vendors that stop to have their tools called.
        "stop" if calls => Finish::ToolUse,
        "stop" => Finish::Stop,
        // The second is Mistral's, for the end of the model's context.
        "length" | "model_length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolUse,
        "content_filter" => Finish::ContentFilter,
        "" => Finish::Unknown,
        _ => Finish::Other(reason.to_owned()),
    }
}
