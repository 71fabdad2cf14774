//! Whole answers. Reads leniently: what an answer can do without may be missing or odd.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::open::{Came, citation, moved_to, other};
use super::usage::{Counts, finish};
use crate::lenient::{lenient, lenient_record};
use crate::problem::{Fault, Problem, Whole, json};
use crate::{Finish, Part, Reasoning, ToolCall, Usage, Vendor};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<String>,
    #[serde(borrow)]
    content: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient")]
    stop_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient_record")]
    usage: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

pub(super) fn decode(body: &[u8], _: &Vendor) -> Result<Whole, Fault> {
    let answer = json::<Answer<'_>>("the answer", body).map_err(|fault| {
        let problem = serde_json::from_slice::<Value>(body).ok().as_ref().and_then(Problem::of_value);
        problem.map_or(fault, |problem| Fault::Told(Box::new(problem)))
    })?;
    let (mut counts, mut extra) = (Counts::default(), extras(answer.rest));
    let usage = answer.usage.map(|said| {
        extra.extend(counts.take(said));
        Usage::from(counts)
    });
    let mut contents = Contents { model: answer.model, ..Contents::default() };
    answer.content.into_iter().filter_map(Came::read).for_each(|block| contents.add(block));
    if !contents.citations.is_empty() {
        extra.insert(String::from("citations"), Value::Array(contents.citations));
    }
    Ok(Whole {
        id: answer.id,
        model: contents.model,
        parts: contents.parts,
        extra,
        finish: answer.stop_reason.as_deref().map_or(Finish::Unknown, finish),
        usage,
    })
}

/// What else there is to an answer than what every answer has.
pub(super) fn extras(mut rest: Map<String, Value>) -> Map<String, Value> {
    rest.retain(|name, value| !value.is_null() && !matches!(&**name, "type" | "role" | "content"));
    rest
}

/// The parts that blocks come to: adjacent texts are one.
#[derive(Default)]
struct Contents {
    parts: Vec<Part>,
    model: Option<String>,
    /// How many bytes of text there are.
    said: usize,
    citations: Vec<Value>,
}

impl Contents {
    fn add(&mut self, block: Came) {
        let part = match block {
            Came::Text { text, citations } => {
                let start = self.said;
                self.said += text.len();
                self.citations.extend(citations.into_iter().map(|cited| citation(start, self.said, cited)));
                return self.say(text);
            }
            Came::Thinking { text, signature } => {
                Part::Reasoning(Reasoning { text, signature, ..Reasoning::default() })
            }
            Came::Redacted(data) => Part::Reasoning(Reasoning { opaque: Some(data), ..Reasoning::default() }),
            Came::Tool { id, name, arguments } => Part::ToolCall(ToolCall::new(id, name, arguments)),
            Came::Other(value) => {
                self.model = moved_to(&value).map(str::to_owned).or_else(|| self.model.take());
                Part::Other(other(value))
            }
        };
        self.parts.push(part);
    }

    fn say(&mut self, text: String) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(before)) => before.push_str(&text),
            _ => self.parts.push(Part::Text(text)),
        }
    }
}
