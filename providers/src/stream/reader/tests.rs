//! The reader against recorded streams, at every chunk boundary.

mod contract;

use std::sync::Arc;

use proptest::prelude::*;
use steadfast_pool::SseDecoder;

use super::*;
use crate::{Finish, Usage};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/", $name))
    };
}

const OPENAI: &[u8] = fixture!("openai_stream.sse");
const ANTHROPIC: &[&[u8]] = &[
    fixture!("anthropic_stream_basic.sse"),
    fixture!("anthropic_stream_delta_no_usage.sse"),
    fixture!("anthropic_stream_refusal.sse"),
    fixture!("anthropic_stream_server_fallback.sse"),
    fixture!("anthropic_stream_tool_bad_json.sse"),
    fixture!("anthropic_stream_tool_use.sse"),
    fixture!("anthropic_stream_unknown_events.sse"),
    fixture!("anthropic_recorded_stream.sse"),
];

fn reader(vendor: &Vendor) -> Reader {
    let origin = Origin { provider: Arc::from(&*vendor.name), model: Arc::from("asked") };
    Reader::new(vendor.api.family().unwrap(), Arc::new(vendor.clone()), origin)
}

/// Everything that comes out of a body which comes in these chunks.
fn read<'a>(vendor: &Vendor, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Fault>) {
    let mut reader = reader(vendor);
    let mut fault = None;
    for chunk in chunks {
        match reader.feed(chunk) {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => return (std::iter::from_fn(|| reader.next()).collect(), None),
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    let fault = fault.or_else(|| reader.close().err());
    (std::iter::from_fn(|| reader.next()).collect(), fault)
}

fn events(vendor: &Vendor, body: &str) -> Vec<Event> {
    let (events, fault) = read(vendor, [body.as_bytes()]);
    assert_eq!(fault, None, "{body}");
    events
}

fn fault(vendor: &Vendor, body: &str) -> Fault {
    read(vendor, [body.as_bytes()]).1.unwrap()
}

fn text(events: &[Event]) -> String {
    let text = |event: &Event| match event {
        Event::Text(text) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// What an answer comes to: start, text, the last usage, finish.
fn sum(events: &[Event]) -> (Event, String, Option<Usage>, Event) {
    let usage = events.iter().rev().find_map(|event| match event {
        Event::Usage(usage) => Some(*usage),
        _ => None,
    });
    (events[0].clone(), text(events), usage, events[events.len() - 1].clone())
}

fn check_anthropic(at: usize, id: &str, model: &str, said: &str, usage: Usage, finish: Finish) {
    let (events, fault) = read(&Vendor::anthropic(), [ANTHROPIC[at]]);
    assert_eq!(fault, None);
    let start = Event::start("anthropic", model, Some(id.to_owned()));
    assert_eq!(sum(&events), (start, said.to_owned(), Some(usage), Event::Finish(finish)));
}

#[test]
fn recorded_anthropic_streams_are_understood() {
    let opus = "claude-3-opus-latest";
    let (basic, tool) = ("msg_4QpJur2dWWDjF6C758FbBw5vm12BaVipnK", "msg_019Q1hrJbZG26Fb9BQhrkHEr");
    let weather = "I'll check the current weather in Paris for you.";
    check_anthropic(0, basic, opus, "Hello there!", Usage::new(11, 0, 0, 6, 0), Finish::Stop);
    let (id, model) = ("msg_01MessageDeltaOmitted00000001", "claude-sonnet-4-5");
    check_anthropic(1, id, model, "Hello there!", Usage::new(40, 5, 10, 8, 0), Finish::Stop);
    let (id, model) = ("msg_01RefusalTestMessage123456789", "claude-opus-4-7");
    check_anthropic(2, id, model, "", Usage::new(20, 0, 0, 0, 0), Finish::Refusal);
    // The answer is that of the model that it was moved to.
    let id = "msg_01FallbackModelRelabel000001";
    check_anthropic(3, id, "claude-sonnet-4-5", "Hello there!", Usage::new(25, 0, 0, 8, 0), Finish::Stop);
    let model = "claude-sonnet-4-20250514";
    check_anthropic(4, tool, model, weather, Usage::new(377, 0, 0, 65, 0), Finish::ToolUse);
    check_anthropic(5, tool, model, weather, Usage::new(377, 0, 0, 65, 0), Finish::ToolUse);
    check_anthropic(6, basic, opus, "Hello there!", Usage::new(11, 0, 0, 6, 0), Finish::Stop);
    let (id, model) = ("msg_013nnniYDrJDocdy5nrMU7cH", "claude-sonnet-4-5-20250929");
    check_anthropic(7, id, model, "[12345,67890]", Usage::new(135, 0, 0, 10, 0), Finish::Stop);
}

#[test]
fn the_documented_openai_stream_is_understood() {
    let (events, fault) = read(&Vendor::openai(), [OPENAI]);
    assert_eq!(fault, None);
    let start = Event::start("openai", "gpt-4o-mini", Some(String::from("chatcmpl-123")));
    let usage = Usage::new(19, 4, 0, 10, 2);
    assert_eq!(sum(&events), (start, String::from("Hello"), Some(usage), Event::Finish(Finish::Stop)));
}

#[test]
fn every_two_chunks_read_like_one() {
    for (vendor, bodies) in [(&Vendor::openai(), &[OPENAI][..]), (&Vendor::anthropic(), ANTHROPIC)] {
        for body in bodies {
            let expected = read(vendor, [*body]);
            for cut in 0..=body.len() {
                let (left, right) = body.split_at(cut);
                assert_eq!(read(vendor, [left, right]), expected, "cut at {cut}");
            }
            assert_eq!(read(vendor, body.chunks(1)), expected, "byte by byte");
        }
    }
}

#[test]
fn a_stream_that_is_cut_anywhere_is_truncated() {
    for (vendor, bodies) in [(&Vendor::openai(), &[OPENAI][..]), (&Vendor::anthropic(), ANTHROPIC)] {
        for body in bodies {
            // Beyond the finish nothing can be lost.
            let end = finished(vendor, body);
            for cut in 0..end {
                assert_eq!(read(vendor, [&body[..cut]]).1, Some(Fault::Truncated), "cut at {cut}");
            }
            assert_eq!(read(vendor, [&body[..end]]).1, None);
        }
    }
}

/// How many bytes it takes until the answer is complete.
fn finished(vendor: &Vendor, body: &[u8]) -> usize {
    let origin = Origin { provider: Arc::from("x"), model: Arc::from("x") };
    let mut decoder = (vendor.api.family().unwrap().decoder)(origin, vendor);
    let mut events = SseDecoder::new();
    for (at, byte) in body.iter().enumerate() {
        events.push(&[*byte]).unwrap();
        let mut out = VecDeque::new();
        while let Some(event) = events.next() {
            decoder.take(&event, &mut out).unwrap();
            // OpenAI's decoder would give its finish away: it is asked on the last chunk that has one.
            let has_finish = event.data.contains("\"finish_reason\":\"") || event.data.contains("message_stop");
            if has_finish {
                return at + 1;
            }
        }
    }
    body.len()
}

#[test]
fn framing_does_not_matter() {
    let plain = String::from_utf8(OPENAI.to_vec()).unwrap();
    let expected = events(&Vendor::openai(), &plain);
    for framed in [
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace("data: ", "data:"),
        format!("\u{feff}{plain}"),
        format!("\n\n \n: OPENROUTER PROCESSING\n\n{}", plain.replace("\n\n", "\n\n: keep-alive\n\n")),
        plain.replace("data: ", "id: 7\nretry: 10\nevent: message\ndata: "),
    ] {
        assert_eq!(events(&Vendor::openai(), &framed), expected, "{framed:?}");
    }
}

#[test]
fn an_unterminated_last_event_is_discarded() {
    let stream = std::str::from_utf8(ANTHROPIC[0]).unwrap().trim_end();
    assert_eq!(fault(&Vendor::anthropic(), stream), Fault::Truncated);
}

#[test]
fn openai_streams_without_done_or_usage_are_complete() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n";
    let expected = [Event::start("openai", "asked", None), Event::Text("a".into()), Event::Finish(Finish::Length)];
    assert_eq!(events(&Vendor::openai(), stream), expected);
    assert_eq!(fault(&Vendor::openai(), "data: {\"choices\":[]}\n\ndata: [DONE]\n\n"), Fault::Truncated);
}

#[test]
fn errors_inside_of_a_stream_are_told() {
    let check = |vendor: &Vendor, data: &str, words: &[&str], number: Option<u16>| match fault(vendor, data) {
        Fault::Told(problem) => {
            assert_eq!(problem.words().collect::<Vec<_>>(), words, "{data}");
            assert_eq!(problem.number, number, "{data}");
        }
        other => panic!("{data}: {other:?}"),
    };
    let openai = &Vendor::openai();
    let server_error = r#"{"error":{"message":"m","type":"server_error","param":null,"code":null}}"#;
    check(openai, &format!("data: {server_error}\n\n"), &["server_error"], None);
    check(openai, "data: {\"object\":\"error\",\"message\":\"m\",\"code\":400}\n\n", &[], Some(400));
    check(
        openai,
        "data: {\"error\":{\"code\":502,\"message\":\"m\",\"metadata\":{}},\"choices\":[]}\n\n",
        &[],
        Some(502),
    );
    check(openai, "event: error\ndata: {\"message\":\"m\",\"code\":\"slow_down\"}\n\n", &["slow_down"], None);
    let overloaded = "event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": \"m\"}}\n\n";
    check(&Vendor::anthropic(), overloaded, &["overloaded_error"], None);
    check(&Vendor::anthropic(), &overloaded.replace("event: error\n", ""), &["overloaded_error"], None);
    // Falsy errors are none.
    let fine = "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    assert_eq!(text(&events(openai, fine)), "a");
}

#[test]
fn an_answer_that_is_no_stream_is_understood() {
    let whole = r#" {"id":"1","model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#;
    let expected =
        [Event::start("openai", "m", Some("1".into())), Event::Text("hi".into()), Event::Finish(Finish::Stop)];
    assert_eq!(events(&Vendor::openai(), whole), expected);
    assert!(matches!(fault(&Vendor::openai(), r#"{"error":{"code":502,"message":"m"}}"#), Fault::Told(_)));
    assert!(matches!(fault(&Vendor::openai(), "<html>"), Fault::Malformed(_)));
    assert!(matches!(fault(&Vendor::openai(), "data: {\n\n"), Fault::Malformed(_)));
    assert!(matches!(fault(&Vendor::anthropic(), "event: message_start\ndata: {}\n\n"), Fault::Malformed(_)));
    assert_eq!(fault(&Vendor::openai(), ""), Fault::Truncated);
    let unknown = "event: from_the_future\ndata: not json\n\n";
    let stream = format!("{unknown}{}{unknown}", std::str::from_utf8(ANTHROPIC[0]).unwrap());
    assert_eq!(text(&events(&Vendor::anthropic(), &stream)), "Hello there!");
}

proptest! {
    /// However a stream is cut into chunks, it reads the same.
    #[test]
    fn chunks_do_not_matter(
        at in 0..ANTHROPIC.len() + 1,
        mut cuts in prop::collection::vec(0usize..3000, 0..12),
    ) {
        let (vendor, body) = match ANTHROPIC.get(at) {
            Some(body) => (&Vendor::anthropic(), *body),
            None => (&Vendor::openai(), OPENAI),
        };
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut rest = body;
        let mut before = 0;
        for cut in cuts {
            let (chunk, tail) = rest.split_at((cut - before).min(rest.len()));
            chunks.push(chunk);
            rest = tail;
            before = cut;
        }
        chunks.push(rest);
        prop_assert_eq!(read(vendor, chunks), read(vendor, [body]));
    }

    /// No body, whatever is in it, panics the reader, and what it gives is never a finish with a fault.
    #[test]
    fn garbage_is_survived(body in "(data: |event: |error|\\{|\\}|\"choices\"|:|\\[|\\]|[a-z\"0-9 ]|\n){0,60}") {
        for vendor in [&Vendor::openai(), &Vendor::anthropic()] {
            let (events, fault) = read(vendor, [body.as_bytes()]);
            let finished = events.iter().any(|event| matches!(event, Event::Finish(_)));
            prop_assert_ne!(finished, fault.is_some());
        }
    }

    /// A text survives the wire, whatever characters are in it and wherever it is cut.
    #[test]
    fn texts_survive(said in "\\PC{1,40}", cut in 0usize..400) {
        let json = serde_json::json!({"choices": [{"delta": {"content": said}, "finish_reason": "stop"}]});
        let body = format!("data: {json}\n\n");
        let (left, right) = body.as_bytes().split_at(cut.min(body.len()));
        let (events, fault) = read(&Vendor::openai(), [left, right]);
        prop_assert_eq!(fault, None);
        prop_assert_eq!(text(&events), said);
    }
}
