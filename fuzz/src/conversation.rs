//! Saved conversations and the arguments of tools: any JSON, and any text that is to be JSON.

use serde_json::Value;
use steadfast_providers::{Message, ToolCall};

/// Reads a text as the arguments of a call, and as a saved conversation.
///
/// Arguments are what any reader of JSON makes of them, and what is wrong with them is told by its place, without quoting
/// them. What is read of a conversation is written as what it was read from, and never shown.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    arguments(text);
    if let Ok(conversation) = serde_json::from_str::<Vec<Message>>(text) {
        let written = serde_json::to_value(&conversation).expect("what was read can be written");
        let again: Vec<Message> = serde_json::from_value(written).expect("and read again");
        assert_eq!(conversation, again);
        for message in &conversation {
            let shown = format!("{message:?}");
            for text in message.parts.iter().filter_map(|part| part.as_text()) {
                // Shorter texts are in any other.
                assert!(text.len() < 16 || !shown.contains(text), "{text} in {shown}");
            }
        }
    }
}

fn arguments(text: &str) {
    let read = ToolCall::new("call", "tool", text).input();
    if text.trim().is_empty() {
        assert_eq!(read, Ok(Value::Object(serde_json::Map::new())));
        return;
    }
    match (read, serde_json::from_str::<Value>(text)) {
        (Ok(read), Ok(expected)) => assert_eq!(read, expected),
        (Err(wrong), Err(_)) => {
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&wrong.line), "{wrong:?} in {lines} lines");
            // Nothing but the place and whether it is cut: another text that is wrong at the same place is told the same.
            let other = format!("{}{}?", "\n".repeat(wrong.line - 1), " ".repeat(wrong.column.saturating_sub(1)));
            let other = ToolCall::new("call", "tool", other).input().expect_err("no JSON");
            if (other.line, other.column, other.is_cut) == (wrong.line, wrong.column, wrong.is_cut) {
                assert_eq!(format!("{wrong} {wrong:?}"), format!("{other} {other:?}"));
            }
        }
        (read, expected) => panic!("{read:?} is not {expected:?}"),
    }
}
