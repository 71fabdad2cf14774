//! Streamed Chat Completions: chunks in, events out.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::Value;
use steadfast_pool::SseEvent;

use super::wire::{Content, WireUsage, finish};
use crate::family::{Decode, Origin, Progress};
use crate::lenient::lenient;
use crate::problem::{Fault, Problem, json};
use crate::{Event, Finish, Usage, Vendor};

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    object: Option<Cow<'a, str>>,
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default, deserialize_with = "lenient")]
    usage: Option<WireUsage>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: Option<u32>,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
}

pub(super) fn decoder(origin: Origin, _: &Vendor) -> Box<dyn Decode> {
    Box::new(Decoder { origin, started: false, refused: false, finish: None, usage: None })
}

struct Decoder {
    origin: Origin,
    started: bool,
    refused: bool,
    /// Held back until the end: the usage comes after it.
    finish: Option<Finish>,
    usage: Option<Usage>,
}

impl Decode for Decoder {
    fn take(&mut self, event: &SseEvent, out: &mut VecDeque<Event>) -> Result<Progress, Fault> {
        let data = event.data.trim_ascii();
        if data == "[DONE]" {
            return Ok(Progress::Done);
        }
        if data.is_empty() {
            return Ok(Progress::More);
        }
        let chunk: Chunk<'_> = json("a chunk", data.as_bytes())?;
        let is_error = chunk.error.is_some() || chunk.object.as_deref() == Some("error") || event.event == "error";
        if is_error {
            if let Some(problem) = problem(event, data) {
                return Err(Fault::Told(Box::new(problem)));
            }
        }
        if !std::mem::replace(&mut self.started, true) {
            let owned = |text: Option<Cow<'_, str>>| text.filter(|text| !text.is_empty()).map(Cow::into_owned);
            out.push_back(self.origin.start(owned(chunk.model), owned(chunk.id)));
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
        for choice in chunk.choices.into_iter().flatten().filter(|choice| choice.index.unwrap_or(0) == 0) {
            self.choice(choice, out);
        }
        Ok(Progress::More)
    }

    fn close(&mut self, out: &mut VecDeque<Event>) -> bool {
        let Some(finish) = self.finish.take() else { return false };
        out.extend(self.usage.take().map(Event::Usage));
        out.push_back(Event::Finish(if self.refused { Finish::Refusal } else { finish }));
        true
    }
}

impl Decoder {
    fn choice(&mut self, choice: Choice, out: &mut VecDeque<Event>) {
        if let Some(delta) = choice.delta {
            let refusal = delta.refusal.filter(|refusal| !refusal.is_empty());
            self.refused |= refusal.is_some();
            let content = delta.content.map(Content::into_text).filter(|text| !text.is_empty());
            out.extend(content.map(Event::Text));
            out.extend(refusal.map(Event::Refusal));
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finish = Some(finish(reason));
        }
    }
}

/// What a chunk that looks like an error says: truthy `error`, vLLM's `"object": "error"`, or an event of that name.
fn problem(event: &SseEvent, data: &str) -> Option<Problem> {
    let value: Value = serde_json::from_str(data).ok()?;
    let named = || (event.event == "error").then(|| Problem::of_refusal(data.as_bytes()));
    Problem::of_value(&value).or_else(named)
}
