//! Streamed Responses: events in, events out. An event is known by the `type` in its data: there are gateways that lose
//! the names.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::Value;
use steadfast_pool::SseEvent;

use super::answer::{Answer, Stage, Text};
use super::item::{Content, Item};
use super::items::{Items, Slot};
use crate::family::{Bookmark, Decode, Origin, Progress};
use crate::problem::{Fault, Problem, json};
use crate::{Event, Finish, Vendor};

mod frame;
mod numbers;

use frame::{Frame, Head};
use numbers::Numbers;

pub(super) fn decoder(origin: Origin, _: &Vendor) -> Box<dyn Decode> {
    Box::new(Decoder {
        origin,
        id: None,
        started: false,
        numbers: Numbers::default(),
        items: Items::default(),
        latest: 0,
        finish: None,
    })
}

struct Decoder {
    origin: Origin,
    /// The provider's name for the answer.
    id: Option<String>,
    started: bool,
    numbers: Numbers,
    items: Items,
    /// The item that an event without a place belongs to.
    latest: u32,
    finish: Option<Finish>,
}

impl Decode for Decoder {
    fn take(&mut self, event: &SseEvent, out: &mut VecDeque<Event>) -> Result<Progress, Fault> {
        let data = event.data.trim_ascii();
        match data {
            "" => return Ok(Progress::More),
            "[DONE]" => return Ok(Progress::Done),
            _ => {}
        }
        let mut frame: Frame<'_> = match json("an event", data.as_bytes()) {
            Ok(frame) => frame,
            Err(fault) => return unknown(event, data).map(|()| Progress::More).map_err(|known| known.unwrap_or(fault)),
        };
        let named = Some(&*event.event).filter(|name| *name != "message");
        let class = frame.class.as_ref().map(|class| &*class.0).or(named).unwrap_or_default();
        if class == "error" || (frame.class.is_none() && frame.error.is_some()) {
            return Err(Fault::Told(Box::new(problem(data))));
        }
        if !self.numbers.is_new(frame.sequence_number) {
            return Ok(Progress::More);
        }
        if let Some(index) = frame.output_index {
            self.latest = index;
        }
        let (index, content) = (frame.output_index.unwrap_or(self.latest), frame.content_index.unwrap_or_default());
        let summary = frame.summary_index.unwrap_or_default();
        match class {
            "response.output_text.delta" => self.piece(index, Slot::Text(content), frame.delta, out)?,
            "response.output_text.done" => self.rest(index, Slot::Text(content), frame.text.as_ref(), out)?,
            "response.refusal.delta" => self.piece(index, Slot::Refusal(content), frame.delta, out)?,
            "response.refusal.done" => self.rest(index, Slot::Refusal(content), frame.refusal.as_ref(), out)?,
            "response.function_call_arguments.delta" => self.piece(index, Slot::Arguments, frame.delta, out)?,
            "response.function_call_arguments.done" => {
                self.rest(index, Slot::Arguments, frame.arguments.as_ref(), out)?
            }
            "response.reasoning_summary_text.delta" => self.piece(index, Slot::Summary(summary), frame.delta, out)?,
            "response.reasoning_summary_text.done" => {
                self.rest(index, Slot::Summary(summary), frame.text.as_ref(), out)?
            }
            "response.reasoning_text.delta" => self.piece(index, Slot::Thought(content), frame.delta, out)?,
            "response.reasoning_text.done" => self.rest(index, Slot::Thought(content), frame.text.as_ref(), out)?,
            "response.content_part.done" => self.content(index, content, frame.part, out)?,
            "response.output_item.added" => {
                self.start(None, out);
                self.items.added(index, frame.item.unwrap_or_default(), out)?;
            }
            "response.output_item.done" => {
                self.start(None, out);
                if let Some(item) = frame.item {
                    self.items.done(index, Item::of(item), out)?;
                }
            }
            "response.created" | "response.queued" | "response.in_progress" => self.start(frame.response.as_mut(), out),
            "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
                let missing = || Fault::Malformed(String::from("the end of the stream has no response"));
                let mut answer = frame.response.ok_or_else(missing)?;
                // What the event is called stands where the response itself does not say.
                answer.status.get_or_insert_with(|| class.trim_start_matches("response.").to_owned());
                self.end(answer, out)?;
                return Ok(Progress::Done);
            }
            _ => {}
        }
        Ok(Progress::More)
    }

    fn close(&mut self, out: &mut VecDeque<Event>) -> bool {
        let Some(finish) = self.finish.take() else { return false };
        out.push_back(Event::Finish(finish));
        true
    }

    fn bookmark(&self) -> Option<Bookmark> {
        let id = self.id.clone()?;
        self.numbers.bookmark().map(|after| Bookmark { id, after })
    }

    fn position(&self) -> Option<u64> {
        self.numbers.bookmark().flatten()
    }

    fn join(&mut self, at: Bookmark) {
        self.items.joined = at.after.is_some();
        self.numbers = Numbers::after(at.after);
        self.id = Some(at.id);
    }

    fn rejoin(&mut self) {
        self.numbers.trust();
    }

    fn whole(&mut self, body: &[u8], out: &mut VecDeque<Event>) -> Result<(), Fault> {
        self.end(json("the answer", body)?, out)
    }
}

