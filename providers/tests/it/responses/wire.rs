//! Answers as the API writes them: whole, and as the events that they are made of.

use serde_json::{Value, json};
use steadfast_testkit::{Reply as Answer, SseEvent};

pub(super) fn text(id: &str, texts: &[&str]) -> Value {
    let part = |text: &&str| json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] });
    let content: Vec<Value> = texts.iter().map(part).collect();
    json!({ "type": "message", "id": id, "status": "completed", "role": "assistant", "content": content })
}

pub(super) fn refusal(id: &str, text: &str) -> Value {
    json!({ "type": "message", "id": id, "status": "completed", "role": "assistant",
            "content": [{ "type": "refusal", "refusal": text }] })
}

pub(super) fn call(id: &str, call_id: &str, name: &str, arguments: &str) -> Value {
    json!({ "type": "function_call", "id": id, "call_id": call_id, "name": name, "arguments": arguments,
            "status": "completed" })
}

pub(super) fn thought(id: &str, summaries: &[&str], opaque: Option<&str>) -> Value {
    let part = |text: &&str| json!({ "type": "summary_text", "text": text });
    let summary: Vec<Value> = summaries.iter().map(part).collect();
    json!({ "type": "reasoning", "id": id, "summary": summary, "encrypted_content": opaque })
}

pub(super) fn search(id: &str) -> Value {
    json!({ "type": "web_search_call", "id": id, "status": "completed", "action": { "type": "search", "query": "bees" } })
}

/// A complete answer.
pub(super) fn whole(output: &[Value]) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 7, "status": "completed", "error": null,
        "incomplete_details": null, "instructions": "Be brief.", "model": "gpt-x-1", "output": output, "tools": [],
        "service_tier": "default", "temperature": 1.0, "metadata": {}, "unheard_of": { "a": 1 },
        "usage": {
            "input_tokens": 37, "input_tokens_details": { "cached_tokens": 30, "cache_write_tokens": 2 },
            "output_tokens": 11, "output_tokens_details": { "reasoning_tokens": 4 }, "total_tokens": 48,
        },
    })
}

pub(super) fn begun(answer: &Value) -> Value {
    let mut begun = answer.clone();
    begun["status"] = json!("in_progress");
    begun["output"] = json!([]);
    begun["usage"] = Value::Null;
    begun
}

/// The events of an answer, the texts in pieces of three characters.
pub(super) fn events(answer: &Value) -> Vec<Value> {
    let mut events = vec![
        json!({ "type": "response.created", "response": begun(answer) }),
        json!({ "type": "response.in_progress", "response": begun(answer) }),
    ];
    for (index, item) in answer["output"].as_array().unwrap().iter().enumerate() {
        let mut added = item.clone();
        for (field, nothing) in [("content", json!([])), ("summary", json!([])), ("arguments", json!(""))] {
            if !added[field].is_null() {
                added[field] = nothing;
            }
        }
        added["encrypted_content"] = Value::Null;
        events.push(json!({ "type": "response.output_item.added", "output_index": index, "item": added }));
        let here = |mut event: Value| {
            event["item_id"] = item["id"].clone();
            event["output_index"] = json!(index);
            event
        };
        for (i, part) in parts(item, "summary") {
            let what = "response.reasoning_summary_text";
            events.extend(texts(what, "text", &part["text"]).into_iter().map(|mut event| {
                event["summary_index"] = json!(i);
                here(event)
            }));
        }
        for (i, part) in parts(item, "content") {
            let (what, field) = match part["type"].as_str().unwrap() {
                "refusal" => ("response.refusal", "refusal"),
                "output_text" => ("response.output_text", "text"),
                _ => ("response.unheard_of", "data"),
            };
            let added =
                json!({ "type": "response.content_part.added", "content_index": i, "part": { "type": part["type"] } });
            events.push(here(added));
            events.extend(texts(what, field, &part[field]).into_iter().map(|mut event| {
                event["content_index"] = json!(i);
                here(event)
            }));
            let done = json!({ "type": "response.content_part.done", "content_index": i, "part": part });
            events.push(here(done));
        }
        if item["type"] == "function_call" {
            let what = "response.function_call_arguments";
            events.extend(texts(what, "arguments", &item["arguments"]).into_iter().map(here));
        }
        events.push(json!({ "type": "response.output_item.done", "output_index": index, "item": item }));
    }
    let end = format!("response.{}", answer["status"].as_str().unwrap());
    events.push(json!({ "type": end, "response": answer }));
    numbered(events)
}

fn parts<'a>(item: &'a Value, field: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    item[field].as_array().into_iter().flatten().enumerate()
}

fn texts(what: &str, field: &str, text: &Value) -> Vec<Value> {
    let letters: Vec<char> = text.as_str().unwrap().chars().collect();
    let delta = |piece: &[char]| json!({ "type": format!("{what}.delta"), "delta": String::from_iter(piece) });
    let mut events: Vec<Value> = letters.chunks(3).map(delta).collect();
    events.push(json!({ "type": format!("{what}.done"), field: text }));
    events
}

/// The events with their numbers, from 0.
pub(super) fn numbered(mut events: Vec<Value>) -> Vec<Value> {
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events
}

/// Named as the API names them.
pub(super) fn sse(events: &[Value]) -> Answer {
    Answer::sse(events.iter().map(|event| SseEvent::named(event["type"].as_str().unwrap(), event.to_string())))
}

/// Without their names.
pub(super) fn nameless(events: &[Value]) -> Answer {
    Answer::sse(events.iter().map(|event| SseEvent::data(event.to_string())))
}
