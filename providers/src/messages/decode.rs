//! Streamed Messages: events in, events out.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::Value;
use steadfast_pool::SseEvent;

use super::wire::{WireUsage, finish};
use crate::family::{Decode, Origin, Progress};
use crate::lenient::lenient;
use crate::problem::{Fault, Problem, json};
use crate::{Event, Finish, Usage, Vendor};

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    class: Option<String>,
}

#[derive(Deserialize)]
struct MessageStart {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct BlockStart {
    content_block: Piece,
}

#[derive(Deserialize)]
struct BlockDelta {
    delta: Piece,
}

/// A block or a delta; only text has `text`.
#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
struct MessageDelta {
    #[serde(default, deserialize_with = "lenient")]
    delta: Option<Ending>,
    #[serde(default, deserialize_with = "lenient")]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct Ending {
    #[serde(default)]
    stop_reason: Option<String>,
}

pub(super) fn decoder(origin: Origin, _: &Vendor) -> Box<dyn Decode> {
    Box::new(Decoder { origin, started: false, stopped: false, usage: None, finish: None })
}

struct Decoder {
    origin: Origin,
    started: bool,
    /// `message_stop` came.
    stopped: bool,
    usage: Option<WireUsage>,
    finish: Option<Finish>,
}

impl Decode for Decoder {
    fn take(&mut self, event: &SseEvent, out: &mut VecDeque<Event>) -> Result<Progress, Fault> {
        let data = event.data.as_bytes();
        match event.event.as_str() {
            "ping" => Ok(Progress::More),
            known @ ("message_start"
            | "content_block_start"
            | "content_block_delta"
            | "content_block_stop"
            | "message_delta"
            | "message_stop"
            | "error") => self.typed(known, data, out),
            // There are gateways that lose the names, and there will be names that are not known yet.
            "message" => match serde_json::from_slice(data) {
                Ok(Typed { class: Some(class) }) => self.typed(&class, data, out),
                _ => Ok(Progress::More),
            },
            _ => Ok(Progress::More),
        }
    }

    fn close(&mut self, out: &mut VecDeque<Event>) -> bool {
        if self.stopped {
            out.push_back(Event::Finish(self.finish.take().unwrap_or(Finish::Unknown)));
        }
        self.stopped
    }
}

impl Decoder {
    fn typed(&mut self, class: &str, data: &[u8], out: &mut VecDeque<Event>) -> Result<Progress, Fault> {
        match class {
            "message_start" => {
                let MessageStart { message } = json("message_start", data)?;
                self.start(message.model, message.id, out);
                self.count(message.usage, out);
            }
            "content_block_start" => {
                let BlockStart { content_block } = json("content_block_start", data)?;
                self.text(content_block, out);
            }
            "content_block_delta" => {
                let BlockDelta { delta } = json("content_block_delta", data)?;
                self.text(delta, out);
            }
            "message_delta" => {
                let MessageDelta { delta, usage } = json("message_delta", data)?;
                if let Some(reason) = delta.and_then(|delta| delta.stop_reason) {
                    self.finish = Some(finish(reason));
                }
                self.count(usage, out);
            }
            "message_stop" => {
                self.stopped = true;
                return Ok(Progress::Done);
            }
            "error" => {
                let value: Option<Value> = serde_json::from_slice(data).ok();
                let problem = value.as_ref().and_then(Problem::of_value);
                return Err(Fault::Told(Box::new(problem.unwrap_or_else(|| Problem::of_refusal(data)))));
            }
            _ => {}
        }
        Ok(Progress::More)
    }

    fn start(&mut self, model: Option<String>, id: Option<String>, out: &mut VecDeque<Event>) {
        if !std::mem::replace(&mut self.started, true) {
            out.push_back(self.origin.start(model, id));
        }
    }

    fn text(&mut self, piece: Piece, out: &mut VecDeque<Event>) {
        if let Some(text) = piece.text.filter(|text| !text.is_empty()) {
            self.start(None, None, out);
            out.push_back(Event::Text(text));
        }
    }

    /// Counts are of the whole call so far; a later event may leave some of them out.
    fn count(&mut self, usage: Option<WireUsage>, out: &mut VecDeque<Event>) {
        if let Some(usage) = usage {
            let usage = self.usage.unwrap_or_default().then(usage);
            self.usage = Some(usage);
            out.push_back(Event::Usage(Usage::from(usage)));
        }
    }
}
