//! The laws of answers: as a stream and whole they come to the same, and they go back as they came.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use steadfast_pool::SseDecoder;

use super::FAMILY;
use crate::assemble::Assembler;
use crate::family::{Ask, Origin, Progress};
use crate::{Call, Event, Message, Reply, Role, Vendor};

/// A block of an answer, and where its text is cut when it is streamed.
fn block() -> impl Strategy<Value = (Value, Vec<usize>)> {
    let text = || "\\PC{0,12}";
    let citation = || (0u8..9).prop_map(|page| json!({ "type": "page_location", "page": page }));
    let input = || prop::collection::btree_map("[a-z]{1,3}", text(), 0..3).prop_map(|map| json!(map));
    let block = prop_oneof![
        4 => (text(), vec(citation(), 0..3)).prop_map(|(text, citations)| match citations.is_empty() {
            true => json!({ "type": "text", "text": text }),
            false => json!({ "type": "text", "text": text, "citations": citations }),
        }),
        2 => (text(), text()).prop_map(|(text, signature)| {
            json!({ "type": "thinking", "thinking": text, "signature": signature })
        }),
        1 => text().prop_map(|data| json!({ "type": "redacted_thinking", "data": data })),
        2 => (text(), input()).prop_map(|(id, input)| json!({ "type": "tool_use", "id": id, "name": "f", "input": input })),
        1 => input().prop_map(|input| json!({ "type": "server_tool_use", "id": "s", "name": "web_search", "input": input })),
        1 => "[a-z]{1,4}".prop_map(|to| json!({ "type": "fallback", "from": {}, "to": { "model": to } })),
        1 => text().prop_map(|data| json!({ "type": "web_search_tool_result", "content": [data] })),
    ];
    (block, vec(0usize..16, 0..4))
}

/// The text in pieces, cut where it can be.
fn pieces(text: &str, cuts: &[usize]) -> Vec<String> {
    let mut cuts: Vec<usize> = cuts.iter().copied().filter(|cut| text.is_char_boundary(*cut)).collect();
    cuts.sort_unstable();
    let (mut pieces, mut before) = (Vec::new(), 0);
    for cut in cuts.into_iter().chain([text.len()]) {
        pieces.push(text[before..cut].to_owned());
        before = cut;
    }
    pieces
}

/// The events that a block comes in.
fn events(index: usize, block: &Value, cuts: &[usize]) -> Vec<Value> {
    let (mut begins, mut deltas) = (block.clone(), Vec::new());
    let mut cut = |field: &str, kind: &str, name: &str, begins: &mut Value, with: Value| {
        let text = match &block[field] {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        begins[field] = with;
        deltas.extend(pieces(&text, cuts).into_iter().map(|piece| json!({ "type": kind, name: piece })));
    };
    match block["type"].as_str().unwrap() {
        "text" => cut("text", "text_delta", "text", &mut begins, json!("")),
        "thinking" => {
            cut("thinking", "thinking_delta", "thinking", &mut begins, json!(""));
            begins["signature"] = json!("");
            deltas.push(json!({ "type": "signature_delta", "signature": block["signature"] }));
        }
        "tool_use" | "server_tool_use" => cut("input", "input_json_delta", "partial_json", &mut begins, json!({})),
        _ => {}
    }
    if let Some(citations) = begins.as_object_mut().unwrap().remove("citations") {
        let citations = citations.as_array().unwrap();
        deltas.extend(citations.iter().map(|cited| json!({ "type": "citations_delta", "citation": cited })));
    }
    let deltas =
        deltas.into_iter().map(|delta| json!({ "type": "content_block_delta", "index": index, "delta": delta }));
    let mut events = vec![json!({ "type": "content_block_start", "index": index, "content_block": begins })];
    events.extend(deltas);
    events.push(json!({ "type": "content_block_stop", "index": index }));
    events
}

fn stream(blocks: &[(Value, Vec<usize>)]) -> Vec<Value> {
    let message = json!({ "id": "1", "model": "m", "content": [], "usage": { "input_tokens": 3, "output_tokens": 1 } });
    let mut stream = vec![json!({ "type": "message_start", "message": message })];
    stream.extend(blocks.iter().enumerate().flat_map(|(index, (block, cuts))| events(index, block, cuts)));
    let delta = json!({ "stop_reason": "tool_use", "stop_sequence": null, "container": { "id": "c" } });
    let usage = json!({ "output_tokens": 9, "service_tier": "standard" });
    stream.push(json!({ "type": "message_delta", "delta": delta, "usage": usage }));
    stream.push(json!({ "type": "message_stop" }));
    stream
}

/// What the events of a stream come to.
fn collected(stream: &[Value]) -> Reply {
    let vendor = Vendor::anthropic();
    let origin = Origin { provider: Arc::from("p"), model: Arc::from("asked") };
    let (mut decoder, mut wire, mut out) = ((FAMILY.decoder)(origin, &vendor), SseDecoder::new(), Default::default());
    for event in stream {
        wire.push(format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()).as_bytes()).unwrap();
        let progress = decoder.take(&wire.next().unwrap(), &mut out).unwrap();
        assert_eq!(progress == Progress::Done, event["type"] == "message_stop");
    }
    assert!(decoder.close(&mut out));
    let (mut message, mut reply) = (Assembler::default(), Reply::new("", "", "", crate::Finish::Unknown));
    for event in out {
        message.note(&event);
        match event {
            Event::Start { model, id, .. } => (reply.model, reply.id) = (model, id),
            Event::Extra { name, value } => drop(reply.extra.insert(name, value)),
            Event::Usage(usage) => reply.usage = usage,
            Event::Finish(finish) => reply.finish = finish,
            _ => {}
        }
    }
    reply.message = message.finish();
    reply
}

