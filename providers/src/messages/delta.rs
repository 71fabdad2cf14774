//! The next piece of a block. Most of what a stream brings: read without anything in between.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The next piece of a block.
#[derive(Debug, PartialEq)]
pub(super) enum Delta {
    Text(String),
    Json(String),
    Thinking(String),
    Signature(String),
    Citation(Value),
    /// Of a kind that is not known yet, or with nothing in it.
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Type,
    Text,
    PartialJson,
    Thinking,
    Signature,
    Citation,
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Kind {
    TextDelta,
    InputJsonDelta,
    ThinkingDelta,
    SignatureDelta,
    CitationsDelta,
    #[serde(other)]
    Unknown,
}

impl Kind {
    /// The field that a delta of this kind is about.
    fn field(self) -> Field {
        match self {
            Self::TextDelta => Field::Text,
            Self::InputJsonDelta => Field::PartialJson,
            Self::ThinkingDelta => Field::Thinking,
            Self::SignatureDelta => Field::Signature,
            Self::CitationsDelta => Field::Citation,
            Self::Unknown => Field::Unknown,
        }
    }
}

impl Delta {
    fn of(field: Field, value: Value) -> Self {
        match (field, value) {
            (_, Value::Null) => Self::Nothing,
            (Field::Citation, value) => Self::Citation(value),
            (Field::Text, Value::String(text)) => Self::Text(text),
            (Field::PartialJson, Value::String(text)) => Self::Json(text),
            (Field::Thinking, Value::String(text)) => Self::Thinking(text),
            (Field::Signature, Value::String(text)) => Self::Signature(text),
            _ => Self::Nothing,
        }
    }
}

impl<'de> Deserialize<'de> for Delta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Delta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a delta")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Delta, A::Error> {
        let (mut wanted, mut found) = (None, (Field::Unknown, Delta::Nothing));
        while let Some(field) = map.next_key::<Field>()? {
            if field == Field::Type {
                wanted = Some(map.next_value::<Kind>()?.field());
                continue;
            }
            // What a kind is not about is not looked at.
            if field == Field::Unknown || wanted.is_some_and(|wanted| wanted != field) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            found = (field, Delta::of(field, map.next_value()?));
        }
        match wanted.is_none_or(|wanted| wanted == found.0) {
            true => Ok(found.1),
            false => Ok(Delta::Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_tells_which_field_counts() {
        let check = |json: &str, expected: Delta| {
            assert_eq!(serde_json::from_str::<Delta>(json).unwrap(), expected, "{json}");
        };
        check(r#"{"type":"text_delta","text":"a\n"}   "#, Delta::Text("a\n".into()));
        check(r#"{"text":"a","type":"text_delta"}"#, Delta::Text("a".into()));
        check(r#"{"text":"a"}"#, Delta::Text("a".into()));
        check(r#"{"type":"text_delta","text":null}"#, Delta::Nothing);
        check(r#"{"type":"input_json_delta","text":1,"partial_json":"{"}"#, Delta::Json("{".into()));
        check(r#"{"type":"thinking_delta","thinking":"hm","p":[{}]}"#, Delta::Thinking("hm".into()));
        check(r#"{"type":"signature_delta","signature":"s"}"#, Delta::Signature("s".into()));
        check(r#"{"type":"citations_delta","citation":[1]}"#, Delta::Citation(serde_json::json!([1])));
        check(r#"{"type":"from_the_future","text":{"a":1}}"#, Delta::Nothing);
        check(r#"{"text":"a","type":"from_the_future"}"#, Delta::Nothing);
        check(r#"{"text":{"a":1},"type":"from_the_future"}"#, Delta::Nothing);
        check(r#"{"thinking":[1],"type":"thinking_delta"}"#, Delta::Nothing);
        check("{}", Delta::Nothing);
    }
}