impl Decoder {
    fn start(&mut self, answer: Option<&mut Answer>, out: &mut VecDeque<Event>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let mut model = None;
        if let Some(answer) = answer {
            self.id = answer.id.take().or(self.id.take());
            model = answer.model.take();
        }
        out.push_back(self.origin.start(model, self.id.clone()));
    }

    fn piece(
        &mut self,
        index: u32,
        slot: Slot,
        text: Option<Text<'_>>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        self.start(None, out);
        self.items.delta(index, slot, text.map_or(Cow::Borrowed(""), |text| text.0), out)
    }

    fn rest(
        &mut self,
        index: u32,
        slot: Slot,
        text: Option<&Text<'_>>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        self.start(None, out);
        self.items.text(index, slot, text.map_or("", |text| &text.0), out)
    }

    fn content(
        &mut self,
        index: u32,
        content: u32,
        part: Option<Value>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        self.start(None, out);
        let Some(part) = part else { return Ok(()) };
        match part.get("type").and_then(Value::as_str) {
            Some("reasoning_text") => {
                let text = part.get("text").and_then(Value::as_str).unwrap_or_default();
                self.items.text(index, Slot::Thought(content), text, out)
            }
            _ => self.items.content(index, content, Content::of(part), out),
        }
    }

    /// The response is what it will be.
    fn end(&mut self, mut answer: Answer, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        if matches!(answer.status.as_deref(), Some("queued" | "in_progress")) {
            self.id = answer.id.or(self.id.take());
            return Err(Fault::Truncated);
        }
        self.start(Some(&mut answer), out);
        answer.settle(&mut self.items, out)?;
        match answer.stage(&self.items) {
            Stage::Final(finish) => self.finish = Some(finish),
            Stage::Failed(problem) => return Err(Fault::Told(problem)),
            Stage::Cancelled => return Err(Fault::Cancelled),
            Stage::Pending => return Err(Fault::Truncated),
        }
        answer.tell(out);
        Ok(())
    }
}

/// What an error says, flat as it is documented or nested as it is seen.
fn problem(data: &str) -> Problem {
    Problem::of_refusal(data.as_bytes())
}

/// An event that does not fit is skipped if it is one that is not known; otherwise it is a fault, which is given where
/// it is more than that the event cannot be read.
fn unknown(event: &SseEvent, data: &str) -> Result<(), Option<Fault>> {
    const KNOWN: &[&str] = &[
        "response.output_text.",
        "response.refusal.",
        "response.function_call_arguments.",
        "response.reasoning_summary_text.",
        "response.reasoning_text.",
        "response.content_part.done",
        "response.output_item.",
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "response.cancelled",
    ];
    let head: Head = serde_json::from_str(data).map_err(|_| None)?;
    let class = head.class.as_deref().unwrap_or(&event.event);
    if class == "error" {
        return Err(Some(Fault::Told(Box::new(problem(data)))));
    }
    if KNOWN.iter().any(|known| class.starts_with(known)) { Err(None) } else { Ok(()) }
}
