//! Streamed Messages: events in, events out.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use steadfast_pool::SseEvent;

use super::answer::extras;
use super::blocks::Blocks;
use super::delta::Delta;
use super::open::Came;
use super::usage::{Counts, finish};
use crate::family::{Decode, Origin, Progress};
use crate::lenient::{lenient, lenient_record};
use crate::problem::{Fault, Problem, json_text};
use crate::{Event, Finish, Usage, Vendor};

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    class: Option<String>,
}

#[derive(Deserialize)]
struct MessageStart {
    message: Map<String, Value>,
}

#[derive(Deserialize)]
struct BlockStart<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow)]
    content_block: &'a RawValue,
}

#[derive(Deserialize)]
struct BlockDelta {
    #[serde(default)]
    index: Option<u32>,
    delta: Delta,
}

#[derive(Deserialize)]
struct BlockStop {
    #[serde(default)]
    index: Option<u32>,
}

#[derive(Deserialize)]
struct MessageDelta {
    #[serde(default, deserialize_with = "lenient_record")]
    delta: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "lenient_record")]
    usage: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

pub(super) fn decoder(origin: Origin, _: &Vendor) -> Box<dyn Decode> {
    Box::new(Decoder { blocks: Blocks::new(origin), stopped: false, counts: Counts::default(), finish: None })
}

struct Decoder {
    blocks: Blocks,
    /// `message_stop` came.
    stopped: bool,
    counts: Counts,
    finish: Option<Finish>,
}

impl Decode for Decoder {
    fn take(&mut self, event: &SseEvent, out: &mut VecDeque<Event>) -> Result<Progress, Fault> {
        let data = event.data.as_str();
        match event.event.as_str() {
            // There are gateways that lose the names, and there will be names that are not known yet.
            "message" => match serde_json::from_str(data) {
                Ok(Typed { class: Some(class) }) => self.typed(&class, data, out),
                _ => Ok(Progress::More),
            },
            class => self.typed(class, data, out),
        }
    }

    fn close(&mut self, out: &mut VecDeque<Event>) -> bool {
        if self.stopped {
            self.blocks.end(out);
            out.push_back(Event::Finish(self.finish.take().unwrap_or(Finish::Unknown)));
        }
        self.stopped
    }
}

impl Decoder {
    fn typed(&mut self, class: &str, data: &str, out: &mut VecDeque<Event>) -> Result<Progress, Fault> {
        match class {
            "content_block_delta" => {
                let BlockDelta { index, delta } = json_text("content_block_delta", data)?;
                self.blocks.go_on(index, delta, out)?;
            }
            "message_start" => {
                let MessageStart { mut message } = json_text("message_start", data)?;
                let mut text = |name| match message.remove(name) {
                    Some(Value::String(text)) => Some(text),
                    _ => None,
                };
                let (model, id) = (text("model"), text("id"));
                let usage = message.remove("usage");
                self.blocks.begin(model, id);
                self.tell(message, out);
                if let Some(Value::Object(usage)) = usage {
                    self.count(usage, out);
                }
            }
            "content_block_start" => {
                let BlockStart { index, content_block } = json_text("content_block_start", data)?;
                if let Some(block) = Came::read(content_block) {
                    self.blocks.start(index, block, out)?;
                }
            }
            "content_block_stop" => {
                let BlockStop { index } = json_text("content_block_stop", data)?;
                self.blocks.stop(index, out);
            }
            "message_delta" => {
                let MessageDelta { delta, usage, rest } = json_text("message_delta", data)?;
                let mut delta = delta.unwrap_or_default();
                if let Some(Value::String(reason)) = delta.remove("stop_reason") {
                    self.finish = Some(finish(&reason));
                }
                self.tell(delta, out);
                self.tell(rest, out);
                if let Some(usage) = usage {
                    self.count(usage, out);
                }
            }
            "message_stop" => {
                self.stopped = true;
                return Ok(Progress::Done);
            }
            "error" => {
                let value: Option<Value> = serde_json::from_str(data).ok();
                let problem = value.as_ref().and_then(Problem::of_value);
                return Err(Fault::Told(Box::new(problem.unwrap_or_else(|| Problem::of_refusal(data.as_bytes())))));
            }
            _ => {}
        }
        Ok(Progress::More)
    }

    /// What else the provider says about the answer.
    fn tell(&mut self, said: Map<String, Value>, out: &mut VecDeque<Event>) {
        for (name, value) in extras(said) {
            self.blocks.tell(Event::Extra { name, value }, out);
        }
    }

    /// Counts are of the whole call so far; a later event may leave some of them out.
    fn count(&mut self, usage: Map<String, Value>, out: &mut VecDeque<Event>) {
        let rest = self.counts.take(usage);
        self.tell(rest, out);
        self.blocks.tell(Event::Usage(Usage::from(self.counts)), out);
    }
}
