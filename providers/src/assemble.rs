//! Events become a message, and a message becomes events: the two forms of an answer. No I/O.

use crate::{Event, Message, Part, Reasoning, ReasoningEnd, Reply, Role, ToolCall};

/// Puts a message together from the events of a stream.
///
/// Adjacent pieces of one kind are one part; calls of tools that are written side by side stay in the order in which they
/// began.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    parts: Vec<Part>,
    /// Where the calls of tools are among the parts, by their index.
    calls: Vec<(u32, usize)>,
    /// The last part is a thought that goes on.
    thinking: bool,
    len: usize,
}

impl Assembler {
    /// Takes in the next event.
    pub(crate) fn note(&mut self, event: &Event) {
        self.len += event.len();
        match event {
            Event::Text(piece) => match self.parts.last_mut() {
                Some(Part::Text(text)) => text.push_str(piece),
                _ => self.push(Part::Text(piece.clone())),
            },
            Event::Refusal(piece) => match self.parts.last_mut() {
                Some(Part::Refusal(text)) => text.push_str(piece),
                _ => self.push(Part::Refusal(piece.clone())),
            },
            Event::Reasoning(piece) => self.think(|thought| thought.text.push_str(piece)),
            Event::ReasoningEnd(ReasoningEnd { id, signature, opaque }) => {
                self.think(|thought| {
                    thought.id.clone_from(id);
                    thought.signature.clone_from(signature);
                    thought.opaque.clone_from(opaque);
                });
                self.thinking = false;
            }
            Event::ToolCallStart { index, id, name } => {
                self.calls.push((*index, self.parts.len()));
                self.push(Part::ToolCall(ToolCall::new(id, name, "")));
            }
            Event::ToolCallDelta { index, arguments } => {
                let at = self.calls.iter().rev().find(|(known, _)| known == index).map(|(_, at)| *at);
                if let Some(Part::ToolCall(call)) = at.and_then(|at| self.parts.get_mut(at)) {
                    call.arguments.push_str(arguments);
                }
            }
            Event::Other(other) => self.push(Part::Other(other.clone())),
            Event::ToolCallEnd { .. }
            | Event::Start { .. }
            | Event::Extra { .. }
            | Event::Seam(_)
            | Event::Usage(_)
            | Event::Finish(_) => {}
        }
    }

    fn push(&mut self, part: Part) {
        self.thinking = false;
        self.parts.push(part);
    }

    /// Changes the thought that goes on, or a new one.
    fn think(&mut self, change: impl FnOnce(&mut Reasoning)) {
        if !self.thinking {
            self.push(Part::Reasoning(Reasoning::default()));
            self.thinking = true;
        }
        if let Some(Part::Reasoning(reasoning)) = self.parts.last_mut() {
            change(reasoning);
        }
    }

    /// How many bytes of contents came so far.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The text so far.
    pub(crate) fn text(&self) -> String {
        self.parts.iter().filter_map(Part::as_text).collect()
    }

    /// The text so far, where nothing else came.
    pub(crate) fn only_text(&self) -> Option<&str> {
        match &*self.parts {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The message that it came to.
    pub(crate) fn finish(self) -> Message {
        Message::of(Role::Assistant, self.parts)
    }
}

/// What a whole answer would have been as a stream.
pub(crate) fn events_of(reply: Reply) -> Vec<Event> {
    let mut events = vec![Event::start(reply.provider, reply.model, reply.id)];
    let mut calls = 0;
    for part in reply.message.parts {
        match part {
            Part::Text(text) => events.push(Event::Text(text)),
            Part::Refusal(text) => events.push(Event::Refusal(text)),
            Part::Reasoning(Reasoning { text, id, signature, opaque }) => {
                if !text.is_empty() {
                    events.push(Event::Reasoning(text));
                }
                events.push(Event::ReasoningEnd(ReasoningEnd { id, signature, opaque }));
            }
            Part::ToolCall(ToolCall { id, name, arguments }) => {
                events.push(Event::tool_call(calls, id, name));
                if !arguments.is_empty() {
                    events.push(Event::tool_arguments(calls, arguments));
                }
                events.push(Event::tool_call_end(calls));
                calls += 1;
            }
            Part::Other(other) => events.push(Event::Other(other)),
            // No model answers with these.
            Part::Image(_) | Part::ToolResult(_) | Part::CachePoint(_) => {}
        }
    }
    events.extend(reply.extra.into_iter().map(|(name, value)| Event::Extra { name, value }));
    if reply.usage.is_known() {
        events.push(Event::Usage(reply.usage));
    }
    events.push(Event::Finish(reply.finish));
    events
}
