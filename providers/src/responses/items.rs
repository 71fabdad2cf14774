//! The items of one answer as they come, in pieces or whole: what is new becomes events, what came already does not come
//! again. No I/O.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::Value;

use super::item::{Body, Content, Item, Kind, text, waits_for_caller};
use crate::problem::Fault;
use crate::{Api, Event, Other, ReasoningEnd};

mod sum;

use sum::Sum;

/// The most items of an answer, and the most pieces of an item.
const MOST: usize = 4096;
/// What comes between two summaries of one thought.
const BETWEEN: &str = "\n\n";

/// Where a piece of text belongs within an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Text(u32),
    Refusal(u32),
    Summary(u32),
    Thought(u32),
    Arguments,
    Other(u32),
}

/// What came of the items of one answer so far.
#[derive(Default)]
pub(super) struct Items {
    states: Vec<State>,
    /// How many calls of tools began.
    calls: u32,
    /// The model will not answer.
    pub(super) refused: bool,
    /// The caller has to do something before the model can go on.
    pub(super) waits: bool,
    /// The stream was joined after its beginning: an item whose beginning was not seen is partly known to who joined.
    pub(super) joined: bool,
}

struct State {
    index: u32,
    id: Option<String>,
    kind: Kind,
    pieces: Vec<(Slot, Sum)>,
    /// Which of the calls of tools it is, once that began.
    call: Option<u32>,
    /// Its beginning was seen.
    whole: bool,
    over: bool,
}

impl Slot {
    fn kind(self) -> Kind {
        match self {
            Self::Text(_) | Self::Refusal(_) | Self::Other(_) => Kind::Message,
            Self::Summary(_) | Self::Thought(_) => Kind::Thought,
            Self::Arguments => Kind::Call,
        }
    }

    fn is_thought(self) -> bool {
        matches!(self, Self::Summary(_) | Self::Thought(_))
    }
}

impl Items {
    /// An item begins.
    pub(super) fn added(&mut self, index: u32, mut item: Value, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let kind = Kind::of(&item);
        let at = self.state(index, kind)?;
        self.states[at].whole = true;
        self.states[at].id = text(&mut item, "id");
        if let (Kind::Call, Some(call_id), Some(name)) = (kind, text(&mut item, "call_id"), text(&mut item, "name")) {
            self.call(at, call_id, name, out);
        }
        Ok(())
    }

