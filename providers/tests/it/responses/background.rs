//! Answers that the provider works on without us: taken up where a connection was lost, and looked at until complete.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Value, json};
use steadfast_clock::{Clock, shared};
use steadfast_providers::pool::CallContext;
use steadfast_providers::{Call, Client, Error, ErrorKind, Event, Finish, Provider, Reply, Vendor};
use steadfast_testkit::{LlmSim, Matcher, Reply as Answer, Script, Server};

use super::{client, patient, wire};
use crate::rig::{KEY, rig};

fn sample() -> Value {
    wire::whole(&[
        wire::thought("rs_1", &["First this.", "Then that."], Some("c2VhbGVk")),
        wire::text("msg_1", &["Größe: 10 µm – 🐝"]),
        wire::call("fc_1", "call_1", "find", r#"{"q":"bees"}"#),
    ])
}

fn call() -> Call {
    Call::new("What?").background(true)
}

/// Everything that comes, and the error at the end.
async fn drain(client: &Client, call: Call) -> (Vec<Event>, Option<Error>, Vec<u16>) {
    let mut stream = client.stream(call).await.unwrap();
    let mut events = Vec::new();
    let error = loop {
        match stream.next().await {
            Some(Ok(event)) => events.push(event),
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    let statuses = |attempts: &[steadfast_providers::Attempt]| attempts.iter().filter_map(|a| a.http.status).collect();
    let ledger = error.as_ref().map_or_else(|| statuses(stream.attempts()), |error| statuses(error.attempts()));
    (events, error, ledger)
}

/// The events of a stream that nothing happens to.
async fn undisturbed() -> Vec<Event> {
    let server = Server::start(Script::new().always(wire::sse(&wire::events(&sample())))).await.unwrap();
    let rig = rig();
    let (events, error, _) = drain(&client(&rig, server.url()), call()).await;
    assert!(error.is_none());
    events
}

fn queries(server: &Server) -> Vec<String> {
    let target = |path: &str| path.split_once("/v1/responses").map(|(_, rest)| rest.to_owned());
    server.seen().iter().filter_map(|seen| target(&seen.path)).collect()
}

/// No event is lost, and none comes twice, wherever the connection is cut.
#[tokio::test]
async fn a_stream_is_taken_up_where_it_was_cut() {
    let expected = undisturbed().await;
    let all = wire::events(&sample());
    for cut in 1..all.len() {
        for polite in [true, false] {
            let begun = wire::sse(&all[..cut]);
            let begun = if polite { begun } else { begun.truncate_after(u64::MAX) };
            let script = Script::new()
                .when(Matcher::new().method("POST"), 1, begun)
                .whenever(Matcher::new().method("GET"), wire::sse(&all[cut..]));
            let (server, rig) = (Server::start(script).await.unwrap(), rig());
            let (events, error, ledger) = drain(&client(&rig, server.url()), call()).await;
            assert!(error.is_none(), "{cut}: {error:?}");
            assert_eq!(events, expected, "{cut}");
            assert_eq!(ledger, [200, 200]);
            assert_eq!(queries(&server), ["", &format!("/resp_1?stream=true&starting_after={}", cut - 1)]);
        }
    }
}

/// A server that begins again too early is not listened to twice.
#[tokio::test]
async fn what_comes_again_is_not_told_again() {
    let expected = undisturbed().await;
    let all = wire::events(&sample());
    for (cut, from) in [(9, 0), (9, 4), (1, 0), (all.len() - 1, 2)] {
        let script = Script::new().then(wire::sse(&all[..cut])).always(wire::sse(&all[from..]));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let (events, error, _) = drain(&client(&rig, server.url()), call()).await;
        assert!(error.is_none() && events == expected, "{cut} {from} {error:?}");
    }
}

/// A connection that brings one event at a time is taken up as often as it takes.
#[tokio::test]
async fn every_connection_may_bring_one_event() {
    let expected = undisturbed().await;
    let all = wire::events(&sample());
    let script = all.iter().fold(Script::new(), |script, event| script.then(wire::sse(std::slice::from_ref(event))));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let builder = Client::responses(rig.pool.clone()).base_url(format!("{}/v1", server.url())).model("gpt-x");
    let (events, error, ledger) = patient(&rig, drain(&builder.build().unwrap(), call())).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events, expected);
    assert_eq!(ledger.len(), all.len());
}

#[tokio::test]
async fn a_stall_is_taken_up_too() {
    let expected = undisturbed().await;
    let all = wire::events(&sample());
    let script = Script::new().then(wire::sse(&all[..9]).stall_after(u64::MAX)).always(wire::sse(&all[9..]));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let (events, error, _) = patient(&rig, drain(&client(&rig, server.url()), call())).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events, expected);
}

#[tokio::test]
async fn the_rest_may_come_whole() {
    let expected = undisturbed().await;
    let all = wire::events(&sample());
    for cut in [1, 9, 20] {
        let script = Script::new().then(wire::sse(&all[..cut])).always(Answer::json(200, sample()));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let mut stream = client(&rig, server.url()).stream(call()).await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = stream.next().await.transpose().unwrap() {
            events.push(event);
        }
        let told = |events: &[Event]| {
            let events = events.to_vec();
            let mut message = steadfast_providers::ReplyStream::from_events(events.into_iter().map(Ok));
            async move {
                while message.next().await.is_some() {}
                message.collect().await.unwrap()
            }
        };
        assert_eq!(told(&events).await, told(&expected).await, "{cut}");
    }
}

/// Five times without anything new are enough, and what came is in the error.
#[tokio::test]
async fn it_is_not_taken_up_for_ever() {
    let all = wire::events(&sample());
    let cut = all.iter().position(|event| event["type"] == "response.output_text.done").unwrap();
    for refusal in [wire::sse(&[]), Answer::status(404), Answer::status(500)] {
        let script = Script::new().then(wire::sse(&all[..cut])).always(refusal.clone());
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let (_, error, _) = patient(&rig, drain(&client(&rig, server.url()), call())).await;
        let error = error.unwrap();
        assert_eq!(
            (error.kind(), error.partial_text()),
            (ErrorKind::Truncated, Some("Größe: 10 µm – 🐝")),
            "{refusal:?}"
        );
        assert!((2..=21).contains(&server.seen().len()), "{}", server.seen().len());
    }
}

#[tokio::test]
async fn only_answers_in_the_background_are_taken_up() {
    let all = wire::events(&sample());
    let script = Script::new().always(wire::sse(&all[..9]));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let (_, error, _) = drain(&client(&rig, server.url()), Call::new("What?")).await;
    assert_eq!((error.unwrap().kind(), server.seen().len()), (ErrorKind::Truncated, 1));
}

#[tokio::test]
async fn an_error_within_the_stream_is_the_end() {
    let mut all = wire::events(&sample())[..9].to_vec();
    all.push(json!({ "type": "error", "sequence_number": 9, "code": "server_error", "message": "oh no" }));
    let (server, rig) = (Server::start(Script::new().always(wire::sse(&all))).await.unwrap(), rig());
    let (_, error, _) = drain(&client(&rig, server.url()), call()).await;
    assert_eq!((error.unwrap().kind(), server.seen().len()), (ErrorKind::Server, 1));
}

#[tokio::test]
async fn the_deadline_spans_what_is_taken_up() {
    let all = wire::events(&sample());
    let script = Script::new().then(wire::sse(&all[..9])).always(wire::sse(&[]));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let deadline = rig.clock.now().saturating_add(Duration::from_millis(700));
    let call = call().context(CallContext::new().deadline(deadline));
    let (_, error, _) = patient(&rig, drain(&client(&rig, server.url()), call)).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Deadline);
    assert!(rig.clock.now() <= deadline);
}

