//! The blocks of a streamed answer that have begun and not ended: by their index, as they may be written side by side.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::delta::Delta;
use super::open::{Came, citation, moved_to, other};
use crate::family::Origin;
use crate::part::size;
use crate::problem::Fault;
use crate::{Event, ReasoningEnd};

/// What has begun, and what of it waits for its end.
pub(super) struct Blocks {
    origin: Origin,
    model: Option<String>,
    id: Option<String>,
    /// The start was told.
    told: bool,
    /// What waits for the start: it is told with the first block, as the provider may move the answer to another model
    /// before it.
    waiting: VecDeque<Event>,
    /// About how many bytes wait for the start.
    heard: usize,
    open: Vec<(u32, Open)>,
    /// How many tools were called.
    calls: u32,
    /// How many bytes of text there are.
    said: usize,
    citations: Vec<Value>,
    /// About how many bytes wait for the end of a block, or of the answer.
    held: usize,
}

enum Open {
    Text {
        start: usize,
        citations: Vec<Value>,
    },
    Thinking {
        signature: Option<String>,
    },
    Redacted(String),
    /// `arguments` are what it began with, until there are others.
    Tool {
        call: u32,
        arguments: Option<String>,
    },
    /// Goes out whole; `input` is what came of it so far.
    Other {
        value: Value,
        input: String,
    },
}

/// The most blocks that are open at once, the most bytes that wait for the start, and for an end.
const MOST_OPEN: usize = 1024;
const MOST_WAITING: usize = 64 * 1024;
const MOST_HELD: usize = 32 * 1024 * 1024;

impl Blocks {
    pub(super) fn new(origin: Origin) -> Self {
        Self {
            origin,
            model: None,
            id: None,
            told: false,
            waiting: VecDeque::new(),
            heard: 0,
            open: Vec::new(),
            calls: 0,
            said: 0,
            citations: Vec::new(),
            held: 0,
        }
    }

    /// The answer begins.
    pub(super) fn begin(&mut self, model: Option<String>, id: Option<String>) {
        if !self.told {
            (self.model, self.id) = (model, id);
        }
    }

    /// What is said about the answer: after its start.
    pub(super) fn tell(&mut self, event: Event, out: &mut VecDeque<Event>) {
        match (self.told, &event) {
            (true, _) => out.push_back(event),
            (false, Event::Usage(_)) => {
                self.waiting.retain(|waiting| !matches!(waiting, Event::Usage(_)));
                self.waiting.push_back(event);
            }
            (false, _) => {
                self.heard += event.len();
                self.waiting.push_back(event);
                if self.heard > MOST_WAITING {
                    self.ready(out);
                }
            }
        }
    }

    /// Tells the start, and what waited for it.
    fn ready(&mut self, out: &mut VecDeque<Event>) {
        if !std::mem::replace(&mut self.told, true) {
            out.push_back(self.origin.start(self.model.clone(), self.id.clone()));
            out.append(&mut self.waiting);
        }
    }

    /// A block begins.
    pub(super) fn start(&mut self, index: Option<u32>, block: Came, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let index = index.or_else(|| self.open.last()?.0.checked_add(1)).unwrap_or_default();
        if let Some(at) = self.position(Some(index)) {
            self.close(at, out);
        }
        if self.open.len() >= MOST_OPEN {
            return Err(Fault::Malformed(format!("more than {MOST_OPEN} blocks are open at once")));
        }
        let open = match block {
            Came::Text { text, citations } => {
                self.ready(out);
                let start = self.said;
                self.say(text, out);
                citations.iter().try_for_each(|cited| self.hold(size(cited)))?;
                Open::Text { start, citations }
            }
            Came::Thinking { text, signature } => {
                self.ready(out);
                think(text, out);
                Open::Thinking { signature }
            }
            Came::Redacted(data) => {
                self.ready(out);
                self.hold(data.len())?;
                Open::Redacted(data)
            }
            Came::Tool { id, name, arguments } => {
                self.ready(out);
                let call = self.calls;
                self.calls = self.calls.saturating_add(1);
                out.push_back(Event::ToolCallStart { index: call, id, name });
                self.hold(arguments.len())?;
                Open::Tool { call, arguments: Some(arguments) }
            }
            Came::Other(value) => {
                self.hold(size(&value))?;
                match moved_to(&value) {
                    Some(model) => self.moved(model.to_owned(), out),
                    None => self.ready(out),
                }
                Open::Other { value, input: String::new() }
            }
        };
        self.open.push((index, open));
        Ok(())
    }

    /// The provider moved the answer to another model. Once the start was told it is told again.
    fn moved(&mut self, model: String, out: &mut VecDeque<Event>) {
        if self.told && self.model.as_deref() != Some(&*model) {
            out.push_back(self.origin.start(Some(model.clone()), self.id.clone()));
        }
        self.model = Some(model);
    }

