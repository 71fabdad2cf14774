//! What is special about streams: order, early ends, stalls, dropping.

use std::time::Duration;

use bytes::Bytes;
use steadfast_providers::pool::Reached;
use steadfast_providers::{Call, Error, ErrorKind, Event, Finish, ReplyStream};
use steadfast_testkit::{Reply as Answer, Script, Server, SseEvent};

use crate::rig::{Mode, VENDORS, ask, once, rig, wire};

/// All events, and the error at the end if there is one.
async fn drain(stream: &mut ReplyStream) -> (Vec<Event>, Option<Error>) {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "there is nothing after an error");
                return (events, Some(error));
            }
        }
    }
    assert!(stream.next().await.is_none());
    (events, None)
}

#[tokio::test]
async fn events_come_in_order() {
    for vendor in VENDORS {
        let script = Script::new().always(Answer::sse(vendor.events(&["Hel", "lo"])));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let mut stream = vendor.client(&rig.pool, server.url()).stream(Call::new("a")).await.unwrap();
        let (mut events, error) = drain(&mut stream).await;
        assert!(error.is_none());
        let first_usage = |event: &Event| matches!(event, Event::Usage(usage) if usage.output == 1);
        events.retain(|event| !first_usage(event));
        let usage = steadfast_providers::Usage::new(7, 3, 0, 2, 0);
        let start = Event::start(vendor.name(), "m-1", Some("id-1".into()));
        let (hel, lo) = (Event::Text("Hel".into()), Event::Text("lo".into()));
        assert_eq!(events, [start, hel, lo, Event::Usage(usage), Event::Finish(Finish::Stop)], "{vendor}");
        assert_eq!(stream.attempts()[0].http.reached, Reached::Body);
    }
}

#[tokio::test]
async fn nothing_is_added_to_a_call_of_a_tool_after_its_end() {
    let piece = |index: u32, rest: &str| {
        let call = format!("{{\"index\":{index},{rest}}}");
        SseEvent::data(format!("{{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{call}]}}}}]}}"))
    };
    let arguments = |text: &str| format!("\"function\":{{\"arguments\":\"{text}\"}}");
    let named = |name: &str| format!("\"id\":\"{name}\",\"function\":{{\"name\":\"{name}\",\"arguments\":\"{{}}\"}}");
    let finish = SseEvent::data("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}");
    for (more, expected) in [("\\n ", None), (":1}", Some(ErrorKind::Malformed))] {
        let events = [piece(0, &named("f")), piece(1, &named("g")), piece(0, &arguments(more)), finish.clone()];
        let script = Script::new().always(Answer::sse(events.to_vec()));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let mut stream = VENDORS[0].client(&rig.pool, server.url()).stream(Call::new("a")).await.unwrap();
        let (events, error) = drain(&mut stream).await;
        assert_eq!(error.map(|error| error.kind()), expected, "{more}");
        let end = events.iter().position(|event| *event == Event::tool_call_end(0)).unwrap();
        let is_more = |event: &Event| matches!(event, Event::ToolCallDelta { index: 0, .. });
        assert!(!events[end..].iter().any(is_more), "{events:?}");
    }
}

#[tokio::test]
async fn an_early_end_is_truncated_and_keeps_the_text() {
    for vendor in VENDORS {
        let events = vendor.unfinished(&["Hel", "lo"]);
        let polite = Answer::sse(events.clone());
        for fault in [polite.clone(), polite.clone().truncate_after(u64::MAX), polite.reset_after(u64::MAX)] {
            let (result, server, _) = once(vendor, Mode::Stream, Script::new().always(fault.clone())).await;
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated, "{vendor} {fault:?}: {error}");
            // A reset may overtake what was sent before it.
            let text = error.partial_text().unwrap_or_default();
            assert!("Hello".starts_with(text), "{text}");
            assert_eq!(server.seen().len(), 1);
            let last = error.attempts().last().unwrap();
            assert!(last.http.error.is_some() && last.http.maybe_executed);
        }
        let (result, ..) = once(vendor, Mode::Stream, Script::new().always(Answer::sse(events))).await;
        assert_eq!(result.unwrap_err().partial_text(), Some("Hello"));
    }
}

