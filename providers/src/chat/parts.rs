//! Contents that come as a list of parts.

use serde_json::Value;

use crate::{Api, Event, Other};

/// What a part says. What is not known stays in the API's words.
pub(super) fn events_of(part: Value) -> Vec<Event> {
    let field = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let said = match (&*field("type"), &part) {
        (_, Value::String(text)) => Event::Text(text.clone()),
        ("text" | "output_text" | "", part) if part.get("text").is_some() => Event::Text(field("text")),
        ("refusal", _) => Event::Refusal(field("refusal")),
        // Mistral's: a list of texts.
        ("thinking", part) => Event::Reasoning(match part.get("thinking") {
            Some(Value::String(thought)) => thought.clone(),
            Some(Value::Array(list)) => {
                list.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
            }
            _ => String::new(),
        }),
        (_, Value::Object(map)) if map.is_empty() => return Vec::new(),
        (_, Value::Object(_)) => return vec![Event::Other(Other::new(Api::ChatCompletions, part))],
        _ => return Vec::new(),
    };
    let is_empty =
        matches!(&said, Event::Text(text) | Event::Refusal(text) | Event::Reasoning(text) if text.is_empty());
    if is_empty { Vec::new() } else { vec![said] }
}