/// From the number that a stream tells, another process goes on; what it gets is what had not come.
#[tokio::test]
async fn a_stream_is_taken_up_elsewhere() {
    let expected = undisturbed().await;
    let all = wire::events(&sample());
    let (mut at_start, mut position) = (0, None);
    for taken in 0..expected.len() {
        let server = Server::start(Script::new().always(wire::sse(&all))).await.unwrap();
        let rig = rig();
        let mut stream = client(&rig, server.url()).stream(call()).await.unwrap();
        for event in &expected[..taken] {
            assert_eq!(stream.next().await.unwrap().unwrap(), *event);
        }
        assert!(stream.position() >= position, "it does not go back");
        position = stream.position();
        let Some(after) = position else {
            at_start += 1;
            continue;
        };
        let id = stream.id().unwrap().to_owned();
        drop(stream);
        let script = Script::new().always(wire::sse(&all[usize::try_from(after).unwrap() + 1..]));
        let server = Server::start(script).await.unwrap();
        let mut rest = client(&rig, server.url()).resume(id, Some(after)).await.unwrap();
        let mut came: String = texts(&expected[..taken]);
        let mut finish = None;
        while let Some(event) = rest.next().await.transpose().unwrap() {
            if let Event::Finish(reason) = &event {
                finish = Some(reason.clone());
            }
            came.push_str(&texts(&[event]));
        }
        assert_eq!((came.as_str(), finish), ("Größe: 10 µm – 🐝", Some(Finish::ToolUse)), "{taken} {after}");
    }
    assert!(at_start <= 1, "{at_start}");
}