#[tokio::test]
async fn an_end_after_the_finish_does_not_matter() {
    for vendor in VENDORS {
        let answer = Answer::sse(vendor.events(&["hello"])).truncate_after(u64::MAX);
        let (result, ..) = once(vendor, Mode::Stream, Script::new().always(answer)).await;
        assert_eq!(result.unwrap().text(), "hello", "{vendor}");
    }
}

#[tokio::test]
async fn errors_in_the_middle_have_their_kind_and_the_text() {
    for vendor in VENDORS {
        for (class, kind) in [
            (vendor.overloaded(), ErrorKind::Overloaded),
            ("authentication_error", ErrorKind::Authentication),
            ("never_seen_before", ErrorKind::Server),
        ] {
            let mut events = vendor.unfinished(&["Hel", "lo"]);
            events.push(vendor.error_event(class, "oh no"));
            let (result, ..) = once(vendor, Mode::Stream, Script::new().always(Answer::sse(events))).await;
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.partial_text()), (kind, Some("Hello")), "{vendor} {class}");
            assert!(error.to_string().contains("oh no"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_stall_is_a_timeout() {
    for vendor in VENDORS {
        let answer = Answer::sse(vendor.unfinished(&["Hello"])).stall_after(u64::MAX);
        let (server, rig) = (Server::start(Script::new().always(answer)).await.unwrap(), rig());
        let mut stream = vendor.client(&rig.pool, server.url()).stream(Call::new("a")).await.unwrap();
        loop {
            match stream.next().await.unwrap().unwrap() {
                Event::Text(text) => break assert_eq!(text, "Hello"),
                _ => continue,
            }
        }
        let silence = async {
            while rig.clock.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            rig.clock.advance(Duration::from_secs(60));
        };
        let (event, ()) = tokio::join!(stream.next(), silence);
        let error = event.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.partial_text()), (ErrorKind::Timeout, Some("Hello")), "{error}");
    }
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    for vendor in VENDORS {
        let answer = Answer::sse(vendor.unfinished(&["Hello"])).stall_after(u64::MAX);
        let (server, rig) = (Server::start(Script::new().always(answer)).await.unwrap(), rig());
        let mut stream = vendor.client(&rig.pool, server.url()).stream(Call::new("a")).await.unwrap();
        assert!(stream.next().await.unwrap().is_ok());
        assert_eq!(server.open_connections(), 1);
        drop(stream);
        while server.open_connections() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn chunks_may_cut_anything() {
    for vendor in VENDORS {
        let said = "Größe: 10 µm – 🐝";
        let events = vendor.events(&[said]);
        let whole = {
            // The wire form of the events, taken from what the vendor's own events would be.
            let (result, server, _) = once(vendor, Mode::Stream, Script::new().always(Answer::sse(events))).await;
            assert_eq!(server.seen().len(), 1);
            result.unwrap()
        };
        assert_eq!(whole.text(), said);
        let body = match vendor {
            crate::rig::Vendor::OpenAi => {
                let chunk =
                    format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{said}\"}},\"finish_reason\":\"stop\"}}]}}");
                Bytes::from(format!(": hello\r\n\r\ndata:{chunk}\r\n\r\ndata: [DONE]\r\n\r\n"))
            }
            crate::rig::Vendor::Anthropic => wire(&[
                ("message_start", r#"{"type":"message_start","message":{}}"#),
                ("content_block_delta", &format!(r#"{{"delta":{{"type":"text_delta","text":"{said}"}}}}"#)),
                ("message_stop", "{}"),
            ]),
        };
        let single = body.chunks(1).map(Bytes::copy_from_slice).collect();
        let (result, ..) = once(vendor, Mode::Stream, Script::new().always(Answer::status(200).chunks(single))).await;
        assert_eq!(result.unwrap().text(), said);
    }
}

#[tokio::test]
async fn a_source_of_your_own_must_finish() {
    let text = || Ok(Event::Text("a".into()));
    let finished = ReplyStream::from_events([text(), text(), Ok(Event::Finish(Finish::Stop))]);
    assert_eq!(finished.collect().await.unwrap().text(), "aa");
    let unfinished = ReplyStream::from_events([Ok(Event::start("mine", "m", None)), text()]);
    let error = unfinished.collect().await.unwrap_err();
    assert_eq!((error.kind(), error.provider(), error.partial_text()), (ErrorKind::Truncated, "mine", Some("a")));
}

#[tokio::test]
async fn what_failed_cannot_be_collected() {
    let broken = Error::new(ErrorKind::Server, "mine", "no");
    let mut stream = ReplyStream::from_events([Ok(Event::Text("a".into())), Err(broken)]);
    let (events, error) = drain(&mut stream).await;
    assert_eq!((events.len(), error.unwrap().kind()), (1, ErrorKind::Server));
    assert_eq!(stream.collect().await.unwrap_err().kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn a_stream_can_be_collected_from_the_middle() {
    let text = || Ok(Event::Text("a".into()));
    let mut stream = ReplyStream::from_events([text(), text(), Ok(Event::Finish(Finish::Stop))]);
    assert!(stream.next().await.unwrap().is_ok());
    assert_eq!(stream.collect().await.unwrap().text(), "aa");
}

#[tokio::test]
async fn openai_reads_usage_that_comes_with_every_chunk() {
    let chunk = |rest: &str| SseEvent::data(format!("{{\"choices\":[{{{rest}}}],\"usage\":{{\"prompt_tokens\":1}}}}"));
    let events = [chunk(r#""delta":{"content":"a"}"#), chunk(r#""delta":{},"finish_reason":"stop""#)];
    let (result, ..) = once(crate::rig::Vendor::OpenAi, Mode::Stream, Script::new().always(Answer::sse(events))).await;
    assert_eq!(result.unwrap().usage.input, 1);
}

#[tokio::test]
async fn refusals_are_told() {
    let refusal = SseEvent::data(r#"{"choices":[{"delta":{"refusal":"No."}}]}"#);
    let end = SseEvent::data(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#);
    let script = Script::new().always(Answer::sse([refusal, end]));
    let reply = once(crate::rig::Vendor::OpenAi, Mode::Stream, script).await.0.unwrap();
    assert_eq!((reply.refusal().unwrap().as_str(), reply.finish.clone()), ("No.", Finish::Refusal));
    let whole = serde_json::json!({ "choices": [{ "message": { "content": null, "refusal": "No." }, "finish_reason": "stop" }] });
    let script = Script::new().always(Answer::json(200, whole));
    let reply = once(crate::rig::Vendor::OpenAi, Mode::Plain, script).await.0.unwrap();
    assert_eq!((reply.refusal().unwrap().as_str(), reply.finish.clone()), ("No.", Finish::Refusal));
}

/// An error within a stream counts as a failure of the provider, although the head of the answer was a success.
#[tokio::test]
async fn errors_within_streams_open_the_breaker() {
    for vendor in VENDORS {
        let broken = Answer::sse([vendor.error_event(vendor.overloaded(), "Overloaded")]);
        let server = Server::start(Script::new().always(broken)).await.unwrap();
        let rig = rig();
        let client = vendor.client(&rig.pool, server.url());
        let mut kinds = Vec::new();
        for _ in 0..9 {
            kinds.push(ask(&*client, Mode::Stream, Call::new("a")).await.unwrap_err().kind());
        }
        assert!(kinds.starts_with(&[ErrorKind::Overloaded]) && kinds.ends_with(&[ErrorKind::BreakerOpen]), "{kinds:?}");
        assert!(server.seen().len() < 9);
    }
}
