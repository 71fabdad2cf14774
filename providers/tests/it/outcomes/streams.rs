//! Streams of every kind, put together from the words of an API.

use bytes::Bytes;
use serde_json::{Value, json};
use steadfast_providers::Api;
use steadfast_testkit::{Reply as Answer, SseEvent};

use super::words::{Mode, begun, called, calling, event, finished, whole_call};

/// A stream of these events.
pub(super) fn stream_of(events: &[Value]) -> Answer {
    Answer::sse(events.iter().cloned().map(event))
}

/// An answer that calls a tool.
pub(super) fn tool_call(api: Api, mode: Mode, arguments: &str) -> Answer {
    match mode {
        Mode::Plain => whole_call(api, arguments),
        Mode::Stream => stream_of(&[calling(api, arguments), called(api, arguments)].concat()),
    }
}

/// A stream as it is when all went well, with the line that ends those of Chat Completions.
pub(super) fn whole_stream(api: Api) -> Answer {
    let events = [begun(api), finished(api)].concat().into_iter().map(event);
    let done = (api == Api::ChatCompletions).then(|| SseEvent::data("[DONE]"));
    Answer::sse(events.chain(done))
}

/// A stream of five pieces: the beginning, the text three times more, the end.
pub(super) fn slow_stream(api: Api) -> Answer {
    let (begun, finished) = (begun(api), finished(api));
    let more = begun.last().cloned().map_or_else(Vec::new, |text| vec![text]);
    let mut number = 0;
    let pieces = [begun, more.clone(), more.clone(), more, finished].map(|events| {
        let mut wire = Vec::new();
        for mut data in events {
            if data.get("sequence_number").is_some() {
                data["sequence_number"] = json!(number);
                number += 1;
            }
            let name = data["type"].as_str().map(|kind| format!("event: {kind}\n")).unwrap_or_default();
            wire.extend_from_slice(format!("{name}data: {data}\n\n").as_bytes());
        }
        Bytes::from(wire)
    });
    Answer::status(200).header("content-type", "text/event-stream").chunks(pieces.to_vec())
}

/// Everything that the format allows and hardly anybody writes, in pieces of seven bytes.
pub(super) fn odd_stream(api: Api) -> Answer {
    let wire = format!("\u{feff}: hello\r\n\r\n{}", wire(api, "\r\n"));
    let chunks = wire.into_bytes().chunks(7).map(Bytes::copy_from_slice).collect();
    Answer::status(200).header("content-type", "text/event-stream").chunks(chunks)
}

/// The lines of a whole stream without a space in them, and with comments, ids and times that nobody asked for.
pub(super) fn wire(api: Api, end: &str) -> String {
    let mut wire = String::new();
    for (i, data) in [begun(api), finished(api)].concat().into_iter().enumerate() {
        if let Some(kind) = data["type"].as_str() {
            wire.push_str(&format!("event:{kind}{end}"));
        }
        wire.push_str(&format!(": a comment{end}id: {i}{end}retry:10{end}data:{data}{end}{end}"));
    }
    wire
}
