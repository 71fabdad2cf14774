//! Streamed answers of each API: any bytes, cut anywhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use steadfast_providers::{Client, ErrorKind, Event, Part};

use crate::desk::{Desk, now};

static CHAT: LazyLock<Desk> = LazyLock::new(|| Desk::new(Client::openai));
static RESPONSES: LazyLock<Desk> = LazyLock::new(|| Desk::new(Client::responses));
static MESSAGES: LazyLock<Desk> = LazyLock::new(|| Desk::new(Client::anthropic));

/// Reads a seed for the cuts and a stream of Chat Completions; asserts what [`messages`] does.
///
/// # Panics
///
/// When that does not hold.
pub fn chat(data: &[u8]) {
    check(&CHAT, data);
}

/// Reads a seed for the cuts and a stream of Responses; asserts what [`messages`] does.
///
/// # Panics
///
/// When that does not hold.
pub fn responses(data: &[u8]) {
    check(&RESPONSES, data);
}

/// Reads a seed for the cuts and a stream of Messages.
///
/// Whole or in pieces the stream gives the same events and ends in the same way: with its finish or with an error, after
/// which nothing comes. Events are in order: one start, each call of a tool from its start to its end, the finish last. They
/// hold no more than what came. Collected, they are the same answer.
///
/// # Panics
///
/// When that does not hold.
pub fn messages(data: &[u8]) {
    check(&MESSAGES, data);
}

fn check(desk: &Desk, data: &[u8]) {
    let [seed, stream @ ..] = data else { return };
    let whole = read(desk, [stream]);
    in_order(&whole);
    bounded(&whole.events, stream.len());
    // Few pieces, for speed: streams of all lengths come by, and with them cuts at every place.
    let longest = stream.len().div_ceil(2 + usize::from(*seed % 7)).max(1);
    // Every other input is collected in place of being read again.
    if seed & 0x80 == 0 {
        assert_eq!(whole, read(desk, stream.chunks(longest)), "in pieces of {longest}");
    } else {
        collected(desk, stream.chunks(longest), &whole);
    }
}

/// What a stream gives: events, and the error that it ends in, with the text so far.
#[derive(Debug, PartialEq)]
struct Given {
    events: Vec<Event>,
    error: Option<(ErrorKind, Option<String>)>,
}

fn read<'s>(desk: &Desk, pieces: impl IntoIterator<Item = &'s [u8]>) -> Given {
    let mut stream = desk.stream(pieces).expect("a stream has begun when its head is there");
    let mut given = Given { events: Vec::new(), error: None };
    while let Some(event) = now(stream.next()) {
        assert_eq!(given.error, None, "{event:?} after the error");
        match event {
            Ok(event) => given.events.push(event),
            Err(error) => given.error = Some((error.kind(), error.partial_text().map(str::to_owned))),
        }
    }
    assert!(now(stream.next()).is_none(), "something after the end");
    renew(desk, given.error.as_ref().map(|(kind, _)| *kind));
    given
}

/// Takes another client where this one was told of limits.
fn renew(desk: &Desk, failed: Option<ErrorKind>) {
    if matches!(failed, Some(ErrorKind::RateLimited | ErrorKind::Overloaded | ErrorKind::QuotaSpent)) {
        desk.renew();
    }
}

/// One start before anything else, the calls of tools whole and apart, the finish last.
fn in_order(given: &Given) {
    let events = &given.events;
    let starts = events.iter().filter(|event| matches!(event, Event::Start { .. })).count();
    assert!(starts <= 1, "{starts} starts");
    assert!(events.is_empty() || matches!(events[0], Event::Start { .. }), "{:?} comes first", events[0]);
    let finish = events.iter().position(|event| matches!(event, Event::Finish(_)));
    match (finish, &given.error) {
        (Some(at), None) => assert_eq!(at + 1, events.len(), "{:?} after the finish", events[at + 1]),
        (None, Some(_)) => {}
        (finish, error) => panic!("finish {finish:?} and {error:?}"),
    }
    // Of each call whether it goes on.
    let mut calls = BTreeMap::new();
    for event in events {
        match event {
            Event::ToolCallStart { index, .. } => {
                assert_eq!(calls.insert(index, true), None, "call {index} begins again")
            }
            Event::ToolCallDelta { index, .. } => assert_eq!(calls.get(index), Some(&true), "a piece of call {index}"),
            Event::ToolCallEnd { index, .. } => assert_eq!(calls.insert(index, false), Some(true), "call {index} ends"),
            Event::Usage(usage) => {
                assert!(usage.reasoning <= usage.output, "{usage:?}");
                assert!(usage.cached_read.checked_add(usage.cache_write).is_some_and(|sum| sum <= usage.input));
            }
            _ => {}
        }
    }
    assert!(finish.is_none() || calls.values().all(|goes_on| !goes_on), "a call that has no end");
}

/// As many events as bytes at most, and no more text than came: a byte that is none of UTF-8 becomes three.
fn bounded(events: &[Event], len: usize) {
    let text: usize = events.iter().map(event_len).sum();
    assert!(text <= 3 * len, "{text} bytes of text out of {len}");
    assert!(events.len() <= len + 2, "{} events out of {len} bytes", events.len());
}

fn event_len(event: &Event) -> usize {
    match event {
        Event::Text(text) | Event::Reasoning(text) | Event::Refusal(text) => text.len(),
        Event::ToolCallDelta { arguments, .. } => arguments.len(),
        _ => 0,
    }
}

/// Collected, the events are an answer of the same text, calls, usage and finish.
fn collected<'s>(desk: &Desk, pieces: impl IntoIterator<Item = &'s [u8]>, given: &Given) {
    let stream = desk.stream(pieces).expect("a stream has begun when its head is there");
    match now(stream.collect()) {
        Ok(reply) => {
            assert_eq!(given.error, None);
            assert_eq!(given.events.last(), Some(&Event::Finish(reply.finish)));
            let usage = given.events.iter().rev().find_map(|event| match event {
                Event::Usage(usage) => Some(*usage),
                _ => None,
            });
            assert_eq!(reply.usage, usage.unwrap_or_default());
            let text = |of: fn(&Event) -> Option<&str>| given.events.iter().filter_map(of).collect::<String>();
            assert_eq!(
                reply.message.text(),
                text(|event| if let Event::Text(text) = event { Some(text) } else { None })
            );
            let calls = given.events.iter().filter(|event| matches!(event, Event::ToolCallStart { .. })).count();
            assert_eq!(reply.message.tool_calls().count(), calls);
            let others = given.events.iter().filter(|event| matches!(event, Event::Other(_))).count();
            let parts = reply.message.parts.iter().filter(|part| matches!(part, Part::Other(_))).count();
            assert_eq!(parts, others);
        }
        Err(error) => {
            renew(desk, Some(error.kind()));
            assert_eq!(given.error, Some((error.kind(), error.partial_text().map(str::to_owned))));
        }
    }
}
