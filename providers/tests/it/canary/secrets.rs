//! The canaries, and the call that they are in.

use serde_json::json;
use steadfast_providers::{Call, Image, Message, Part, Role, Tool, ToolCall};

pub(super) use crate::rig::KEY;

pub(super) const PROMPT: &str = "canary question: why does the heron stand in the shallow water";
pub(super) const SYSTEM: &str = "canary system text: answer like a lighthouse keeper would";
pub(super) const ARGUMENTS: &str = r#"{"canary":"the otter of number 7731"}"#;
pub(super) const RESULT: &str = "canary result: badgers dig beneath the orchard";
pub(super) const IMAGE: &str = "https://canary:kestrel-5520-pass@images.invalid/canary.png?signature=pelican-0099";
/// What the provider answers.
pub(super) const ANSWER: &str = "canary answer: marmots whistle at the falcon";

/// The key, and what is left when its ends are taken off. Told nowhere at all.
pub(super) const KEYS: &[&str] = &[KEY, "4f1d9c"];

/// Pieces of what is asked. Told nowhere at all.
pub(super) const ASKED: &[&str] =
    &["heron stand", "lighthouse keeper", "otter of", "badgers dig", "kestrel-5520", "pelican-0099"];

/// Pieces of what is answered. Only caches keep them.
pub(super) const ANSWERS: &[&str] = &["marmots", "whistle at"];

/// A call that holds one of each.
pub(super) fn call() -> Call {
    let asked = ToolCall::new("call_1", "weather", ARGUMENTS);
    let answered = asked.result(RESULT);
    Call::new(PROMPT)
        .system(SYSTEM)
        .message(Message::of(Role::Assistant, [Part::ToolCall(asked)]))
        .message(Message::tools([answered]))
        .message(Message::user(PROMPT).part(Part::Image(Image::url(IMAGE))))
        .tool(Tool::new("weather", json!({ "type": "object" })).description(SYSTEM))
        .temperature(0.0)
}

/// All that a provider can repeat of it.
pub(super) fn echo() -> String {
    format!("No {KEY} (sk-canary-4f1d9c****): '{PROMPT}'\n{SYSTEM} {ARGUMENTS} {RESULT} {IMAGE}")
}