fn texts(events: &[Event]) -> String {
    let text = |event: &Event| match event {
        Event::Text(text) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// How far an answer is.
fn working(status: &str) -> Answer {
    let mut whole = wire::begun(&sample());
    whole["status"] = json!(status);
    Answer::json(200, whole)
}

#[tokio::test]
async fn a_plain_answer_is_looked_at_until_it_is_complete() {
    let script =
        Script::new().then(working("queued")).times(3, working("in_progress")).always(Answer::json(200, sample()));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let before = rig.clock.now();
    let reply = patient(&rig, client(&rig, server.url()).complete(call())).await.unwrap();
    assert_eq!((reply.text().as_ref(), &reply.finish), ("Größe: 10 µm – 🐝", &Finish::ToolUse));
    assert_eq!(queries(&server), ["", "/resp_1", "/resp_1", "/resp_1", "/resp_1"]);
    // The question, and the look that found it.
    assert_eq!(reply.attempts.len(), 2);
    let waited = rig.clock.now().since(before);
    assert_eq!(waited, Duration::from_micros(500_000 + 750_000 + 1_125_000 + 1_687_500));
}

#[tokio::test]
async fn looking_obeys_the_deadline_and_the_server() {
    let script = Script::new().always(working("queued").header("retry-after", "20"));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let deadline = rig.clock.now().saturating_add(Duration::from_secs(50));
    let call = call().context(CallContext::new().deadline(deadline));
    let error = patient(&rig, client(&rig, server.url()).complete(call)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(server.seen().len(), 4);
    assert!(rig.clock.now() <= deadline);
}

#[tokio::test]
async fn a_stored_failure_is_asked_for_once() {
    let mut failed = sample();
    failed["status"] = json!("failed");
    failed["error"] = json!({ "code": "server_error", "message": "oh no" });
    let script = Script::new().always(Answer::json(200, failed));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let error = client(&rig, server.url()).retrieve("resp_1").await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Server, 1));
}

#[tokio::test]
async fn dropping_calls_off_where_that_is_asked_for() {
    for (cancel, expected) in [(true, 1), (false, 0)] {
        for streamed in [true, false] {
            let begun = wire::sse(&wire::events(&sample())[..9]).stall_after(u64::MAX);
            let script = Script::new()
                .whenever(Matcher::new().path("/v1/responses/resp_1/cancel"), working("cancelled"))
                .then(if streamed { begun } else { working("queued") })
                .always(working("in_progress"));
            let (server, rig) = (Server::start(script).await.unwrap(), rig());
            let client = client(&rig, server.url());
            let call = call().cancel_on_drop(cancel);
            if streamed {
                let mut stream = client.stream(call).await.unwrap();
                assert!(stream.next().await.unwrap().is_ok());
            } else {
                let mut answer = client.complete(call);
                while rig.clock.waiting() == 0 || server.seen().is_empty() {
                    let polled = poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await;
                    assert!(polled.is_pending());
                    tokio::task::yield_now().await;
                }
                patient_until(|| server.seen().len() == 1).await;
                for _ in 0..2000 {
                    assert!(poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await.is_pending());
                    tokio::task::yield_now().await;
                }
                drop(answer);
            }
            let cancels = || queries(&server).iter().filter(|query| query.ends_with("/cancel")).count();
            if expected == 1 {
                patient_until(|| cancels() == 1).await;
            } else {
                for _ in 0..2000 {
                    tokio::task::yield_now().await;
                }
            }
            assert_eq!(cancels(), expected, "{cancel} {streamed}");
        }
    }
}

async fn patient_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn ids_are_looked_at_and_other_apis_keep_nothing() {
    let (server, rig) = (Server::start(Script::new().always(Answer::status(404))).await.unwrap(), rig());
    let responses = client(&rig, server.url());
    for wrong in ["", "..", "a b"] {
        assert_eq!(responses.retrieve(wrong).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
        assert_eq!(responses.resume(wrong, None).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
    assert!(server.seen().is_empty());
    assert_eq!(responses.retrieve("resp_0").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(responses.stored("resp_0").cancel().await.unwrap_err().kind(), ErrorKind::NotFound);
    let chat = Client::builder(rig.pool.clone(), Vendor::openai()).base_url(server.url()).model("m").build().unwrap();
    assert_eq!(chat.retrieve("resp_0").await.unwrap_err().kind(), ErrorKind::Unsupported);
}

/// A simulated provider that works by itself, and a proxy of faults before it.
#[tokio::test]
async fn a_simulated_provider_goes_on_without_us() {
    let rig = rig();
    let cut = Answer::pass().truncate_after(2000);
    let faults = Script::new().when(Matcher::new().path("/v1/responses"), 3, cut);
    let sim = LlmSim::builder()
        .require_key(KEY)
        .answer("One two three, four five six seven.")
        .timer(shared(rig.clock.clone()))
        .faults(faults)
        .start()
        .await
        .unwrap();
    let client = client(&rig, sim.openai_url().trim_end_matches("/v1"));
    let streamed = patient(&rig, async { client.stream(call()).await?.collect().await }).await.unwrap();
    assert_eq!(streamed.text(), "One two three, four five six seven.");
    assert_eq!(streamed.attempts.len(), 4);
    let plain = patient(&rig, client.complete(call())).await.unwrap();
    let again = client.retrieve(plain.id.clone().unwrap()).await.unwrap();
    let bare = |reply: &Reply| (reply.text().into_owned(), reply.usage, reply.finish.clone());
    assert_eq!(bare(&plain), bare(&streamed));
    assert_eq!(bare(&again), bare(&plain));
}