    /// The next piece of a block; of one that never began, as far as it can do without.
    pub(super) fn go_on(&mut self, index: Option<u32>, delta: Delta, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let at = self.position(index);
        let open = at.and_then(|at| self.open.get_mut(at)).map(|(_, open)| open);
        match (delta, open) {
            (delta, Some(Open::Other { value, input })) => {
                let held = grow(value, input, delta);
                return self.hold(held);
            }
            (Delta::Text(text), _) => {
                self.ready(out);
                self.say(text, out);
            }
            (Delta::Thinking(text), _) => {
                self.ready(out);
                think(text, out);
            }
            (Delta::Json(json), Some(Open::Tool { call, arguments })) if !json.is_empty() => {
                *arguments = None;
                out.push_back(Event::ToolCallDelta { index: *call, arguments: json });
            }
            (Delta::Signature(text), Some(Open::Thinking { signature })) => {
                let held = text.len();
                *signature = Some(text).filter(|text| !text.is_empty());
                return self.hold(held);
            }
            (Delta::Citation(cited), Some(Open::Text { citations, .. })) => {
                let held = size(&cited);
                citations.push(cited);
                return self.hold(held);
            }
            _ => {}
        }
        Ok(())
    }

    /// A block ends.
    pub(super) fn stop(&mut self, index: Option<u32>, out: &mut VecDeque<Event>) {
        if let Some(at) = self.position(index) {
            self.close(at, out);
        }
    }

    /// The answer ends, and with it every block that did not.
    pub(super) fn end(&mut self, out: &mut VecDeque<Event>) {
        self.ready(out);
        while !self.open.is_empty() {
            self.close(0, out);
        }
        if !self.citations.is_empty() {
            let value = Value::Array(std::mem::take(&mut self.citations));
            out.push_back(Event::extra("citations", value));
        }
    }

    /// Where the block is among those that are open. Almost always it is the last one.
    fn position(&self, index: Option<u32>) -> Option<usize> {
        match index {
            Some(index) => self.open.iter().rposition(|(known, _)| *known == index),
            None => self.open.len().checked_sub(1),
        }
    }

    fn close(&mut self, at: usize, out: &mut VecDeque<Event>) {
        self.ready(out);
        match self.open.remove(at).1 {
            Open::Text { start, citations } => {
                let end = self.said;
                self.citations.extend(citations.into_iter().map(|cited| citation(start, end, cited)));
            }
            Open::Thinking { signature } => {
                out.push_back(Event::ReasoningEnd(ReasoningEnd { signature, ..ReasoningEnd::default() }));
            }
            Open::Redacted(data) => {
                self.held -= self.held.min(data.len());
                out.push_back(Event::ReasoningEnd(ReasoningEnd { opaque: Some(data), ..ReasoningEnd::default() }));
            }
            Open::Tool { call, arguments } => {
                if let Some(arguments) = arguments {
                    out.push_back(Event::ToolCallDelta { index: call, arguments });
                }
                out.push_back(Event::ToolCallEnd { index: call });
            }
            Open::Other { mut value, input } => {
                self.held -= self.held.min(size(&value) + input.len());
                if !input.is_empty() {
                    value["input"] = serde_json::from_str(&input).unwrap_or_else(|_| json!({ "INVALID_JSON": input }));
                }
                out.push_back(Event::Other(other(value)));
            }
        }
    }

    fn say(&mut self, text: String, out: &mut VecDeque<Event>) {
        if !text.is_empty() {
            self.said += text.len();
            out.push_back(Event::Text(text));
        }
    }

    fn hold(&mut self, bytes: usize) -> Result<(), Fault> {
        self.held = self.held.saturating_add(bytes);
        match self.held > MOST_HELD {
            true => Err(Fault::Malformed(format!("more than {MOST_HELD} bytes wait for the end of a block"))),
            false => Ok(()),
        }
    }
}

fn think(text: String, out: &mut VecDeque<Event>) {
    if !text.is_empty() {
        out.push_back(Event::Reasoning(text));
    }
}

/// Adds a piece to a block in the API's own words; tells by how much it grew.
fn grow(value: &mut Value, input: &mut String, delta: Delta) -> usize {
    let (name, text) = match delta {
        Delta::Json(json) => {
            input.push_str(&json);
            return json.len();
        }
        Delta::Citation(cited) => {
            let held = size(&cited);
            match value.get_mut("citations") {
                Some(Value::Array(citations)) => citations.push(cited),
                _ => value["citations"] = json!([cited]),
            }
            return held;
        }
        Delta::Text(text) => ("text", text),
        Delta::Thinking(text) => ("thinking", text),
        Delta::Signature(text) => ("signature", text),
        Delta::Nothing => return 0,
    };
    match value.get_mut(name) {
        Some(Value::String(before)) => before.push_str(&text),
        _ => value[name] = Value::String(text.clone()),
    }
    text.len()
}
