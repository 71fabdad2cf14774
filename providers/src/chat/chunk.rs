//! A chunk of a streamed answer, or a whole one: they differ in the word `delta` or `message` alone.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::loose::{Each, Fill, List, Num, Object, Str, or_nothing, skip, text};

use super::noted::Noted;

/// What a chunk says.
pub(super) struct Chunk<'a, 'x> {
    pub(super) id: Str<'a>,
    pub(super) model: Str<'a>,
    /// It looks like an error: that is to be looked into.
    pub(super) is_suspect: bool,
    pub(super) choice: Option<Choice<'a>>,
    pub(super) usage: Option<&'a RawValue>,
    noted: &'x mut Noted,
}

/// What is said about the first of the answers.
#[derive(Default)]
pub(super) struct Choice<'a> {
    index: Num,
    /// There is a delta, or a message.
    pub(super) is_said: bool,
    pub(super) content: Content<'a>,
    pub(super) refusal: Str<'a>,
    pub(super) reasoning: Str<'a>,
    pub(super) calls: Vec<CallPiece<'a>>,
    pub(super) finish: Str<'a>,
    is_suspect: bool,
    usage: Option<&'a RawValue>,
    /// Fields that are nobody's, of the choice.
    pub(super) told: Vec<(String, &'a RawValue)>,
    /// Fields that are nobody's, of the delta: they come in pieces.
    pub(super) grown: Vec<(String, &'a RawValue)>,
}

/// A piece of a call of a tool.
#[derive(Default)]
pub(super) struct CallPiece<'a> {
    pub(super) index: Num,
    pub(super) id: Str<'a>,
    pub(super) name: Str<'a>,
    pub(super) arguments: Option<Cow<'a, str>>,
    /// The call of a tool that takes a text.
    pub(super) custom: Option<&'a RawValue>,
}

/// A text, or parts.
#[derive(Default)]
pub(super) enum Content<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Parts(Vec<Value>),
}

impl<'a, 'x> Chunk<'a, 'x> {
    pub(super) fn new(noted: &'x mut Noted) -> Self {
        Self { id: Str::default(), model: Str::default(), is_suspect: false, choice: None, usage: None, noted }
    }
}

impl<'de> Object<'de> for Chunk<'de, '_> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "choices" => {
                let mut choices = Choices { seen: 0, first: None };
                map.next_value_seed(Each(&mut choices))?;
                if let Some(choice) = choices.first {
                    self.is_suspect |= choice.is_suspect;
                    self.usage = choice.usage.or(self.usage);
                    self.choice = Some(choice);
                }
            }
            "id" => self.id = map.next_value()?,
            "model" => self.model = map.next_value()?,
            "object" => self.is_suspect |= map.next_value::<Str<'de>>()?.as_str() == "error",
            "usage" => self.usage = something(map)?.or(self.usage),
            "x_groq" => {
                let mut within = Within(None);
                map.next_value_seed(Fill(&mut within))?;
                self.usage = self.usage.or(within.0);
            }
            "error" => self.is_suspect |= something(map)?.is_some(),
            // Padding against who watches the wire, and what says nothing about the answer.
            "obfuscation" | "created" => skip(map)?,
            _ => self.noted.told(name, map.next_value()?),
        }
        Ok(())
    }
}

/// Groq's own place for the usage.
struct Within<'a>(Option<&'a RawValue>);

impl<'de> Object<'de> for Within<'de> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "usage" => self.0 = something(map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The list of answers, of which the first is of interest.
struct Choices<'a> {
    seen: u64,
    first: Option<Choice<'a>>,
}

impl<'de> List<'de> for Choices<'de> {
    type Item = Choice<'de>;

    fn blank(&self) -> Choice<'de> {
        Choice::default()
    }

    fn item(&mut self, choice: Choice<'de>) {
        let index = choice.index.0.unwrap_or(self.seen);
        self.seen += 1;
        if index == 0 && self.first.is_none() {
            self.first = Some(choice);
        }
    }
}

impl<'de> Object<'de> for Choice<'de> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "index" => self.index = map.next_value()?,
            "delta" | "message" => map.next_value_seed(Fill(&mut Delta(self)))?,
            "finish_reason" => self.finish = map.next_value()?,
            "error" => self.is_suspect |= something(map)?.is_some(),
            "usage" => self.usage = something(map)?,
            "logprobs" => keep(&mut self.grown, name, something(map)?),
            _ => keep(&mut self.told, name, something(map)?),
        }
        Ok(())
    }
}

struct Delta<'x, 'a>(&'x mut Choice<'a>);

impl<'de> Object<'de> for Delta<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let choice = &mut *self.0;
        choice.is_said = true;
        match name {
            "content" => choice.content = map.next_value()?,
            "refusal" => choice.refusal = map.next_value()?,
            // Both are seen, and sometimes both at once: they say the same.
            "reasoning_content" | "reasoning" => {
                let reasoning: Str<'de> = map.next_value()?;
                if choice.reasoning.as_str().is_empty() {
                    choice.reasoning = reasoning;
                }
            }
            "tool_calls" => map.next_value_seed(Each(&mut Calls(&mut choice.calls)))?,
            "function_call" => {
                let mut call = CallPiece { index: Num(Some(0)), ..CallPiece::default() };
                map.next_value_seed(Fill(&mut call))?;
                if !call.name.as_str().is_empty() || call.arguments.is_some() {
                    choice.calls.push(call);
                }
            }
            "role" | "index" => skip(map)?,
            _ => keep(&mut choice.grown, name, something(map)?),
        }
        Ok(())
    }
}

struct Calls<'x, 'a>(&'x mut Vec<CallPiece<'a>>);

impl<'de> List<'de> for Calls<'_, 'de> {
    type Item = CallPiece<'de>;

    fn blank(&self) -> CallPiece<'de> {
        CallPiece::default()
    }

    fn item(&mut self, piece: CallPiece<'de>) {
        self.0.push(piece);
    }
}

impl<'de> Object<'de> for CallPiece<'de> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "index" => self.index = map.next_value()?,
            "id" => self.id = map.next_value()?,
            "name" => self.name = map.next_value()?,
            "arguments" => self.arguments = text(map.next_value()?),
            "function" => map.next_value_seed(Fill(self))?,
            "custom" => self.custom = something(map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The next value, unless it is `null`.
fn something<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<&'de RawValue>, A::Error> {
    Ok(Some(map.next_value::<&RawValue>()?).filter(|raw| raw.get() != "null"))
}

fn keep<'a>(fields: &mut Vec<(String, &'a RawValue)>, name: &str, value: Option<&'a RawValue>) {
    fields.extend(value.map(|value| (name.to_owned(), value)));
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    or_nothing!(Content::None; number object);

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element()? {
            parts.push(part);
        }
        Ok(Content::Parts(parts))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}