    /// The next piece of a text.
    pub(super) fn delta(
        &mut self,
        index: u32,
        slot: Slot,
        text: Cow<'_, str>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        if text.is_empty() {
            return Ok(());
        }
        let at = self.state(index, slot.kind())?;
        self.pour(at, slot, text, out)
    }

    /// All of a text: what did not come in pieces comes now.
    pub(super) fn text(&mut self, index: u32, slot: Slot, text: &str, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let at = self.state(index, slot.kind())?;
        self.rest(at, slot, text, out)
    }

    /// All of a piece of a message.
    pub(super) fn content(
        &mut self,
        index: u32,
        piece: u32,
        content: Content,
        out: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        let at = self.state(index, Kind::Message)?;
        self.settle_content(at, piece, content, out)
    }

    /// An item is complete.
    pub(super) fn done(&mut self, index: u32, item: Item, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let at = self.state(index, item.kind())?;
        self.settle_item(at, item, out)
    }

    /// The answer is complete, and this is all of it: what did not come before comes now.
    ///
    /// Items are known by their id, then by their place. Servers are seen whose ids and places change on the way: an
    /// item is new only where fewer of its kind came than there are.
    pub(super) fn all(&mut self, output: Vec<Value>, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        self.waits |= output.iter().any(waits_for_caller);
        let items: Vec<Item> = output.into_iter().map(Item::of).collect();
        let kinds: Vec<Kind> = items.iter().map(Item::kind).collect();
        let mut known = vec![false; self.states.len()];
        for (index, item) in (0..).zip(items) {
            let kind = item.kind();
            let unmatched = |at: &usize| !known[*at] && self.states[*at].kind == kind;
            let same_id = |at: &usize| item.id.is_some() && self.states[*at].id == item.id;
            let same_place = |at: &usize| {
                let state = &self.states[*at];
                state.index == index && (state.id.is_none() || item.id.is_none())
            };
            let of_kind = || (0..known.len()).filter(unmatched);
            let at = match of_kind().find(same_id).or_else(|| of_kind().find(same_place)) {
                Some(at) => at,
                None if self.joined || self.came(kind) >= kinds.iter().filter(|other| **other == kind).count() => {
                    continue;
                }
                None => {
                    known.push(false);
                    self.begin(index, kind)?
                }
            };
            known[at] = true;
            self.settle_item(at, item, out)?;
        }
        for at in 0..self.states.len() {
            self.end(at, ReasoningEnd::new(), out);
        }
        Ok(())
    }

    /// How many items of a kind came.
    fn came(&self, kind: Kind) -> usize {
        self.states.iter().filter(|state| state.kind == kind).count()
    }

    /// Where the state of an item is.
    fn state(&mut self, index: u32, kind: Kind) -> Result<usize, Fault> {
        match self.states.iter().rposition(|state| state.index == index && state.kind == kind) {
            Some(at) => Ok(at),
            None => self.begin(index, kind),
        }
    }

    fn begin(&mut self, index: u32, kind: Kind) -> Result<usize, Fault> {
        if self.states.len() >= MOST {
            return Err(Fault::Malformed(format!("the answer has more than {MOST} items")));
        }
        let whole = !self.joined;
        self.states.push(State { index, id: None, kind, pieces: Vec::new(), call: None, whole, over: false });
        Ok(self.states.len() - 1)
    }

    fn settle_item(&mut self, at: usize, item: Item, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        if self.states[at].over {
            return Ok(());
        }
        let Item { id, body } = item;
        if self.states[at].id.is_none() {
            self.states[at].id.clone_from(&id);
        }
        let mut end = ReasoningEnd::new();
        match body {
            Body::Message(contents) => {
                for (piece, content) in (0..).zip(contents) {
                    self.settle_content(at, piece, content, out)?;
                }
            }
            Body::Call { call_id, name, arguments } => {
                if self.states[at].call.is_none() {
                    self.call(at, call_id, name, out);
                }
                self.rest(at, Slot::Arguments, &arguments, out)?;
            }
            Body::Thought { summaries, contents, opaque } => {
                for (piece, text) in (0..).zip(&summaries) {
                    self.rest(at, Slot::Summary(piece), text, out)?;
                }
                for (piece, text) in (0..).zip(&contents) {
                    self.rest(at, Slot::Thought(piece), text, out)?;
                }
                end.id = id;
                end.opaque = opaque;
            }
            Body::Other(value) => {
                self.waits |= waits_for_caller(&value);
                out.push_back(Event::Other(Other::new(Api::Responses, value)));
            }
        }
        self.end(at, end, out);
        Ok(())
    }

    fn settle_content(
        &mut self,
        at: usize,
        piece: u32,
        content: Content,
        out: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        match content {
            Content::Text(text) => self.rest(at, Slot::Text(piece), &text, out),
            Content::Refusal(text) => self.rest(at, Slot::Refusal(piece), &text, out),
            Content::Other(value) => {
                let state = &mut self.states[at];
                let sum = state.sum(Slot::Other(piece))?;
                if sum.is_empty() {
                    sum.add("other");
                    out.push_back(Event::Other(Other::new(Api::Responses, value)));
                }
                Ok(())
            }
        }
    }

    /// A call of a tool begins.
    fn call(&mut self, at: usize, call_id: String, name: String, out: &mut VecDeque<Event>) {
        let state = &mut self.states[at];
        if state.call.is_none() && !state.over {
            self.waits = true;
            state.call = Some(self.calls);
            out.push_back(Event::tool_call(self.calls, call_id, name));
            self.calls += 1;
        }
    }

    /// What of a text did not come in pieces.
    fn rest(&mut self, at: usize, slot: Slot, text: &str, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let state = &mut self.states[at];
        if text.is_empty() || state.over {
            return Ok(());
        }
        let knows_beginning = state.whole || slot == Slot::Arguments;
        let sum = state.sum(slot)?;
        if sum.is_empty() && !knows_beginning {
            return Ok(());
        }
        match sum.rest(text) {
            "" => Ok(()),
            rest => self.pour(at, slot, Cow::Borrowed(rest), out),
        }
    }

    /// Gives out a piece of a text.
    fn pour(&mut self, at: usize, slot: Slot, text: Cow<'_, str>, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let state = &mut self.states[at];
        if state.over || (slot == Slot::Arguments && state.call.is_none()) {
            // A call that nobody was told of comes whole in the end.
            return Ok(());
        }
        let follows = slot.is_thought() && state.pieces.iter().any(|(other, sum)| *other != slot && !sum.is_empty());
        let call = state.call;
        let sum = state.sum(slot)?;
        let begins = sum.is_empty();
        sum.add(&text);
        out.push_back(match slot {
            Slot::Text(_) | Slot::Other(_) => Event::Text(text.into_owned()),
            Slot::Refusal(_) => {
                self.refused = true;
                Event::Refusal(text.into_owned())
            }
            Slot::Summary(_) | Slot::Thought(_) if begins && follows => Event::Reasoning(format!("{BETWEEN}{text}")),
            Slot::Summary(_) | Slot::Thought(_) => Event::Reasoning(text.into_owned()),
            Slot::Arguments => Event::tool_arguments(call.unwrap_or_default(), text),
        });
        Ok(())
    }

    /// There is no more of an item.
    fn end(&mut self, at: usize, end: ReasoningEnd, out: &mut VecDeque<Event>) {
        let state = &mut self.states[at];
        if std::mem::replace(&mut state.over, true) {
            return;
        }
        state.pieces = Vec::new();
        match (state.kind, state.call) {
            (Kind::Call, Some(call)) => out.push_back(Event::tool_call_end(call)),
            (Kind::Thought, _) => out.push_back(Event::ReasoningEnd(end)),
            _ => {}
        }
    }
}

impl State {
    fn sum(&mut self, slot: Slot) -> Result<&mut Sum, Fault> {
        let at = match self.pieces.iter().rposition(|(known, _)| *known == slot) {
            Some(at) => at,
            None if self.pieces.len() >= MOST => {
                return Err(Fault::Malformed(format!("an item has more than {MOST} pieces")));
            }
            None => {
                self.pieces.push((slot, Sum::default()));
                self.pieces.len() - 1
            }
        };
        Ok(&mut self.pieces[at].1)
    }
}