fn whole(content: &[Value]) -> Reply {
    let body = json!({ "id": "1", "type": "message", "role": "assistant", "model": "m", "content": content,
                       "stop_reason": "tool_use", "stop_sequence": null, "container": { "id": "c" },
                       "usage": { "input_tokens": 3, "output_tokens": 9, "service_tier": "standard" } });
    let whole = (FAMILY.decode)(body.to_string().as_bytes(), &Vendor::anthropic()).unwrap();
    Reply {
        id: whole.id,
        extra: whole.extra,
        usage: whole.usage.unwrap(),
        ..Reply::of("", whole.model.unwrap(), Message::of(Role::Assistant, whole.parts), whole.finish)
    }
}

proptest! {
    /// Whatever an answer is made of, and however its blocks are cut, its stream comes to what the whole answer is.
    #[test]
    fn a_stream_comes_to_the_whole(blocks in vec(block(), 0..5)) {
        let content: Vec<Value> = blocks.iter().map(|(block, _)| block.clone()).collect();
        let (whole, collected) = (whole(&content), collected(&stream(&blocks)));
        prop_assert!(whole == collected, "{:?} {:?}\n{:?} {:?}", whole, whole.extra, collected, collected.extra);
    }

    /// What the model said goes back to it as it came.
    #[test]
    fn an_answer_goes_back_as_it_came(blocks in vec(block(), 1..4)) {
        let content: Vec<Value> = blocks.into_iter().map(|(block, _)| block).collect();
        let said = whole(&content).message;
        let (call, vendor) = (Call::new("q").message(said.clone()), Vendor::anthropic());
        let ask = Ask { call: &call, model: "m", max_tokens: 1, stream: false, provider: "p", vendor: &vendor };
        let body: Value = serde_json::from_slice(&(FAMILY.encode)(&ask).unwrap()).unwrap();
        // Texts are merged, what is cited stays with the reply, and an unsigned thought cannot go back.
        let mut expected: Vec<Value> = Vec::new();
        for mut block in content {
            block.as_object_mut().unwrap().remove("citations");
            let (is_text, is_empty) = (block["type"] == "text", block["text"] == "");
            match expected.last_mut().filter(|last| is_text && last["type"] == "text") {
                Some(last) => last["text"] = json!(format!("{}{}", last["text"].as_str().unwrap(), block["text"].as_str().unwrap())),
                None if is_text && is_empty => {}
                None if block["type"] == "thinking" && block["signature"] == "" => expected.push(json!(null)),
                None => expected.push(block),
            }
        }
        expected.retain(|block| !block.is_null());
        let went = match body["messages"].get(1).map(|message| message["content"].clone()) {
            Some(Value::Array(blocks)) => blocks,
            Some(text) => vec![json!({ "type": "text", "text": text })],
            None => Vec::new(),
        };
        prop_assert_eq!(went, expected, "{:?}", said);
    }
}
