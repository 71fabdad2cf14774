//! A response as the API gives it: whole, or as the end of a stream.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::item::annotations;
use super::items::Items;
use crate::assemble::Assembler;
use crate::problem::{Fault, Problem, Whole, json};
use crate::{Event, Finish, Usage, Vendor};

/// A text that is borrowed where it can be.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A response. Reads leniently: what it can do without may be missing or odd.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) status: Option<String>,
    pub(super) output: Option<Vec<Value>>,
    error: Option<Value>,
    /// Why it is incomplete.
    reason: Option<String>,
    usage: Option<Usage>,
    /// What else there is that the request did not say.
    extra: Map<String, Value>,
}

/// What repeats the request, or is told in another way.
const REPEATED: &[&str] = &[
    "background",
    "frequency_penalty",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "object",
    "output_text",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

/// How far a response is.
pub(super) enum Stage {
    /// Complete, or as complete as it becomes.
    Final(Finish),
    /// The provider is at it.
    Pending,
    /// Somebody called it off.
    Cancelled,
    Failed(Box<Problem>),
}

impl Answer {
    /// How far it is, in the word of the response itself.
    pub(super) fn stage(&mut self, items: &Items) -> Stage {
        if let Some(error) = self.error.take() {
            let wrapped = Value::Object(Map::from_iter([(String::from("error"), error)]));
            if let Some(problem) = Problem::of_value(&wrapped) {
                return Stage::Failed(Box::new(problem));
            }
        }
        match self.status.as_deref() {
            Some("failed") => Stage::Failed(Box::default()),
            Some("cancelled") => Stage::Cancelled,
            Some("queued" | "in_progress") => Stage::Pending,
            Some("incomplete") => Stage::Final(match self.reason.take() {
                Some(reason) if reason == "max_output_tokens" => Finish::Length,
                Some(reason) if reason == "content_filter" => Finish::ContentFilter,
                Some(reason) => Finish::Other(reason),
                None => Finish::Unknown,
            }),
            _ if items.waits => Stage::Final(Finish::ToolUse),
            _ if items.refused => Stage::Final(Finish::Refusal),
            _ => Stage::Final(Finish::Stop),
        }
    }

    /// What it tells beside its items: in the form of events, all but the finish.
    pub(super) fn tell(self, out: &mut VecDeque<Event>) {
        out.extend(self.extra.into_iter().map(|(name, value)| Event::Extra { name, value }));
        out.extend(self.usage.map(Event::Usage));
    }

    /// Gives out its items, as far as they did not come before.
    pub(super) fn settle(&mut self, items: &mut Items, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        let output = self.output.take().unwrap_or_default();
        let notes: Vec<Value> = output.iter().flat_map(annotations).cloned().collect();
        if !notes.is_empty() {
            self.extra.insert(String::from("annotations"), Value::Array(notes));
        }
        items.all(output, out)
    }
}

pub(super) fn decode(body: &[u8], _: &Vendor) -> Result<Whole, Fault> {
    let problem = || serde_json::from_slice::<Value>(body).ok().as_ref().and_then(Problem::of_value);
    let told = |fault: Fault| problem().map_or(fault, |problem| Fault::Told(Box::new(problem)));
    let mut answer = json::<Answer>("the answer", body).map_err(told)?;
    let has_output = answer.output.is_some();
    let (mut items, mut events) = (Items::default(), VecDeque::new());
    answer.settle(&mut items, &mut events)?;
    let finish = match answer.stage(&items) {
        Stage::Final(_) if !has_output => {
            return Err(told(Fault::Malformed(String::from("the answer has no output"))));
        }
        Stage::Final(finish) => finish,
        Stage::Failed(problem) => return Err(Fault::Told(problem)),
        Stage::Cancelled => return Err(Fault::Cancelled),
        Stage::Pending => {
            let unknown = || Fault::Malformed(String::from("the answer is not there yet, and has no id"));
            return Err(answer.id.map_or_else(unknown, Fault::Pending));
        }
    };
    let mut message = Assembler::default();
    events.iter().for_each(|event| message.note(event));
    let Answer { id, model, usage, extra, .. } = answer;
    Ok(Whole { id, model, parts: message.finish().parts, finish, usage, extra })
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Answer, A::Error> {
        let mut answer = Answer::default();
        while let Some(Text(name)) = fields.next_key::<Text<'de>>()? {
            if REPEATED.binary_search(&&*name).is_ok() {
                fields.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = fields.next_value::<Value>()?;
            match (&*name, value) {
                (_, Value::Null) => {}
                ("id", value) => answer.id = word(value),
                ("model", value) => answer.model = word(value),
                ("status", value) => answer.status = word(value),
                ("output", Value::Array(output)) => answer.output = Some(output),
                ("output", _) => {}
                ("error", error) => answer.error = Some(error),
                ("incomplete_details", mut details) => {
                    answer.reason = details.get_mut("reason").map(Value::take).and_then(word);
                }
                ("usage", value) => answer.usage = Some(usage(&value)),
                (name, value) => drop(answer.extra.insert(name.to_owned(), value)),
            }
        }
        Ok(answer)
    }
}

fn word(value: Value) -> Option<String> {
    match value {
        Value::String(word) if !word.is_empty() => Some(word),
        _ => None,
    }
}

/// `input_tokens` includes what the cache had to do with, `output_tokens` what the model thought.
fn usage(wire: &Value) -> Usage {
    let count = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
    let detail = |group: &str, name: &str| count(wire.get(group).and_then(|group| group.get(name)));
    Usage::new(
        count(wire.get("input_tokens")),
        detail("input_tokens_details", "cached_tokens"),
        detail("input_tokens_details", "cache_write_tokens"),
        count(wire.get("output_tokens")),
        detail("output_tokens_details", "reasoning_tokens"),
    )
}

#[cfg(test)]
mod tests {
    use super::REPEATED;

    #[test]
    fn what_is_repeated_is_in_order() {
        assert!(REPEATED.is_sorted());
    }
}
