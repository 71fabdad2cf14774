//! Streams: every event, lost ones and doubled ones, errors of either shape, early ends.

use serde_json::{Value, json};
use steadfast_providers::{Call, ErrorKind, Event, Finish, Reply};
use steadfast_testkit::{Reply as Answer, Script, Server, SseEvent};

use super::{client, once, wire};
use crate::rig::{Mode, rig};

fn sample() -> Value {
    wire::whole(&[
        wire::thought("rs_1", &["First this.", "Then that."], Some("c2VhbGVk")),
        wire::text("msg_1", &["Größe: 10 µm – 🐝"]),
        wire::call("fc_1", "call_1", "find", r#"{"q":"bees"}"#),
        wire::call("fc_2", "call_2", "look", r#"{"at":"them"}"#),
        wire::search("ws_1"),
    ])
}

async fn streamed(answer: Answer) -> Result<Reply, steadfast_providers::Error> {
    once(Mode::Stream, Script::new().always(answer), Call::new("What?")).await.0
}

/// The answer without what differs between two calls.
fn bare(mut reply: Reply) -> Reply {
    reply.attempts.clear();
    reply
}

/// The whole answer.
async fn whole() -> Reply {
    bare(once(Mode::Plain, Script::new().always(Answer::json(200, sample())), Call::new("What?")).await.0.unwrap())
}

#[tokio::test]
async fn events_come_in_order_and_in_pieces() {
    let server = Server::start(Script::new().always(wire::sse(&wire::events(&sample())))).await.unwrap();
    let rig = rig();
    let provider = client(&rig, server.url());
    let mut stream = steadfast_providers::Provider::stream(&provider, Call::new("What?")).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = stream.next().await.transpose().unwrap() {
        events.push(event);
    }
    assert_eq!(events[0], Event::start("openai", "gpt-x-1", Some("resp_1".into())));
    let pieces = |piece: fn(&Event) -> Option<&String>| events.iter().filter_map(piece).cloned().collect::<Vec<_>>();
    let texts = pieces(|event| match event {
        Event::Text(text) => Some(text),
        _ => None,
    });
    assert_eq!(texts.concat(), "Größe: 10 µm – 🐝");
    assert!(texts.len() > 4);
    let thoughts = pieces(|event| match event {
        Event::Reasoning(text) => Some(text),
        _ => None,
    });
    assert_eq!(thoughts.concat(), "First this.\n\nThen that.");
    let begun = events.iter().position(|event| *event == Event::tool_call(1, "call_2", "look")).unwrap();
    let ended = events.iter().position(|event| *event == Event::tool_call_end(1)).unwrap();
    assert!(events[begun + 1..ended].iter().all(|event| matches!(event, Event::ToolCallDelta { .. })));
    assert_eq!(events.last(), Some(&Event::Finish(Finish::ToolUse)));
    assert_eq!(stream.position(), Some(wire::events(&sample()).len() as u64 - 1));
}

#[tokio::test]
async fn collected_it_is_the_whole_answer() {
    let whole = whole().await;
    let events = wire::events(&sample());
    let mut done = vec![SseEvent::data("[DONE]")];
    let named = |event: &Value| SseEvent::named(event["type"].as_str().unwrap(), event.to_string());
    let tolerated = Answer::sse(events.iter().map(named).chain(done.drain(..)));
    for answer in [wire::sse(&events), wire::nameless(&events), tolerated, Answer::json(200, sample())] {
        assert_eq!(bare(streamed(answer).await.unwrap()), whole);
    }
}

/// Whatever kind of event a gateway swallows, the answer is the same, as long as its end is there.
#[tokio::test]
async fn what_is_lost_on_the_way_comes_in_the_end() {
    let whole = whole().await;
    let events = wire::events(&sample());
    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.retain(|kind| *kind != "response.completed");
    let mut silent = sample();
    silent["output"].as_array_mut().unwrap().remove(0);
    let silent_events = wire::events(&silent);
    let silent = bare(streamed(wire::sse(&silent_events)).await.unwrap());
    for kind in kinds {
        // What is to be given back with a thought comes with its end, or not at all.
        let (events, whole) = match kind {
            "response.output_item.done" => (&silent_events, &silent),
            _ => (&events, &whole),
        };
        let left: Vec<Value> = events.iter().filter(|event| event["type"] != kind).cloned().collect();
        assert_eq!(bare(streamed(wire::sse(&left)).await.unwrap()), *whole, "without {kind}");
    }
    let ends = [events.first().unwrap().clone(), events.last().unwrap().clone()];
    assert_eq!(bare(streamed(wire::sse(&ends)).await.unwrap()), whole);
}

#[tokio::test]
async fn the_documented_stream_is_understood() {
    // https://github.com/openai/openai-openapi, examples of POST /responses: the deltas are cut there.
    let said = wire::text("msg_1", &["Hi there! How can I assist you today?"]);
    let mut events = wire::events(&wire::whole(&[said]));
    let deltas: Vec<usize> =
        (0..events.len()).filter(|at| events[*at]["type"] == "response.output_text.delta").collect();
    deltas[1..].iter().rev().for_each(|at| drop(events.remove(*at)));
    assert_eq!(streamed(wire::sse(&events)).await.unwrap().text(), "Hi there! How can I assist you today?");
}

#[tokio::test]
async fn doubled_and_late_events_do_not_count() {
    let whole = whole().await;
    let events = wire::events(&sample());
    let doubled: Vec<Value> =
        events[..events.len() - 1].iter().flat_map(|event| [event.clone(), event.clone()]).collect();
    let end = events.last().unwrap().clone();
    let repeated = [&events[..20], &events[5..20], &events[18..]].concat();
    for events in [[doubled, vec![end]].concat(), repeated] {
        assert_eq!(bare(streamed(wire::sse(&events)).await.unwrap()), whole);
    }
}

#[tokio::test]
async fn numbers_and_places_that_mean_nothing_do_no_harm() {
    let whole = whole().await;
    let change = |change: fn(&mut Value)| {
        let mut events = wire::events(&sample());
        events.iter_mut().for_each(change);
        events
    };
    for events in [
        change(|event| event["sequence_number"] = json!(0)),
        change(|event| event["sequence_number"] = json!(-1)),
        change(|event| drop(event.as_object_mut().unwrap().remove("sequence_number"))),
        change(|event| {
            if event.get("item_id").is_some() {
                event["item_id"] = json!("another");
            }
        }),
    ] {
        assert_eq!(bare(streamed(wire::sse(&events)).await.unwrap()), whole);
    }
    // Ids that change between the pieces and the end.
    let mut events = wire::events(&sample());
    let last = events.len() - 1;
    for item in events[last]["response"]["output"].as_array_mut().unwrap() {
        item["id"] = json!("changed");
    }
    assert_eq!(bare(streamed(wire::sse(&events)).await.unwrap()), whole);
}

#[tokio::test]
async fn what_is_not_known_is_skipped() {
    let whole = whole().await;
    let mut events = wire::events(&sample());
    let unknown = [
        json!({ "type": "response.sparkle.delta", "delta": { "sparkles": 7 }, "item": 7, "response": [] }),
        json!({ "type": "keepalive" }),
        json!({ "type": "response.output_text.annotation.added", "annotation": {} }),
        json!(7),
    ];
    for (at, event) in unknown.into_iter().enumerate() {
        events.insert(2 + 3 * at, event);
    }
    let reply = streamed(wire::nameless(&events)).await;
    assert_eq!(reply.map(bare).unwrap_err().kind(), ErrorKind::Malformed, "a number is no event");
    events.retain(Value::is_object);
    assert_eq!(bare(streamed(wire::sse(&events)).await.unwrap()), whole);
}

#[tokio::test]
async fn errors_in_the_middle_have_their_kind_in_either_shape() {
    let begun = wire::events(&wire::whole(&[wire::text("msg_1", &["Hel", "lo"])]));
    let begun =
        || begun[..begun.iter().position(|event| event["type"] == "response.output_text.done").unwrap()].to_vec();
    let limits = json!({ "x-ratelimit-remaining-tokens": "4735", "x-ratelimit-reset-tokens": "50.529s" });
    for (event, kind) in [
        // As documented.
        (json!({ "type": "error", "code": "server_error", "message": "oh no", "param": null }), ErrorKind::Server),
        (json!({ "type": "error", "code": "ERR_SOMETHING", "message": "oh no", "param": null }), ErrorKind::Server),
        // As seen: https://github.com/openai/openai-dotnet/issues/881.
        (
            json!({ "type": "error", "error": { "type": "too_many_requests", "code": "too_many_requests",
                                                "message": "oh no", "param": null } }),
            ErrorKind::RateLimited,
        ),
        // With headers: https://github.com/zendev-sh/goai/issues/88.
        (
            json!({ "type": "error", "error": { "type": "tokens", "code": "rate_limit_exceeded", "headers": limits,
                                                "message": "oh no", "param": null } }),
            ErrorKind::RateLimited,
        ),
        // Of a gateway.
        (json!({ "error": { "code": 503, "message": "oh no" } }), ErrorKind::Overloaded),
        (
            json!({ "type": "response.failed",
                    "response": { "status": "failed", "error": { "code": "insufficient_quota", "message": "oh no" } } }),
            ErrorKind::QuotaSpent,
        ),
    ] {
        // The number is one that came already: an error is told all the same.
        for number in [json!(0), json!(99), Value::Null] {
            let mut event = event.clone();
            event["sequence_number"] = number;
            let is_failed = event["type"] == "response.failed";
            if is_failed && event["sequence_number"] == json!(0) {
                continue;
            }
            let error = streamed(wire::nameless(&[begun(), vec![event]].concat())).await.unwrap_err();
            assert_eq!((error.kind(), error.partial_text()), (kind, Some("Hel")), "{error}");
            assert!(error.to_string().contains("oh no"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_end_without_a_terminal_event_is_truncated() {
    let events = wire::events(&sample());
    for end in [1, 9, events.len() - 1] {
        for done in [false, true] {
            let mut sent: Vec<SseEvent> = events[..end].iter().map(|event| SseEvent::data(event.to_string())).collect();
            sent.extend(done.then(|| SseEvent::data("[DONE]")));
            let (result, server, _) =
                once(Mode::Stream, Script::new().always(Answer::sse(sent)), Call::new("What?")).await;
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Truncated, "{end}");
            // Nobody said that the provider goes on.
            assert_eq!(server.seen().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_peer_cannot_make_it_grow() {
    let added = |index: u32| json!({ "type": "response.output_item.added", "output_index": index, "item": {} });
    let items: Vec<Value> = (0..5000).map(added).collect();
    let error = streamed(wire::nameless(&items)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Malformed && error.to_string().contains("4096"), "{error}");
    let delta = |index: u32| json!({ "type": "response.output_text.delta", "content_index": index, "delta": "a" });
    let pieces: Vec<Value> = (0..5000).map(delta).collect();
    let error = streamed(wire::nameless(&pieces)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Malformed && error.to_string().contains("4096"), "{error}");
}
