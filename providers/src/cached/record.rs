//! An answer as a cache keeps it: a recording of lines in a form of its own, whatever becomes of the types of this crate.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use steadfast_cache::{CacheError, Recording, Tape};

use crate::assemble::Assembler;
use crate::{Api, Event, Finish, Other, Prices, ReasoningEnd, Reply, Terms, Usage, Usd};

/// Says in the first line what the lines mean. Rises with every change of that.
const FORM: &str = "steadfast reply v2";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Start { form: String, provider: String, model: String, id: Option<String> },
    Text(String),
    Reasoning(String),
    ReasoningEnd { id: Option<String>, signature: Option<String>, opaque: Option<String> },
    Refusal(String),
    ToolCallStart { index: u32, id: String, name: String },
    ToolCallDelta { index: u32, arguments: String },
    ToolCallEnd { index: u32 },
    Other { api: Api, value: Value },
    Extra { name: String, value: Value },
    Usage { input: u64, cached_read: u64, cache_write: u64, output: u64, reasoning: u64 },
    Finish(String),
}

/// Takes down one event.
pub(super) fn take_down(tape: &mut Tape, event: &Event) {
    let line = match event.clone() {
        Event::Start { provider, model, id } => Line::Start { form: FORM.to_owned(), provider, model, id },
        Event::Text(text) => Line::Text(text),
        Event::Reasoning(text) => Line::Reasoning(text),
        Event::ReasoningEnd(ReasoningEnd { id, signature, opaque }) => Line::ReasoningEnd { id, signature, opaque },
        Event::Refusal(text) => Line::Refusal(text),
        Event::ToolCallStart { index, id, name } => Line::ToolCallStart { index, id, name },
        Event::ToolCallDelta { index, arguments } => Line::ToolCallDelta { index, arguments },
        Event::ToolCallEnd { index } => Line::ToolCallEnd { index },
        Event::Other(Other { api, value }) => Line::Other { api, value },
        Event::Extra { name, value } => Line::Extra { name, value },
        Event::Usage(Usage { input, cached_read, cache_write, output, reasoning }) => {
            Line::Usage { input, cached_read, cache_write, output, reasoning }
        }
        Event::Finish(finish) => Line::Finish(finish.as_str().to_owned()),
        // An answer with a seam is not kept.
        Event::Seam(_) => return,
    };
    // A line of texts and numbers is always written; without one, the recording would not be read.
    tape.record(serde_json::to_vec(&line).unwrap_or_default());
}

/// The events of a recording: a start, texts and usage, a finish.
///
/// # Errors
///
/// [`CacheError::Corrupt`] when it is something else.
pub(super) fn events_in(body: Bytes) -> Result<Vec<Event>, CacheError> {
    let lines = Recording::from_body(body)?;
    let mut events = Vec::new();
    for line in &lines {
        // What is wrong is not told: it might be contents.
        let line = serde_json::from_slice(&line).map_err(|_| corrupt("a line that is none"))?;
        events.push(read(line)?);
    }
    let last = events.len().saturating_sub(1);
    let in_order = events.len() > 1
        && matches!(events[0], Event::Start { .. })
        && events.iter().enumerate().all(|(at, event)| matches!(event, Event::Finish(_)) == (at == last));
    if in_order { Ok(events) } else { Err(corrupt("an answer out of order")) }
}

fn read(line: Line) -> Result<Event, CacheError> {
    Ok(match line {
        Line::Start { form, .. } if form != FORM => return Err(corrupt("an answer of another form")),
        Line::Start { provider, model, id, .. } => Event::start(provider, model, id),
        Line::Text(text) => Event::Text(text),
        Line::Reasoning(text) => Event::Reasoning(text),
        Line::ReasoningEnd { id, signature, opaque } => Event::ReasoningEnd(ReasoningEnd { id, signature, opaque }),
        Line::Refusal(text) => Event::Refusal(text),
        Line::ToolCallStart { index, id, name } => Event::ToolCallStart { index, id, name },
        Line::ToolCallDelta { index, arguments } => Event::ToolCallDelta { index, arguments },
        Line::ToolCallEnd { index } => Event::ToolCallEnd { index },
        Line::Other { api, value } => Event::Other(Other { api, value }),
        Line::Extra { name, value } => Event::Extra { name, value },
        Line::Usage { input, cached_read, cache_write, output, reasoning } => {
            Event::Usage(Usage { input, cached_read, cache_write, output, reasoning })
        }
        Line::Finish(word) => Event::Finish(finish(word)),
    })
}

fn finish(word: String) -> Finish {
    let known =
        [Finish::Stop, Finish::Length, Finish::ToolUse, Finish::ContentFilter, Finish::Refusal, Finish::Unknown];
    known.into_iter().find(|finish| finish.as_str() == word).unwrap_or(Finish::Other(word))
}

/// The whole answer that the events come to.
pub(super) fn reply_of(events: Vec<Event>) -> Reply {
    let mut reply = Reply::new("", "", "", Finish::Unknown);
    let mut message = Assembler::default();
    for event in events {
        message.note(&event);
        match event {
            Event::Start { provider, model, id } => {
                reply.provider = provider;
                reply.model = model;
                reply.id = id;
            }
            Event::Extra { name, value } => drop(reply.extra.insert(name, value)),
            Event::Usage(usage) => reply.usage = usage,
            Event::Finish(finish) => reply.finish = finish,
            _ => {}
        }
    }
    reply.message = message.finish();
    reply
}

/// The tokens that the events tell of.
pub(super) fn tokens_of(events: &[Event]) -> u64 {
    let usage = events.iter().rev().find_map(|event| if let Event::Usage(usage) = event { Some(usage) } else { None });
    usage.map_or(0, Usage::total)
}

/// What they cost, by these prices.
pub(super) fn cost_of(events: &[Event], prices: &Prices) -> Option<Usd> {
    let usage =
        events.iter().rev().find_map(|event| if let Event::Usage(usage) = event { Some(usage) } else { None })?;
    let Some(Event::Start { provider, model, .. }) = events.first() else { return None };
    prices.cost(provider, model, usage, &Terms::default())
}

/// Whether an answer that ends so may be given again: it is whole, or as long as it was asked to be. A refusal, a filter's
/// word or an end without a reason may be another one the next time.
pub(super) fn is_kept(finish: &Finish) -> bool {
    matches!(finish, Finish::Stop | Finish::Length)
}

fn corrupt(what: &'static str) -> CacheError {
    CacheError::Corrupt(what.into())
}
