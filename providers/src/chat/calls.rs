//! Calls of tools that come in pieces, whatever is missing of them: each piece finds its call.

use std::collections::VecDeque;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::balance::Balance;
use super::chunk::CallPiece;
use super::noted::merge;
use crate::problem::Fault;
use crate::{Api, Event, Other};

/// The calls of one answer.
#[derive(Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// How many of them are functions.
    functions: u32,
    /// Which chunk this is.
    chunk: u64,
}

/// One call, as far as it is known.
struct Call {
    /// The provider's own number.
    index: Option<u64>,
    id: String,
    name: String,
    /// In which chunk the last piece came.
    chunk: u64,
    arguments: Balance,
    kind: Kind,
}

enum Kind {
    /// Events tell of it, by this number.
    Function { at: u32, is_started: bool, is_ended: bool },
    /// It stays in OpenAI's words, and is told whole.
    Custom(Value),
}

/// The most calls in one answer.
const MOST: usize = 1024;

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Another chunk begins. Within one, each name is a call of its own.
    pub(super) fn next_chunk(&mut self) {
        self.chunk += 1;
    }

    /// Takes in the next piece.
    pub(super) fn take(&mut self, piece: CallPiece<'_>, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let at = match self.find(&piece) {
            Some(at) => at,
            None => self.begin(&piece, out)?,
        };
        let chunk = self.chunk;
        let Some(call) = self.calls.get_mut(at) else { return Ok(()) };
        call.chunk = chunk;
        call.learn(piece.id.as_str(), piece.name.as_str());
        if let (Kind::Custom(value), Some(custom)) = (&mut call.kind, piece.custom) {
            merge(value, parsed(custom));
        }
        if let Some(arguments) = piece.arguments.filter(|arguments| !arguments.is_empty()) {
            if matches!(call.kind, Kind::Function { is_ended: true, .. }) {
                // It was told that they are complete. White space changes nothing about that.
                let is_blank = arguments.trim().is_empty();
                let more = || Fault::Malformed(String::from("more of a call of a tool that was complete"));
                return if is_blank { Ok(()) } else { Err(more()) };
            }
            call.start(out);
            call.arguments.feed(&arguments);
            if let Kind::Function { at, .. } = call.kind {
                out.push_back(Event::tool_arguments(at, arguments));
            }
        }
        Ok(())
    }

    /// The answer is complete, and with it all that was called.
    pub(super) fn close(&mut self, out: &mut VecDeque<Event>) {
        for mut call in std::mem::take(&mut self.calls) {
            call.start(out);
            call.end(out);
            if let Kind::Custom(custom) = call.kind {
                let value = json!({ "id": call.id, "type": "custom", "custom": custom });
                out.push_back(Event::Other(Other::new(Api::ChatCompletions, value)));
            }
        }
    }

    /// The call that a piece belongs to; `None` when it begins one.
    fn find(&self, piece: &CallPiece<'_>) -> Option<usize> {
        let (id, name) = (piece.id.as_str(), piece.name.as_str());
        let has_id = !id.is_empty();
        let has_name = !name.is_empty() || (has_id && piece.custom.is_some());
        let at = match piece.index.0 {
            Some(index) => self.calls.iter().rposition(|call| call.index == Some(index))?,
            None => {
                let known = self.calls.iter().rposition(|call| has_id && call.id == id);
                known.or(self.calls.len().checked_sub(1))?
            }
        };
        let call = &self.calls[at];
        if has_id && call.id == id {
            return Some(at);
        }
        let is_complete = call.arguments.is_complete();
        let is_bound = piece.index.0.is_some();
        // A new id begins a call. There are servers that make up an id for each piece: a call is not cut by that.
        let renamed = has_id && !call.id.is_empty() && (has_name || is_complete);
        // So does a name, unless it is the same one again, or its next piece.
        let has_more = piece.arguments.as_ref().is_some_and(|arguments| !arguments.is_empty());
        let named_again = has_name
            && match call.name == *name {
                true => is_complete && has_more,
                false => !call.name.is_empty() && (call.arguments.has_begun() || !is_bound),
            };
        let beside = has_name && call.chunk == self.chunk;
        Some(at).filter(|_| !renamed && !named_again && !beside)
    }

    fn begin(&mut self, piece: &CallPiece<'_>, out: &mut VecDeque<Event>) -> Result<usize, Fault> {
        if self.calls.len() >= MOST {
            return Err(Fault::Malformed(format!("more than {MOST} calls of tools in one answer")));
        }
        // Nothing will be added to a name, nor to arguments that are complete.
        for call in &mut self.calls {
            call.start(out);
            if call.arguments.is_complete() {
                call.end(out);
            }
        }
        let kind = match piece.custom {
            Some(_) => Kind::Custom(Value::Null),
            None => {
                self.functions += 1;
                Kind::Function { at: self.functions - 1, is_started: false, is_ended: false }
            }
        };
        let (id, name) = (String::new(), String::new());
        let index = piece.index.0;
        self.calls.push(Call { index, id, name, chunk: 0, arguments: Balance::default(), kind });
        Ok(self.calls.len() - 1)
    }
}

impl Call {
    /// Takes in what a piece says about the call as a whole. Once it is told of, nothing of that changes.
    fn learn(&mut self, id: &str, name: &str) {
        if matches!(self.kind, Kind::Function { is_started: true, .. }) {
            return;
        }
        if self.id.is_empty() {
            id.clone_into(&mut self.id);
        }
        if self.name != name {
            self.name.push_str(name);
        }
    }

    /// Tells that it begins. An id that never came is made up: the answer to the call quotes it.
    fn start(&mut self, out: &mut VecDeque<Event>) {
        let Kind::Function { at, is_started, .. } = &mut self.kind else { return };
        if !std::mem::replace(is_started, true) {
            if self.id.is_empty() {
                self.id = format!("call_{at}");
            }
            out.push_back(Event::tool_call(*at, &*self.id, &*self.name));
        }
    }

    fn end(&mut self, out: &mut VecDeque<Event>) {
        let Kind::Function { at, is_ended, .. } = &mut self.kind else { return };
        if !std::mem::replace(is_ended, true) {
            out.push_back(Event::tool_call_end(*at));
        }
    }
}

fn parsed(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}
